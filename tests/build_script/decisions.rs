//! What the script decides, from a made-up environment and a made-up system.

use crate::steps::env::Env;
use crate::steps::find::{Link, Lua, Miss, Plan, System, decide};
use crate::steps::headers;
use crate::steps::request::{self, Backend, Dirs, Request, Source, Wish};

const FEATURE_VENDORED: (&str, &str) = ("CARGO_FEATURE_VENDORED", "1");
const FEATURE_LUA54: (&str, &str) = ("CARGO_FEATURE_LUA54", "1");
const FEATURE_BINDGEN: (&str, &str) = ("CARGO_FEATURE_BINDGEN", "1");

fn request(pairs: &[(&str, &str)]) -> Result<Request, String> {
    request::read(&Env::of_pairs(pairs))
}

/// A system with some packages, each of which is a backend's.
struct Packages(&'static [&'static str]);

fn found(backend: Backend, origin: &str) -> Lua {
    Lua { backend, vendored: false, include: Vec::new(), link: Link::default(), origin: origin.to_owned() }
}

impl System for Packages {
    fn package(&mut self, name: &str, backend: Backend) -> Result<Lua, Miss> {
        self.0.contains(&name).then(|| found(backend, name)).ok_or(Miss::NotInstalled)
    }

    fn directories(&mut self, dirs: &Dirs, backend: Option<Backend>) -> Result<Lua, String> {
        Ok(found(backend.unwrap_or(Backend::LuaJit), &dirs.lib.display().to_string()))
    }
}

/// What is taken, as `luajit from lua5.4`, `vendored luajit`, or the message.
fn choice(pairs: &[(&str, &str)], installed: &'static [&'static str]) -> String {
    match request(pairs).and_then(|request| decide(&request, &mut Packages(installed))) {
        Ok(Plan::Link(lua)) => format!("{} from {}", lua.backend.word(), lua.origin),
        Ok(Plan::Vendor(backend)) => format!("vendored {}", backend.word()),
        Err(message) => message,
    }
}

const ALL: &[&str] = &["luajit", "lua5.4", "lua-5.4", "lua54", "lua"];

#[test]
fn nothing_asked_takes_luajit_then_lua_54_then_the_vendored_luajit() {
    assert_eq!(choice(&[], ALL), "luajit from luajit");
    assert_eq!(choice(&[], &["lua", "lua54"]), "lua54 from lua54");
    assert_eq!(choice(&[], &["lua"]), "lua54 from lua");
    assert_eq!(choice(&[], &[]), "vendored luajit");
}

#[test]
fn every_package_name_of_lua_54_is_tried_in_order() {
    let asked = [("PERILUNE_LUA", "lua54")];
    assert_eq!(choice(&asked, ALL), "lua54 from lua5.4");
    assert_eq!(choice(&asked, &["lua", "lua54", "lua-5.4"]), "lua54 from lua-5.4");
    assert_eq!(choice(&asked, &["lua", "lua54"]), "lua54 from lua54");
    assert_eq!(choice(&asked, &["luajit", "lua"]), "lua54 from lua");
    assert_eq!(choice(&asked, &["luajit"]), "vendored lua54");
}

#[test]
fn a_backend_that_was_asked_for_is_never_replaced_by_the_other() {
    assert_eq!(choice(&[("PERILUNE_LUA", "luajit")], &["lua5.4"]), "vendored luajit");
    assert_eq!(choice(&[FEATURE_LUA54], &["luajit"]), "vendored lua54");
}

#[test]
fn features_decide_and_the_environment_decides_over_them() {
    assert_eq!(choice(&[FEATURE_LUA54], ALL), "lua54 from lua5.4");
    assert_eq!(choice(&[FEATURE_LUA54, ("PERILUNE_LUA", "luajit")], ALL), "luajit from luajit");
    assert_eq!(choice(&[FEATURE_VENDORED], ALL), "vendored luajit");
    assert_eq!(choice(&[FEATURE_VENDORED, FEATURE_LUA54], ALL), "vendored lua54");
    assert_eq!(choice(&[FEATURE_VENDORED, ("PERILUNE_LINK", "system")], ALL), "luajit from luajit");
    assert_eq!(choice(&[("PERILUNE_LINK", "vendored")], ALL), "vendored luajit");
}

#[test]
fn named_directories_win_over_packages_and_features() {
    let dirs = [("PERILUNE_LIB_DIR", "/opt/lib"), ("PERILUNE_INCLUDE_DIR", "/opt/include"), FEATURE_VENDORED];
    assert_eq!(choice(&dirs, ALL), "luajit from /opt/lib");
    let dirs = [&dirs[..], &[("PERILUNE_LUA", "lua54")]].concat();
    assert_eq!(choice(&dirs, ALL), "lua54 from /opt/lib");
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let empty = [("PERILUNE_LUA", ""), ("PERILUNE_LINK", ""), ("PERILUNE_LIB_DIR", ""), ("PERILUNE_BINDINGS", "")];
    assert_eq!(request(&empty), request(&[]));
}

#[test]
fn bindings_come_from_bindgen_if_they_can() {
    let bindings = |pairs: &[(&str, &str)]| request(pairs).map(|request| request.bindings);
    assert_eq!(bindings(&[FEATURE_BINDGEN]), Ok(Wish::Best));
    assert_eq!(bindings(&[]), Ok(Wish::Shipped));
    assert_eq!(bindings(&[FEATURE_BINDGEN, ("PERILUNE_BINDINGS", "bindgen")]), Ok(Wish::Bindgen));
    assert_eq!(bindings(&[FEATURE_BINDGEN, ("PERILUNE_BINDINGS", "shipped")]), Ok(Wish::Shipped));
    let message = bindings(&[("PERILUNE_BINDINGS", "bindgen")]).unwrap_err();
    assert!(message.contains("without its feature `bindgen`"), "{message}");
}

#[test]
fn an_unknown_value_is_an_error_that_names_the_known_ones() {
    for (name, value, known) in [
        ("PERILUNE_LUA", "lua53", "`luajit` or `lua54`"),
        ("PERILUNE_LINK", "static", "`system` or `vendored`"),
        ("PERILUNE_BINDINGS", "yes", "`bindgen` or `shipped`"),
    ] {
        let message = request(&[(name, value)]).unwrap_err();
        assert!(message.contains(&format!("{name} is `{value}`")), "{message}");
        assert!(message.contains(known), "{message}");
    }
}

#[test]
fn half_a_pair_of_directories_is_an_error() {
    let message = request(&[("PERILUNE_LIB_DIR", "/opt/lib")]).unwrap_err();
    assert!(message.contains("PERILUNE_INCLUDE_DIR is not"), "{message}");
    let message = request(&[("PERILUNE_INCLUDE_DIR", "/opt/include")]).unwrap_err();
    assert!(message.contains("PERILUNE_LIB_DIR is not"), "{message}");
}

#[test]
fn directories_and_vendored_contradict_each_other() {
    let dirs = [("PERILUNE_LIB_DIR", "/opt/lib"), ("PERILUNE_INCLUDE_DIR", "/opt/include")];
    let message = request(&[&dirs[..], &[("PERILUNE_LINK", "vendored")]].concat()).unwrap_err();
    assert!(message.contains("contradict"), "{message}");
    let system = request(&[&dirs[..], &[("PERILUNE_LINK", "system")]].concat()).unwrap();
    assert_eq!(system.source, Source::SystemOnly);
}

#[test]
fn system_only_names_the_packages_of_five_systems_and_the_ways_around() {
    for (asked, packages) in [
        (&[("PERILUNE_LINK", "system"), ("PERILUNE_LUA", "luajit")][..], &["libluajit-5.1-dev", "luajit-devel", "luajit-dev"][..]),
        (&[("PERILUNE_LINK", "system"), ("PERILUNE_LUA", "lua54")], &["liblua5.4-dev", "lua-devel", "lua5.4-dev", "lua@5.4"]),
        (&[("PERILUNE_LINK", "system")], &["libluajit-5.1-dev", "liblua5.4-dev"]),
    ] {
        let message = choice(asked, &[]);
        for word in packages.iter().chain(&["Debian", "Fedora", "Arch", "Alpine", "Homebrew", "PERILUNE_LINK=vendored", "PERILUNE_LIB_DIR"])
        {
            assert!(message.contains(word), "{word} is missing in: {message}");
        }
    }
}

#[test]
fn what_pkg_config_said_is_in_the_message() {
    struct Old;
    impl System for Old {
        fn package(&mut self, name: &str, _: Backend) -> Result<Lua, Miss> {
            match name {
                "lua" => Err(Miss::WrongVersion("5.3.6".to_owned())),
                "lua54" => Err(Miss::CannotAsk("LUA54_NO_PKG_CONFIG is set".to_owned())),
                _ => Err(Miss::NotInstalled),
            }
        }
        fn directories(&mut self, _: &Dirs, _: Option<Backend>) -> Result<Lua, String> {
            unreachable!()
        }
    }
    let request = request(&[("PERILUNE_LINK", "system"), ("PERILUNE_LUA", "lua54")]).unwrap();
    let message = decide(&request, &mut Old).unwrap_err();
    assert!(message.contains("Its `lua` is version 5.3.6."), "{message}");
    assert!(message.contains("LUA54_NO_PKG_CONFIG is set"), "{message}");
}

#[test]
fn the_headers_have_the_last_word_on_the_version() {
    let judge = |backend, macros: &[(&str, &str)]| {
        let macros = macros.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
        headers::judge(&found(backend, "the directory /opt/include"), &macros)
    };
    let luajit = [("LUA_VERSION_NUM", "501"), ("LUAJIT_VERSION_NUM", "20100"), ("LUAJIT_VERSION", "\"LuaJIT 2.1.0-beta3\"")];
    let old_luajit = [("LUA_VERSION_NUM", "501"), ("LUAJIT_VERSION_NUM", "20005"), ("LUAJIT_VERSION", "\"LuaJIT 2.0.5\"")];
    let lua51 = [("LUA_VERSION_NUM", "501"), ("LUA_RELEASE", "\"Lua 5.1.5\"")];
    let lua53 = [("LUA_VERSION_NUM", "503"), ("LUA_RELEASE", "\"Lua 5.3\" \".\" \"6\"")];
    let lua54 = [("LUA_VERSION_NUM", "504"), ("LUA_RELEASE", "\"Lua 5.4\" \".\" \"4\"")];
    let lua55 = [("LUA_VERSION_NUM", "505"), ("LUA_RELEASE", "\"Lua 5.5\" \".\" \"0\"")];

    assert_eq!(judge(Backend::LuaJit, &luajit), Ok(()));
    assert_eq!(judge(Backend::Lua54, &lua54), Ok(()));
    for (backend, macros, said) in [
        (Backend::LuaJit, &old_luajit[..], "LuaJIT 2.1 is needed, but the headers of the directory /opt/include are those of LuaJIT 2.0.5"),
        (Backend::LuaJit, &lua51, "Lua 5.1.5 and have no luajit.h"),
        (Backend::LuaJit, &lua54, "Lua 5.4.4 and have no luajit.h"),
        (Backend::LuaJit, &[], "no LUA_VERSION_NUM"),
        (Backend::Lua54, &lua53, "Lua 5.4 is needed, but the headers of the directory /opt/include are those of Lua 5.3.6"),
        (Backend::Lua54, &lua55, "are those of Lua 5.5.0"),
        (Backend::Lua54, &luajit, "are those of LuaJIT 2.1.0-beta3"),
    ] {
        let message = judge(backend, macros).unwrap_err();
        assert!(message.contains(said), "{said} is missing in: {message}");
        assert!(message.contains("Homebrew") && message.contains("PERILUNE_LINK=vendored"), "{message}");
    }
}

#[test]
fn macros_are_read_from_whatever_way_a_preprocessor_prints_them() {
    let text = "# 1 \"headers.c\"\nint x;\n@perilune _LUA_VERSION_NUM_ = 504\n\
        @perilune _LUA_RELEASE_ = \n# 12 \"headers.c\" 3\n \"Lua \" \"5\" \".\" \"4\"\n# 13 \"headers.c\"\n \".\" \"4\"\n\
        @perilune _LUAL_BUFFERSIZE_ = (1024 > 16384 ? 8192 : 1024)\n";
    let facts = headers::facts(&headers::marked_lines(text));
    assert_eq!(facts.release, "Lua 5.4.4");
    assert_eq!(facts.buffer_size, Some(1024));
    assert!(facts.constants.contains("pub const LUA_VERSION_NUM: ::std::ffi::c_int = 504;"), "{}", facts.constants);
    assert!(facts.constants.contains("pub const LUA_RELEASE: &::std::ffi::CStr = c\"Lua 5.4.4\";"), "{}", facts.constants);
}

#[test]
fn the_buffer_size_is_the_header_s_formula() {
    assert_eq!(headers::buffer_size("(8192 > 16384 ? 8192 : 8192)"), Some(8192));
    assert_eq!(headers::buffer_size("(65536 > 16384 ? 8192 : 65536)"), Some(8192));
    assert_eq!(headers::buffer_size("((int)(16 * sizeof(void*) * sizeof(double)))"), None);
}
