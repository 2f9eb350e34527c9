//! bindgen on the headers being linked. Without the feature `bindgen`, or without libclang, it is an error that `bindings.rs` can
//! live with.

use super::bindings::Bindings;
use super::env::Env;
use super::find::Lua;

#[cfg(not(feature = "bindgen"))]
pub fn generate(_lua: &Lua, _env: &Env) -> Result<Bindings, String> {
    Err("the feature `bindgen` is off".to_owned())
}

#[cfg(feature = "bindgen")]
pub use with_libclang::generate;

#[cfg(feature = "bindgen")]
mod with_libclang {
    use super::{Bindings, Env, Lua};
    use crate::steps::bindings::{Origin, UNIT_FILES};
    use crate::steps::{compiler, panics};

    /// Lua's API and nothing of the C library. What a macro says about one release or one installation (versions, paths)
    /// is left out: `headers.rs` reads it in every build.
    const FUNCTIONS: &str = "lua_.*|luaL_.*|luaJIT_.*|luaopen_.*";
    const TYPES: &str = "lua_.*|luaL_.*|luaJIT_.*";
    const CONSTANTS: &str = "LUA_(OK|YIELD|ERR.*|T[A-Z]+|NUMT.*|GC.*|HOOK.*|MASK.*|MINSTACK|MULTRET|SIGNATURE\
        |RIDX_.*|.*INDEX|OP[A-Z]+|NOREF|REFNIL|IDSIZE|MAXCAPTURES|.*_TABLE|GNAME|FILEHANDLE|.*LIBNAME)\
        |LUAI_MAXC?STACK|LUAJIT_MODE_.*";

    pub fn generate(lua: &Lua, env: &Env) -> Result<Bindings, String> {
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
        let files = UNIT_FILES.map(|name| format!("#include \"ffi_defs/{name}.h\"\n")).concat();
        let units = run(lua, |builder| builder.header_contents("unit_defs.h", &files).allowlist_file(".*ffi_defs/.*"))?;
        Ok(Bindings { origin: Origin::Bindgen, api: tidy(&api), units })
    }

    fn run(lua: &Lua, input: impl Fn(bindgen::Builder) -> bindgen::Builder) -> Result<String, String> {
        let target = bindgen::RustTarget::stable(85, 0).map_err(|error| error.to_string())?;
        let builder = bindgen::Builder::default()
            .rust_target(target)
            .rust_edition(bindgen::RustEdition::Edition2024)
            .override_abi(bindgen::Abi::CUnwind, ".*")
            .default_macro_constant_type(bindgen::MacroTypeVariation::Signed)
            .generate_cstr(true)
            .generate_comments(false)
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
        panics::as_errors(|| input(builder).generate().map_err(|error| error.to_string())).map(|bindings| bindings.to_string())
    }

    /// libclang on its own may have no `stdarg.h`, and for another target it may find the host's headers. The C compiler
    /// knows the right directories: they are used, and no others, so that both read the same files.
    fn compilers_headers() -> Vec<String> {
        let directories = compiler::header_directories();
        if directories.is_empty() {
            return Vec::new();
        }
        let named = directories.into_iter().flat_map(|dir| ["-isystem".to_owned(), dir]);
        std::iter::once("-nostdinc".to_owned()).chain(named).collect()
    }

    /// The modes of `luaJIT_setmode` are an unnamed C enum, for which bindgen makes up a name and an unsigned type; the
    /// function takes an `int`, as all other constants are.
    fn tidy(api: &str) -> String {
        api.replace("pub type _bindgen_ty_1 = ::std::os::raw::c_uint;", "pub type luaJIT_mode = ::std::os::raw::c_int;")
            .replace(": _bindgen_ty_1 =", ": luaJIT_mode =")
    }
}
