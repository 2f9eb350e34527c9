//! What the headers say about themselves, by the C preprocessor: the version, and the few macros that differ between
//! releases and installations of the same Lua and are therefore kept out of the bindings.

use super::advice;
use super::compiler;
use super::env::Env;
use super::find::Lua;
use super::request::Backend;
use std::collections::HashMap;
use std::fs;

/// The values read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The version as text, such as `LuaJIT 2.1.0-beta3` or `Lua 5.4.9`.
    pub release: String,
    /// `LUAL_BUFFERSIZE` where the preprocessor can know it (LuaJIT's depends on the C library).
    pub buffer_size: Option<u32>,
    /// The macros as Rust constants.
    pub constants: String,
}

/// Macros by name, with their texts.
type Macros = HashMap<String, String>;

const STRINGS: [&str; 5] = ["LUA_VERSION", "LUA_RELEASE", "LUA_COPYRIGHT", "LUA_AUTHORS", "LUAJIT_VERSION"];
const NUMBERS: [&str; 2] = ["LUA_VERSION_NUM", "LUAJIT_VERSION_NUM"];

/// Reads them, and refuses another Lua than the one that was asked for.
pub fn read(lua: &Lua, env: &Env) -> Result<Facts, String> {
    if !lua.vendored {
        // An update of the package must be seen by the next build.
        for dir in &lua.include {
            for header in ["lua.h", "luaconf.h", "lauxlib.h", "lualib.h", "luajit.h"] {
                if dir.join(header).is_file() {
                    println!("cargo::rerun-if-changed={}", dir.join(header).display());
                }
            }
        }
    }
    let has_luajit = lua.include.iter().any(|dir| dir.join("luajit.h").is_file());
    let file = env.out_dir().join("headers.c");
    fs::write(&file, probe(has_luajit)).map_err(|error| format!("{} could not be written: {error}", file.display()))?;
    let text = compiler::preprocess(&file, lua)?.map_err(|said| {
        let line = said.lines().find(|line| line.contains("error")).or(said.lines().next());
        let came = format!("cannot be read: {}", line.unwrap_or("the compiler did not say why").trim());
        advice::wrong_headers(&lua.origin, &came, lua.backend)
    })?;
    let macros = marked_lines(&text);
    judge(lua, &macros)?;
    Ok(facts(&macros))
}

/// The C file whose preprocessed text tells the macros.
fn probe(has_luajit: bool) -> String {
    let mut probe = String::from("#include <lua.h>\n#include <lauxlib.h>\n");
    // Asked of the file system: `__has_include` is younger than some compilers still in use.
    if has_luajit {
        probe += "#include <luajit.h>\n";
    }
    for name in STRINGS.iter().chain(&NUMBERS).chain(&["LUAL_BUFFERSIZE"]) {
        // The bare name would be replaced on both sides: the underscores keep one whole.
        probe += &format!("#ifdef {name}\n@perilune _{name}_ = {name}\n#endif\n");
    }
    probe
}

/// Is it the Lua that was asked for?
pub fn judge(lua: &Lua, macros: &Macros) -> Result<(), String> {
    let number = |name: &str| macros.get(name).and_then(|text| number(text));
    let text = |name: &str| macros.get(name).map(|text| string(text)).unwrap_or_default();
    let came = match (lua.backend, number("LUAJIT_VERSION_NUM"), number("LUA_VERSION_NUM")) {
        (Backend::LuaJit, Some(20100..), _) | (Backend::Lua54, None, Some(504)) => return Ok(()),
        (_, Some(_), _) => format!("are those of {}", text("LUAJIT_VERSION")),
        (Backend::LuaJit, None, Some(_)) => {
            format!("are those of {} and have no luajit.h", text("LUA_RELEASE"))
        }
        (Backend::Lua54, None, Some(_)) => format!("are those of {}", text("LUA_RELEASE")),
        (_, None, None) => "have no LUA_VERSION_NUM".to_owned(),
    };
    Err(advice::wrong_headers(&lua.origin, &came, lua.backend))
}

/// Every `@perilune _NAME_ = text` of the preprocessed probe. A macro of several tokens may come back on several lines:
/// each text runs to the next marker.
pub fn marked_lines(text: &str) -> Macros {
    let mut macros = Macros::new();
    for part in text.split("@perilune").skip(1) {
        if let Some((name, text)) = part.split_once('=') {
            let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
            let text = lines.collect::<Vec<_>>().join(" ");
            macros.insert(name.trim().trim_matches('_').to_owned(), text.trim().to_owned());
        }
    }
    macros
}

/// What the rest of the build and the crate need of them.
pub fn facts(macros: &Macros) -> Facts {
    let mut constants = String::new();
    let mut constant = |name: &str, kind: &str, value: String| {
        constants += "/// The macro of this name in the headers of the linked library.\n";
        constants += &format!("pub const {name}: {kind} = {value};\n");
    };
    for name in NUMBERS {
        if let Some(value) = macros.get(name).and_then(|text| number(text)) {
            constant(name, "::std::ffi::c_int", value.to_string());
        }
    }
    for name in STRINGS {
        if let Some(text) = macros.get(name) {
            constant(name, "&::std::ffi::CStr", format!("c{:?}", string(text)));
        }
    }
    let release = macros.get("LUAJIT_VERSION").or(macros.get("LUA_RELEASE"));
    Facts {
        release: release.map(|text| string(text)).unwrap_or_default(),
        buffer_size: macros.get("LUAL_BUFFERSIZE").and_then(|text| buffer_size(text)),
        constants,
    }
}

fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// LuaJIT has `(BUFSIZ > 16384 ? 8192 : BUFSIZ)`. Lua 5.4's is made of `sizeof`, and the same with every C library. The
/// check of the bindings would not let a wrong answer pass.
pub fn buffer_size(text: &str) -> Option<u32> {
    let (condition, choice) = text.trim_matches(['(', ')', ' ']).split_once('?')?;
    let (left, right) = condition.split_once('>')?;
    let (yes, no) = choice.split_once(':')?;
    if number(left)? > number(right)? { number(yes) } else { number(no) }
}

/// Adjacent C string literals as one text.
pub fn string(text: &str) -> String {
    text.split('"').skip(1).step_by(2).collect()
}
