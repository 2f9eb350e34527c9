//! The Rust declarations of the C API: bindgen's on the headers being linked, or the copy that ships with the crate.
//!
//! Either way the text ends up in `OUT_DIR` and is checked against the headers by the next step.

use super::advice;
use super::env::Env;
use super::find::Lua;
use super::generate;
use super::headers::Facts;
use super::request::{Backend, Request, Wish};
use std::fs;
use std::path::PathBuf;

/// Who wrote them.
#[cfg_attr(not(feature = "bindgen"), allow(dead_code))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Bindgen,
    Shipped,
}

impl Origin {
    pub fn word(self) -> &'static str {
        match self {
            Origin::Bindgen => "bindgen",
            Origin::Shipped => "shipped",
        }
    }
}

/// The text of both modules.
pub struct Bindings {
    pub origin: Origin,
    /// Lua's API: `lua_sys`.
    pub api: String,
    /// The game's structs, as C lays them out: `unit_defs`.
    pub units: String,
}

/// The files of `ffi_defs`, each after those it uses.
pub const UNIT_FILES: [&str; 6] = ["item", "traits", "emotions", "opinions", "building", "unit"];

/// Makes them and writes them where `src/sys` includes them.
pub fn make(request: &Request, lua: &Lua, facts: &Facts, env: &Env) -> Result<Bindings, String> {
    println!("cargo::rerun-if-changed=wrapper.h");
    println!("cargo::rerun-if-changed=ffi_defs");
    println!("cargo::rerun-if-changed=src/sys/shipped");
    let bindings = match request.bindings {
        Wish::Shipped => shipped(lua.backend, facts)?,
        Wish::Bindgen => generate::generate(lua, env).map_err(|why| advice::bindgen_failed(&why))?,
        Wish::Best => match generate::generate(lua, env) {
            Ok(bindings) => bindings,
            Err(why) => {
                println!("cargo::warning={}", advice::bindgen_skipped(&why));
                shipped(lua.backend, facts)?
            }
        },
    };
    for (file, text) in [("lua_sys.rs", &bindings.api), ("unit_defs.rs", &bindings.units), ("facts.rs", &facts.constants)] {
        let path = env.out_dir().join(file);
        fs::write(&path, text).map_err(|error| format!("{} could not be written: {error}", path.display()))?;
    }
    Ok(bindings)
}

fn shipped_path(name: &str) -> PathBuf {
    PathBuf::from("src/sys/shipped").join(format!("{name}.rs"))
}

fn shipped(backend: Backend, facts: &Facts) -> Result<Bindings, String> {
    let read = |name: &str| {
        let path = shipped_path(name);
        fs::read_to_string(&path).map_err(|error| format!("{} could not be read: {error}", path.display()))
    };
    let mut api = read(backend.word())?;
    if let Some(size) = facts.buffer_size {
        api = with_buffer_size(&api, size);
    }
    Ok(Bindings { origin: Origin::Shipped, api, units: read("unit_defs")? })
}

/// The copy was made with glibc, where LuaJIT's `luaL_Buffer` holds 8192 bytes. It holds `BUFSIZ` bytes, which is another number
/// in other C libraries.
pub fn with_buffer_size(api: &str, size: u32) -> String {
    const HEAD: u32 = 24;
    let (usual, total) = (8192, 8192 + HEAD);
    api.replace(&format!("{usual}usize"), &format!("{size}usize")).replace(&format!("{total}usize"), &format!("{}usize", size + HEAD))
}
