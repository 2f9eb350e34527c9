//! The C compiler, and everything that it is asked: to preprocess, to look at a file, to link a small program, and where its
//! headers are. It is the one that compiles all C of this build (`CC`, `CFLAGS` and their like are honoured).

use super::advice;
use super::find::Lua;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What the compiler made of a file.
pub enum Verdict {
    Accepted,
    /// With everything it said.
    Refused(String),
}

/// The preprocessed text, or what the compiler said.
pub fn preprocess(file: &Path, lua: &Lua) -> Result<Result<String, String>, String> {
    let compiler = for_headers(lua)?;
    let how = if compiler.is_like_msvc() { "/EP" } else { "-E" };
    let output = run(compiler.to_command().arg(how).arg(file))?;
    Ok(match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(complaints(&output)),
    })
}

/// Checks a file without making anything of it.
pub fn look_at(file: &Path, lua: &Lua) -> Result<Verdict, String> {
    let compiler = for_headers(lua)?;
    let how: &[&str] = match compiler.is_like_msvc() {
        true => &["/Zs", "/W0"],
        false => &["-fsyntax-only", "-w"],
    };
    verdict(run(compiler.to_command().args(how).arg(file))?)
}

/// Links a program with the library.
pub fn link(file: &Path, program: &Path, lua: &Lua) -> Result<Verdict, String> {
    let compiler = for_headers(lua)?;
    if compiler.is_like_msvc() {
        // Its linker takes other words, and names the missing symbol well enough when the crate is linked.
        return Ok(Verdict::Accepted);
    }
    let mut command = compiler.to_command();
    command.arg(file).arg("-o").arg(program);
    for dir in &lua.link.dirs {
        command.arg("-L").arg(dir);
    }
    for library in &lua.link.libraries {
        command.arg(format!("-l{}", library.name));
    }
    verdict(run(command.arg("-lm"))?)
}

/// The directories in which the compiler finds `<…>` headers, in its order. Empty if it does not tell.
#[cfg(feature = "bindgen")]
pub fn header_directories() -> Vec<String> {
    let Ok(compiler) = plain().try_get_compiler() else {
        return Vec::new();
    };
    if compiler.is_like_msvc() {
        return Vec::new();
    }
    let output = run(compiler.to_command().args(["-E", "-Wp,-v", "-xc", "-"]));
    let said = output.map(|output| complaints(&output)).unwrap_or_default();
    said.lines()
        .skip_while(|line| !line.starts_with("#include <"))
        .take_while(|line| !line.starts_with("End of search list"))
        .filter_map(|line| line.strip_prefix(' '))
        .filter(|dir| !dir.ends_with("(framework directory)"))
        .map(|dir| dir.trim().to_owned())
        .collect()
}

fn plain() -> cc::Build {
    let mut build = cc::Build::new();
    build.cargo_metadata(false).std("c11");
    build
}

fn for_headers(lua: &Lua) -> Result<cc::Tool, String> {
    let mut build = plain();
    build.includes(&lua.include).include(".");
    build.try_get_compiler().map_err(|error| advice::no_compiler(&error.to_string()))
}

fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.stdin(Stdio::null()).output();
    output.map_err(|error| {
        let program = command.get_program().to_string_lossy();
        advice::no_compiler(&format!("{program}: {error}"))
    })
}

fn verdict(output: Output) -> Result<Verdict, String> {
    Ok(match output.status.success() {
        true => Verdict::Accepted,
        false => Verdict::Refused(complaints(&output)),
    })
}

/// Compilers complain on stderr, Microsoft's on stdout.
fn complaints(output: &Output) -> String {
    let both = [&output.stderr, &output.stdout];
    both.map(|bytes| String::from_utf8_lossy(bytes)).concat()
}
