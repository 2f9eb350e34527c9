//! The proof that the bindings describe the headers being linked: a C file, made from the text of the bindings, that the
//! compiler accepts only if every constant, size, offset, function and callback type in them is that of the headers.
//!
//! It is compiled in every build. Shipped bindings may meet the headers of another release, and bindgen may have seen other
//! headers than the compiler; both must end here, in a sentence, and not in undefined behaviour.

use super::advice;
use super::bindings::{Bindings, Origin, UNIT_FILES};
use super::compiler::{self, Verdict};
use super::env::Env;
use super::find::Lua;
use super::request::Backend;
use std::fmt::Write;
use std::fs;

/// Compiles the check.
pub fn check(bindings: &Bindings, lua: &Lua, env: &Env) -> Result<(), String> {
    let file = env.out_dir().join("contract.c");
    let text = c_text(lua.backend, &bindings.api, &bindings.units);
    fs::write(&file, text).map_err(|error| format!("{} could not be written: {error}", file.display()))?;

    let Verdict::Refused(said) = compiler::look_at(&file, lua)? else {
        return Ok(());
    };
    let name = match bindings.origin {
        Origin::Bindgen => "bindings that bindgen made",
        Origin::Shipped => "bindings that ship with perilune",
    };
    let shipped = bindings.origin == Origin::Shipped;
    Err(advice::contract_broken(name, &lua.origin, &differences(&said), shipped))
}

/// What the assertions said, or the compiler's own first complaint (two declarations that conflict).
pub fn differences(said: &str) -> String {
    let mut all: Vec<&str> = Vec::new();
    for line in said.lines() {
        let told = line.split_once(MARK).map(|(_, rest)| rest.split('"').next().unwrap_or(rest));
        let told = told.or_else(|| line.split_once("error: ").map(|(_, rest)| rest));
        if let Some(told) = told.map(str::trim).filter(|told| !told.is_empty()) {
            if !all.contains(&told) {
                all.push(told);
            }
        }
    }
    match all.as_slice() {
        [] => "the compiler did not say where".to_owned(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

/// By this the messages of the assertions are found in whatever a compiler prints around them.
const MARK: &str = "perilune: ";

/// The C file.
pub fn c_text(backend: Backend, api: &str, units: &str) -> String {
    let mut c = String::from("/* Made by the build script from the Rust bindings. */\n");
    c += "#include <stddef.h>\n#include <stdint.h>\n";
    let _ = writeln!(c, "#define {} 1\n#include \"wrapper.h\"", backend.define());
    for name in UNIT_FILES {
        let _ = writeln!(c, "#include \"ffi_defs/{name}.h\"");
    }
    for bindings in [api, units] {
        let text = bindings.split_whitespace().collect::<Vec<_>>().join(" ");
        constants(&text, &mut c);
        layouts(&text, &mut c);
        types(&text, &mut c);
        functions(&text, &mut c);
    }
    c
}

fn assert(c: &mut String, condition: &str, what: &str) {
    let _ = writeln!(c, "_Static_assert({condition}, \"{MARK}{what}\");");
}

/// `pub const NAME: TYPE = VALUE;`. A macro that this release does not define is not used either; an enumerator is no macro.
fn constants(text: &str, c: &mut String) {
    for (name, rest) in text.split("pub const ").skip(1).filter_map(|item| item.split_once(": ")) {
        let Some((kind, value)) = rest.split_once(" = ") else {
            continue;
        };
        let enumerator = kind == "luaJIT_mode";
        if !enumerator {
            let _ = writeln!(c, "#ifdef {name}");
        }
        if let Some(literal) = value.strip_prefix("c\"").and_then(|value| value.split('"').next()) {
            // bindgen writes escapes the Rust way; the only one in Lua's headers is in the bytecode signature.
            let literal = literal.replace("\\u{1b}", "\\033");
            let length = literal.replace("\\033", "?").len() + 1;
            let what = format!("{name} has another length in the bindings");
            assert(c, &format!("sizeof({name}) == {length}"), &what);
            // Only these can compare strings before the program runs.
            let _ = writeln!(c, "#ifdef __clang__");
            let what = format!("{name} has another text in the bindings");
            assert(c, &format!("__builtin_strcmp({name}, \"{literal}\") == 0"), &what);
            let _ = writeln!(c, "#endif");
        } else {
            let value = value.split(';').next().unwrap_or(value);
            assert(c, &format!("({name}) == ({value})"), &format!("{name} is {value} in the bindings"));
        }
        if !enumerator {
            let _ = writeln!(c, "#endif");
        }
    }
}

/// bindgen's own layout tests: `["Size of X"][size_of::<X>() - 8usize];` and the like.
fn layouts(text: &str, c: &mut String) {
    let number = |rest: &str| -> Option<String> {
        let (_, rest) = rest.split_once(" - ")?;
        rest.split_once("usize").map(|(number, _)| number.to_owned())
    };
    // Types without a name in C are covered by what contains them.
    let nameless = |name: &str| name.contains("__bindgen_ty_");
    for item in text.split("\"Size of ").skip(1) {
        let (name, rest) = item.split_once('"').unwrap_or((item, ""));
        if let Some(size) = number(rest).filter(|_| !nameless(name)) {
            let what = format!("{name} has {size} bytes in the bindings");
            assert(c, &format!("sizeof({name}) == {size}"), &what);
        }
    }
    for item in text.split("\"Alignment of ").skip(1) {
        let (name, rest) = item.split_once('"').unwrap_or((item, ""));
        if let Some(align) = number(rest).filter(|_| !nameless(name)) {
            let what = format!("{name} is aligned to {align} bytes in the bindings");
            assert(c, &format!("_Alignof({name}) == {align}"), &what);
        }
    }
    for item in text.split("\"Offset of field: ").skip(1) {
        let (path, rest) = item.split_once('"').unwrap_or((item, ""));
        let Some((name, field)) = path.split_once("::") else {
            continue;
        };
        if let Some(offset) = number(rest).filter(|_| !nameless(name)) {
            let field = c_name(field);
            let what = format!("{name}.{field} is at byte {offset} in the bindings");
            assert(c, &format!("offsetof({name}, {field}) == {offset}"), &what);
        }
    }
}

/// Number types by size and kind, callback types by declaring them again: C refuses another type under the same name.
fn types(text: &str, c: &mut String) {
    for item in text.split("pub type ").skip(1) {
        let Some((name, rest)) = item.split_once(" = ") else {
            continue;
        };
        if let Some(callback) = rest.strip_prefix("::std::option::Option< unsafe extern \"C-unwind\" fn(") {
            let Some((signature, _)) = callback.split_once(">;") else {
                continue;
            };
            if let Some(declared) = declaration(&format!("(*{name})"), signature.trim_end_matches([' ', ','])) {
                let _ = writeln!(c, "typedef {declared};");
            }
        } else if let Some(number) = rest.split_once(';').and_then(|(kind, _)| c_number(kind)) {
            // The type of an unnamed enum has no name in C either.
            if name != "luaJIT_mode" {
                let what = format!("{name} is another number type in the bindings");
                assert(c, &format!("sizeof({name}) == sizeof({number})"), &what);
                assert(c, &format!("(({name})-1 < 0) == (({number})-1 < 0)"), &what);
                assert(c, &format!("(({name})0.5 != 0) == (({number})0.5 != 0)"), &what);
            }
        }
    }
}

/// Every function, declared again.
fn functions(text: &str, c: &mut String) {
    for item in text.split("pub fn ").skip(1) {
        let Some((name, rest)) = item.split_once('(') else {
            continue;
        };
        let Some((signature, _)) = rest.split_once(';') else {
            continue;
        };
        // In brackets: some are macros as well.
        if let Some(declared) = declaration(&format!("({name})"), signature) {
            let _ = writeln!(c, "extern {declared};");
        }
    }
}

/// `name: type, …) -> type` as a C declaration of `declared`. `None` if a type has no plain C form.
fn declaration(declared: &str, signature: &str) -> Option<String> {
    let (parameters, result) = signature.rsplit_once(')')?;
    let result = match result.trim().strip_prefix("-> ") {
        Some(result) => c_type(result)?,
        None => "void".to_owned(),
    };
    let mut list = Vec::new();
    for parameter in parameters.split(',').map(str::trim).filter(|parameter| !parameter.is_empty()) {
        list.push(match parameter.split_once(": ") {
            Some((_, kind)) => c_type(kind)?,
            None if parameter == "..." => "...".to_owned(),
            None => return None,
        });
    }
    let list = if list.is_empty() { "void".to_owned() } else { list.join(", ") };
    Some(format!("{result} {declared}({list})"))
}

fn c_type(rust: &str) -> Option<String> {
    let rust = rust.trim();
    if let Some(target) = rust.strip_prefix("*mut ") {
        return Some(format!("{} *", c_type(target)?));
    }
    if let Some(target) = rust.strip_prefix("*const ") {
        return Some(format!("{} const *", c_type(target)?));
    }
    if let Some(number) = c_number(rust) {
        return Some(number.to_owned());
    }
    match rust {
        "::std::os::raw::c_void" => Some("void".to_owned()),
        name if name.starts_with("lua") && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => Some(name.to_owned()),
        _ => None,
    }
}

fn c_number(rust: &str) -> Option<&'static str> {
    Some(match rust.strip_prefix("::std::os::raw::").unwrap_or(rust) {
        "c_char" => "char",
        "c_int" => "int",
        "c_uint" => "unsigned int",
        "c_long" => "long",
        "c_ulong" => "unsigned long",
        "c_longlong" => "long long",
        "c_ulonglong" => "unsigned long long",
        "c_uchar" => "unsigned char",
        "c_ushort" => "unsigned short",
        "usize" => "size_t",
        "isize" => "ptrdiff_t",
        "f64" => "double",
        _ => return None,
    })
}

/// bindgen puts an underscore behind a field whose name is a word of Rust.
fn c_name(field: &str) -> &str {
    match field.strip_suffix('_') {
        Some(word @ ("type" | "fn" | "ref" | "in" | "match" | "move" | "use" | "mod" | "impl" | "self")) => word,
        _ => field,
    }
}
