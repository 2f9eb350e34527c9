//! Every sentence with which a build can end: what was expected, what came, what to install, what else can be done.

use super::find::Miss;
use super::request::Backend;
use std::path::Path;

/// The package to install, by system.
fn package(backend: Backend) -> &'static str {
    match backend {
        Backend::LuaJit => {
            "Debian, Ubuntu: libluajit-5.1-dev; Fedora: luajit-devel; Arch: luajit; Alpine: luajit-dev; \
             Homebrew: luajit"
        }
        Backend::Lua54 => "Debian, Ubuntu: liblua5.4-dev; Fedora: lua-devel; Arch: lua54; Alpine: lua5.4-dev; Homebrew: lua@5.4",
    }
}

const COMPILER: &str = "Debian, Ubuntu: build-essential; Fedora: gcc make; Arch: base-devel; Alpine: build-base; \
                        macOS: xcode-select --install";

const LIBCLANG: &str = "Debian, Ubuntu: libclang-dev; Fedora: clang-devel; Arch: clang; Alpine: clang-dev; \
                        Homebrew: llvm";

/// The end of most messages: the package, and the ways that need none.
fn remedies(backend: Backend) -> String {
    format!(
        "Install the package ({}), or name another place with PERILUNE_LIB_DIR and PERILUNE_INCLUDE_DIR, or build \
         the Lua that comes with perilune: PERILUNE_LINK=vendored.",
        package(backend)
    )
}

pub fn unknown_value(name: &str, value: &str, known: &[&str]) -> String {
    let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    format!("{name} is `{value}`, but it can only be {}. Correct it, or unset it to let perilune choose.", known.join(" or "))
}

pub fn half_a_pair(given: &str, missing: &str) -> String {
    format!(
        "{given} is set but {missing} is not: a library and headers from different places would not match. Set both, \
         or unset both."
    )
}

pub fn dirs_against_vendored() -> String {
    "PERILUNE_LINK=vendored and PERILUNE_LIB_DIR contradict each other: a Lua in a directory of yours is not the \
     vendored one. Unset one of them."
        .to_owned()
}

pub fn bindgen_feature_is_off() -> String {
    "PERILUNE_BINDINGS=bindgen, but perilune is being built without its feature `bindgen`. Switch the feature on, or \
     unset the variable to use the bindings that ship with perilune."
        .to_owned()
}

pub fn nothing_installed(wanted: &[Backend], misses: &[(&str, Miss)]) -> String {
    let names: Vec<&str> = wanted.iter().map(|backend| backend.name()).collect();
    let mut text = format!("{} is to come from this system (PERILUNE_LINK=system), but pkg-config found none.\n", names.join(" or "));
    let mut silent = None;
    for (name, miss) in misses {
        match miss {
            Miss::WrongVersion(version) => {
                text += &format!("Its `{name}` is version {version}.\n");
            }
            Miss::CannotAsk(why) => silent = Some(why),
            Miss::NotInstalled => {}
        }
    }
    if let Some(why) = silent {
        text += &format!(
            "It could not be asked: {why}. pkg-config itself is the package pkg-config (Debian, Ubuntu, Fedora, \
             Homebrew) or pkgconf (Arch, Alpine).\n"
        );
    }
    for &backend in wanted {
        text += &format!("The package of {}: {}.\n", backend.name(), package(backend));
    }
    text += "Install it, or name another place with PERILUNE_LIB_DIR and PERILUNE_INCLUDE_DIR, or build the Lua \
             that comes with perilune: PERILUNE_LINK=vendored.";
    text
}

pub fn no_library(dir: &Path, backend: Backend, names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("lib{name}")).collect();
    format!(
        "PERILUNE_LIB_DIR is {}, but {} is not in it (looked for {}, shared or static).\n{}",
        dir.display(),
        backend.name(),
        names.join(", "),
        remedies(backend)
    )
}

pub fn wrong_headers(place: &str, came: &str, backend: Backend) -> String {
    format!("{} is needed, but the headers of {place} {came}.\n{}", backend.name(), remedies(backend))
}

pub fn does_not_link(place: &str, backend: Backend, linker: &str) -> String {
    format!("A small C program could not be linked with the {} of {place}: {linker}\n{}", backend.name(), remedies(backend))
}

pub fn vendored_failed(backend: Backend, why: &str) -> String {
    format!(
        "The {} that comes with perilune could not be built: {why}\nIt takes a C compiler and make ({COMPILER}). Or \
         link an installed one: PERILUNE_LINK=system ({}).",
        backend.name(),
        package(backend)
    )
}

pub fn bindgen_failed(why: &str) -> String {
    format!(
        "PERILUNE_BINDINGS=bindgen, but bindgen could not read the headers: {why}\nIt needs libclang ({LIBCLANG}; or \
         its place in LIBCLANG_PATH). Unset PERILUNE_BINDINGS to use the bindings that ship with perilune."
    )
}

pub fn bindgen_skipped(why: &str) -> String {
    let why = match why.lines().next().unwrap_or_default().trim() {
        // What follows lists file names and nothing else.
        long if long.starts_with("Unable to find libclang") => "libclang was not found",
        why => why,
    };
    format!(
        "bindgen could not read Lua's headers ({why}); the bindings that ship with perilune are used, checked \
         against the headers. With libclang ({LIBCLANG}) bindgen can; PERILUNE_BINDINGS=shipped ends this message."
    )
}

pub fn no_compiler(why: &str) -> String {
    format!("perilune needs a C compiler, and it could not be run: {why}\nInstall one ({COMPILER}), or name it in CC.")
}

pub fn door_failed(why: &str) -> String {
    format!(
        "The C part of perilune could not be compiled: {why}\nWhat the compiler said stands above. It must know C11 \
         (gcc 4.9, clang 3.4 or later); another one can be named in CC."
    )
}

pub fn contract_broken(bindings: &str, place: &str, differences: &str, shipped: bool) -> String {
    let remedy = if shipped {
        format!("Let bindgen read those headers: PERILUNE_BINDINGS=bindgen, with libclang installed ({LIBCLANG}).")
    } else {
        "bindgen and the C compiler have read different headers, or for different targets: see \
         BINDGEN_EXTRA_CLANG_ARGS, CC and CFLAGS; or use PERILUNE_BINDINGS=shipped."
            .to_owned()
    };
    format!("The {bindings} do not describe the headers of {place}: {differences}.\n{remedy}")
}
