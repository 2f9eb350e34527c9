//! The Rust declarations of the C API: bindgen's on the headers being linked, or the copy that ships with the crate.
//!
//! Either way the text ends up in `OUT_DIR` and is checked against the headers by the next step.

use super::advice;
use super::env::Env;
use super::find::Lua;
use super::headers::Facts;
use super::request::{Backend, Request, Wish};
use std::fs;
use std::path::PathBuf;

/// Who wrote them.
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
        Wish::Bindgen => generated(lua, env).map_err(|why| advice::bindgen_failed(&why))?,
        Wish::Best => match generated(lua, env) {
            Ok(bindings) => bindings,
            Err(why) => {
                println!("cargo::warning={}", advice::bindgen_skipped(&why));
                shipped(lua.backend, facts)?
            }
        },
    };
    for (file, text) in [
        ("lua_sys.rs", &bindings.api),
        ("unit_defs.rs", &bindings.units),
        ("facts.rs", &facts.constants),
    ] {
        let path = env.out_dir().join(file);
        fs::write(&path, text)
            .map_err(|error| format!("{} could not be written: {error}", path.display()))?;
    }
    Ok(bindings)
}

fn shipped_path(name: &str) -> PathBuf {
    PathBuf::from("src/sys/shipped").join(format!("{name}.rs"))
}

fn shipped(backend: Backend, facts: &Facts) -> Result<Bindings, String> {
    let read = |name: &str| {
        let path = shipped_path(name);
        fs::read_to_string(&path)
            .map_err(|error| format!("{} could not be read: {error}", path.display()))
    };
    let mut api = read(backend.word())?;
    if let Some(size) = facts.buffer_size {
        api = with_buffer_size(&api, size);
    }
    Ok(Bindings {
        origin: Origin::Shipped,
        api,
        units: read("unit_defs")?,
    })
}

/// The copy was made with glibc, where LuaJIT's `luaL_Buffer` holds 8192 bytes. It holds `BUFSIZ` bytes, which is another number
/// in other C libraries.
pub fn with_buffer_size(api: &str, size: u32) -> String {
    const HEAD: u32 = 24;
    let (usual, total) = (8192, 8192 + HEAD);
    api.replace(&format!("{usual}usize"), &format!("{size}usize"))
        .replace(&format!("{total}usize"), &format!("{}usize", size + HEAD))
}

#[cfg(not(feature = "bindgen"))]
fn generated(_lua: &Lua, _env: &Env) -> Result<Bindings, String> {
    Err("the feature `bindgen` is off".to_owned())
}

#[cfg(feature = "bindgen")]
use generate::generated;

#[cfg(feature = "bindgen")]
mod generate {
    use super::{Bindings, Env, Lua, Origin, UNIT_FILES};
    use crate::steps::{compiler, panics};

    /// Lua's API and nothing of the C library. What a macro says about one release or one installation (versions, paths)
    /// is left out: `headers.rs` reads it in every build.
    const FUNCTIONS: &str = "lua_.*|luaL_.*|luaJIT_.*|luaopen_.*";
    const TYPES: &str = "lua_.*|luaL_.*|luaJIT_.*";
    const CONSTANTS: &str = "LUA_(OK|YIELD|ERR.*|T[A-Z]+|NUMT.*|GC.*|HOOK.*|MASK.*|MINSTACK|MULTRET|SIGNATURE\
        |RIDX_.*|.*INDEX|OP[A-Z]+|NOREF|REFNIL|IDSIZE|MAXCAPTURES|.*_TABLE|GNAME|FILEHANDLE|.*LIBNAME)\
        |LUAI_MAXC?STACK|LUAJIT_MODE_.*";

    pub fn generated(lua: &Lua, env: &Env) -> Result<Bindings, String> {
        for variable in ["LIBCLANG_PATH", "BINDGEN_EXTRA_CLANG_ARGS"] {
            env.user(variable);
        }
        let api = run(lua, |builder| {
            builder
                .header("wrapper.h")
                .allowlist_function(FUNCTIONS)
                .allowlist_type(TYPES)
                .allowlist_var(CONSTANTS)
                // Its last parameter is another type on every target; `src/sys` declares it by hand.
                .blocklist_function("lua_pushvfstring")
                // A symbol named after one release.
                .blocklist_function("luaJIT_version_.*")
                // `luaL_Stream` points to a FILE; what is in it is the C library's business.
                .blocklist_type("FILE|va_list|_IO_.*|__.*")
                .raw_line("pub type FILE = ::std::os::raw::c_void;")
        })?;
        let files = UNIT_FILES
            .map(|name| format!("#include \"ffi_defs/{name}.h\"\n"))
            .concat();
        let units = run(lua, |builder| {
            builder
                .header_contents("unit_defs.h", &files)
                .allowlist_file(".*ffi_defs/.*")
        })?;
        Ok(Bindings {
            origin: Origin::Bindgen,
            api: tidy(&api),
            units,
        })
    }

    fn run(
        lua: &Lua,
        input: impl Fn(bindgen::Builder) -> bindgen::Builder,
    ) -> Result<String, String> {
        let target = bindgen::RustTarget::stable(85, 0).map_err(|error| error.to_string())?;
        let builder = bindgen::Builder::default()
            .rust_target(target)
            .rust_edition(bindgen::RustEdition::Edition2024)
            .override_abi(bindgen::Abi::CUnwind, ".*")
            .default_macro_constant_type(bindgen::MacroTypeVariation::Signed)
            .generate_cstr(true)
            .derive_debug(false)
            .layout_tests(true)
            .merge_extern_blocks(true)
            .formatter(bindgen::Formatter::Prettyplease)
            .disable_header_comment()
            .clang_arg(format!("-D{}=1", lua.backend.define()))
            .clang_args(lua.include.iter().map(|dir| format!("-I{}", dir.display())))
            .clang_arg("-I.")
            .clang_args(compilers_headers());
        // libclang is loaded at run time, and bindgen panics where there is none.
        panics::as_errors(|| input(builder).generate().map_err(|error| error.to_string()))
            .map(|bindings| bindings.to_string())
    }

    /// libclang on its own may have no `stdarg.h`, and for another target it may find the host's headers. The C compiler
    /// knows the right directories: they are used, and no others, so that both read the same files.
    fn compilers_headers() -> Vec<String> {
        let directories = compiler::header_directories();
        if directories.is_empty() {
            return Vec::new();
        }
        let named = directories
            .into_iter()
            .flat_map(|dir| ["-isystem".to_owned(), dir]);
        std::iter::once("-nostdinc".to_owned())
            .chain(named)
            .collect()
    }

    /// The modes of `luaJIT_setmode` are an unnamed C enum, for which bindgen makes up a name and an unsigned type; the
    /// function takes an `int`, as all other constants are.
    fn tidy(api: &str) -> String {
        api.replace(
            "pub type _bindgen_ty_1 = ::std::os::raw::c_uint;",
            "pub type luaJIT_mode = ::std::os::raw::c_int;",
        )
        .replace(": _bindgen_ty_1 =", ": luaJIT_mode =")
    }
}
