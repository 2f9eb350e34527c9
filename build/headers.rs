//! What the headers say about themselves, by the C preprocessor: the version, and the few macros that differ between builds of
//! the same Lua and are therefore kept out of the bindings.

use super::advice;
use super::env::Env;
use super::find::Lua;
use super::request::Backend;
use std::collections::HashMap;
use std::fs;

/// The values read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `LUA_VERSION_NUM`: 501 for LuaJIT, 504 for Lua 5.4.
    pub version_num: u32,
    /// The version as text, such as `LuaJIT 2.1.1785763140` or `Lua 5.4.9`.
    pub release: String,
    /// `LUAL_BUFFERSIZE` where the preprocessor can know it (LuaJIT's depends on the C library).
    pub buffer_size: Option<u32>,
    /// The macros as Rust constants.
    pub constants: String,
}

const STRINGS: [&str; 5] = [
    "LUA_VERSION",
    "LUA_RELEASE",
    "LUA_COPYRIGHT",
    "LUA_AUTHORS",
    "LUAJIT_VERSION",
];
const NUMBERS: [&str; 2] = ["LUA_VERSION_NUM", "LUAJIT_VERSION_NUM"];

/// Reads them, and refuses another Lua than the one that was asked for.
pub fn read(lua: &Lua, env: &Env) -> Result<Facts, String> {
    let values = preprocess(lua, env)?;
    judge(lua, &values)?;
    Ok(facts(&values))
}

/// Is it the Lua that was asked for?
fn judge(lua: &Lua, values: &HashMap<String, String>) -> Result<(), String> {
    let version = values
        .get("LUA_VERSION_NUM")
        .and_then(|text| number(text))
        .unwrap_or(0);
    let named = values
        .get("LUA_RELEASE")
        .map(|text| string(text))
        .unwrap_or_else(|| "an unknown Lua".to_owned());
    let luajit = values
        .get("LUAJIT_VERSION_NUM")
        .and_then(|text| number(text));
    match (lua.backend, luajit) {
        (Backend::LuaJit, Some(20100..)) | (Backend::Lua54, None)
            if version == 504 || lua.backend == Backend::LuaJit =>
        {
            Ok(())
        }
        (Backend::LuaJit, Some(_)) => {
            let came = format!(
                "are those of {}",
                values
                    .get("LUAJIT_VERSION")
                    .map(|text| string(text))
                    .unwrap_or_default()
            );
            Err(advice::wrong_headers(
                &lua.origin,
                "LuaJIT 2.1",
                &came,
                lua.backend,
            ))
        }
        (Backend::LuaJit, None) => Err(advice::wrong_headers(
            &lua.origin,
            "LuaJIT 2.1",
            &format!("are those of {named}, without luajit.h"),
            lua.backend,
        )),
        (Backend::Lua54, _) => Err(advice::wrong_headers(
            &lua.origin,
            "Lua 5.4",
            &format!("are those of {named}"),
            lua.backend,
        )),
    }
}

/// Every line `@perilune NAME = …` of the preprocessed probe.
fn preprocess(lua: &Lua, env: &Env) -> Result<HashMap<String, String>, String> {
    let mut probe = String::from("#include <lua.h>\n#include <lauxlib.h>\n");
    // Asked of the file system: `__has_include` is younger than some compilers still in use.
    if lua.include.iter().any(|dir| dir.join("luajit.h").is_file()) {
        probe += "#include <luajit.h>\n";
    }
    for name in STRINGS.iter().chain(&NUMBERS).chain(&["LUAL_BUFFERSIZE"]) {
        // The name itself would be replaced too: the underscores keep it whole.
        probe += &format!("#ifdef {name}\n@perilune _{name}_ = {name}\n#endif\n");
    }
    let file = env.out_dir().join("headers.c");
    fs::write(&file, probe)
        .map_err(|error| format!("{} could not be written: {error}", file.display()))?;
    let text = cc::Build::new()
        .cargo_metadata(false)
        .cargo_warnings(false)
        .includes(&lua.include)
        .file(&file)
        .try_expand()
        .map_err(|error| unreadable(lua, &error.to_string()))?;
    Ok(marked_lines(&String::from_utf8_lossy(&text)))
}

fn unreadable(lua: &Lua, error: &str) -> String {
    let has_header = lua.include.iter().any(|dir| dir.join("lua.h").is_file());
    if has_header || lua.vendored {
        advice::no_compiler(error)
    } else {
        advice::wrong_headers(
            &lua.origin,
            lua.backend.name(),
            "cannot be read: there is no lua.h",
            lua.backend,
        )
    }
}

pub(crate) fn marked_lines(text: &str) -> HashMap<String, String> {
    // A macro of several tokens may come back on several lines: each value runs to the next marker.
    let mut values = HashMap::new();
    for part in text.split("@perilune").skip(1) {
        if let Some((name, value)) = part.split_once('=') {
            let value: Vec<&str> = value
                .lines()
                .map(str::trim)
                .filter(|line| !line.starts_with('#'))
                .collect();
            values.insert(
                name.trim().trim_matches('_').to_owned(),
                value.join(" ").trim().to_owned(),
            );
        }
    }
    values
}

fn facts(values: &HashMap<String, String>) -> Facts {
    let mut constants = String::new();
    for name in NUMBERS {
        if let Some(value) = values.get(name).and_then(|text| number(text)) {
            constants += &format!(
                "/// The macro of this name in the linked headers.\npub const {name}: ::std::ffi::c_int = {value};\n"
            );
        }
    }
    for name in STRINGS {
        if let Some(text) = values.get(name) {
            let text = string(text);
            constants += &format!(
                "/// The macro of this name in the linked headers.\npub const {name}: &::std::ffi::CStr = c{text:?};\n"
            );
        }
    }
    let release = values.get("LUAJIT_VERSION").or(values.get("LUA_RELEASE"));
    Facts {
        version_num: values
            .get("LUA_VERSION_NUM")
            .and_then(|text| number(text))
            .unwrap_or(0),
        release: release.map(|text| string(text)).unwrap_or_default(),
        buffer_size: values
            .get("LUAL_BUFFERSIZE")
            .and_then(|text| buffer_size(text)),
        constants,
    }
}

fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

/// LuaJIT has `(BUFSIZ > 16384 ? 8192 : BUFSIZ)`. Lua 5.4's is made of `sizeof` and the same on all C libraries. A wrong answer
/// would be caught by the check of the bindings.
pub(crate) fn buffer_size(text: &str) -> Option<u32> {
    let (condition, choice) = text.trim_matches(['(', ')', ' ']).split_once('?')?;
    let (left, right) = condition.split_once('>')?;
    let (yes, no) = choice.split_once(':')?;
    if number(left)? > number(right)? {
        number(yes)
    } else {
        number(no)
    }
}

/// Adjacent C string literals as one text.
pub(crate) fn string(text: &str) -> String {
    text.split('"').skip(1).step_by(2).collect()
}
