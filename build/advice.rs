//! Every sentence with which a build can end: what was expected, what came, what to install, what else can be done.

use super::find::Miss;
use super::request::Backend;
use std::path::Path;

/// The packages to install, by system.
fn packages(backend: Backend) -> &'static str {
    match backend {
        Backend::LuaJit => {
            "Debian, Ubuntu: libluajit-5.1-dev; Fedora: luajit-devel; Arch: luajit; Alpine: luajit-dev; Homebrew: luajit"
        }
        Backend::Lua54 => {
            "Debian, Ubuntu: liblua5.4-dev; Fedora: lua-devel; Arch: lua54; Alpine: lua5.4-dev; Homebrew: lua@5.4"
        }
    }
}

/// The last line of most messages: the ways that need no package.
fn overrides() -> &'static str {
    "Or name its place with PERILUNE_LIB_DIR and PERILUNE_INCLUDE_DIR, or build the Lua that comes with perilune: \
     PERILUNE_LINK=vendored (or the feature `vendored`)."
}

pub fn unknown_value(name: &str, value: &str, known: &[&str]) -> String {
    format!(
        "{name} is `{value}`, but it can only be {}. Correct it, or unset it to let perilune choose.",
        either(known)
    )
}

pub fn half_a_pair(given: &str, missing: &str) -> String {
    format!(
        "{given} is set but {missing} is not: a library without its headers (or the other way round) cannot be trusted. Set both, or unset both."
    )
}

pub fn dirs_against_vendored() -> String {
    "PERILUNE_LINK=vendored and PERILUNE_LIB_DIR contradict each other: a Lua in a directory of yours is not the vendored one. Unset one of them."
        .to_owned()
}

pub fn bindgen_feature_is_off() -> String {
    "PERILUNE_BINDINGS=bindgen, but perilune is being built without its feature `bindgen`. Switch the feature on, or unset the variable to use the shipped bindings."
        .to_owned()
}

pub fn nothing_installed(wanted: &[Backend], misses: &[(&str, Miss)]) -> String {
    let names = either(
        &wanted
            .iter()
            .map(|backend| backend.name())
            .collect::<Vec<_>>(),
    );
    let mut text = format!(
        "{names} is needed from the system (PERILUNE_LINK=system), but it was not found.\n"
    );
    if let Some(Miss::CannotAsk(why)) = misses
        .iter()
        .map(|(_, miss)| miss)
        .find(|miss| matches!(miss, Miss::CannotAsk(_)))
    {
        text += &format!("pkg-config could not be asked: {why}.\n");
    }
    for (name, miss) in misses {
        if let Miss::WrongVersion(version) = miss {
            text += &format!("pkg-config's `{name}` is version {version}.\n");
        }
    }
    for backend in wanted {
        text += &format!(
            "Install {} ({}) and pkg-config.\n",
            backend.name(),
            packages(*backend)
        );
    }
    text + overrides()
}

pub fn no_library(dir: &Path, backend: Backend, tried: &[String]) -> String {
    format!(
        "PERILUNE_LIB_DIR is {}, but there is no {} library in it (looked for {}).\nThe package to install: {}.\n{}",
        dir.display(),
        backend.name(),
        tried.join(", "),
        packages(backend),
        overrides()
    )
}

pub fn wrong_headers(place: &str, wanted: &str, came: &str, backend: Backend) -> String {
    format!(
        "{wanted} is needed, but the headers of {place} {came}.\nThe package to install: {}.\n{}",
        packages(backend),
        overrides()
    )
}

pub fn does_not_link(place: &str, backend: Backend, linker: &str) -> String {
    format!(
        "{} was taken from {place}, but a small C program could not be linked with it: {linker}\nThe package to install: {}.\n{}",
        backend.name(),
        packages(backend),
        overrides()
    )
}

pub fn vendored_failed(backend: Backend, why: &str) -> String {
    format!(
        "The {} that comes with perilune could not be built: {why}\nIt takes a C compiler and make (Debian, Ubuntu: build-essential; Fedora: gcc make; Arch: base-devel; Alpine: build-base; macOS: xcode-select --install). \
         To link an installed one instead, set PERILUNE_LINK=system ({}).",
        backend.name(),
        packages(backend),
    )
}

pub fn bindgen_failed(why: &str) -> String {
    format!(
        "PERILUNE_BINDINGS=bindgen, but bindgen could not read the headers: {why}\nIt needs libclang (Debian, Ubuntu: libclang-dev; Fedora: clang-devel; Arch: clang; Alpine: clang-dev; Homebrew: llvm; or LIBCLANG_PATH). \
         Unset PERILUNE_BINDINGS to use the bindings that ship with perilune."
    )
}

pub fn no_compiler(why: &str) -> String {
    format!(
        "perilune needs a C compiler to look at Lua's headers, and it could not be run: {why}\nInstall one (Debian, Ubuntu: build-essential; Fedora: gcc; Arch: base-devel; Alpine: build-base; macOS: xcode-select --install), or name it in CC."
    )
}

pub fn contract_broken(bindings: &str, place: &str, difference: &str, shipped: bool) -> String {
    let remedy = if shipped {
        "Let bindgen read those headers instead: PERILUNE_BINDINGS=bindgen, with libclang installed (Debian, Ubuntu: libclang-dev; Fedora: clang-devel; Arch: clang; Alpine: clang-dev; Homebrew: llvm)."
    } else {
        "bindgen and the C compiler read different headers or for different targets: see BINDGEN_EXTRA_CLANG_ARGS, CC and CFLAGS."
    };
    format!("The {bindings} do not describe the headers of {place}: {difference}.\n{remedy}")
}

fn either(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted
        .join(" or ")
        .replace("`LuaJIT 2.1`", "LuaJIT 2.1")
        .replace("`Lua 5.4`", "Lua 5.4")
}
