//! The whole script on real packages: Debian's libluajit-5.1-dev, liblua5.4-dev, liblua5.3-dev, pkg-config, libclang1-14.

use crate::workshop::{Build, asked_for, changed_headers, directory, headers, installed, packages, path_without, variable};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// What `build.rs` prints for whoever has neither package nor patience.
const WAYS_AROUND: [&str; 7] =
    ["Debian", "Fedora", "Arch", "Alpine", "Homebrew", "PERILUNE_LIB_DIR and PERILUNE_INCLUDE_DIR", "PERILUNE_LINK=vendored"];

fn with_ways_around<'t>(parts: &[&'t str]) -> Vec<&'t str> {
    [parts, &WAYS_AROUND].concat()
}

const SYSTEM_LUAJIT: [&str; 4] = ["dep-backend=luajit", "dep-linkage=system", "linkage=System", "shared=true"];
const SYSTEM_LUA54: [&str; 5] = ["dep-backend=lua54", "dep-linkage=system", "linkage=System", "shared=true", "running=Lua 5.4"];
const VENDORED_LUAJIT: [&str; 4] = ["dep-backend=luajit", "dep-linkage=vendored", "linkage=Vendored", "shared=false"];
const VENDORED_LUA54: [&str; 5] = ["dep-backend=lua54", "dep-linkage=vendored", "linkage=Vendored", "shared=false", "running=Lua 5.4"];

#[test]
fn an_installed_luajit_is_taken_and_bindgen_reads_its_headers() {
    if !asked_for() {
        return;
    }
    installed("luajit");
    let outcome = Build::new().run().tells(&SYSTEM_LUAJIT).tells(&["dep-bindings=bindgen", "bindings=Bindgen"]);
    assert!(outcome.value("running").starts_with("LuaJIT 2.1"));
    assert_eq!(outcome.value("headers"), outcome.value("dep-version"));
    assert_eq!(Path::new(outcome.value("dep-include")), headers("luajit"));
    assert!(outcome.warns().is_empty());
}

#[test]
fn lua_54_is_taken_when_asked_for_by_variable_or_feature() {
    if !asked_for() {
        return;
    }
    installed("lua5.4");
    Build::new().set("PERILUNE_LUA", "lua54").run().tells(&SYSTEM_LUA54);
    Build::new().arguments(&["--features", "lua54"]).run().tells(&SYSTEM_LUA54);
    // The environment wins over the feature.
    Build::new().arguments(&["--features", "lua54"]).set("PERILUNE_LUA", "luajit").run().tells(&SYSTEM_LUAJIT);
}

#[test]
fn lua_54_is_taken_under_each_of_its_package_names_where_there_is_no_luajit() {
    if !asked_for() {
        return;
    }
    for name in ["lua5.4", "lua-5.4", "lua54", "lua"] {
        let packages = packages(&format!("only-{name}"), &[("lua5.4", name)]);
        Build::new().packages(&packages).run().tells(&SYSTEM_LUA54);
    }
}

#[test]
fn nothing_suitable_installed_means_vendored() {
    if !asked_for() {
        return;
    }
    let none = directory("no-packages");
    let outcome = Build::new().packages(&none).run().tells(&VENDORED_LUAJIT);
    assert!(outcome.value("running").starts_with("LuaJIT 2.1."), "{}", outcome.value("running"));
    assert_eq!(outcome.value("running"), outcome.value("headers"));
    Build::new().packages(&none).set("PERILUNE_LUA", "lua54").run().tells(&VENDORED_LUA54);
    // A Lua 5.3 is not one.
    Build::new().packages(&packages("only-53", &[("lua5.3", "lua")])).run().tells(&VENDORED_LUAJIT);
    // Neither is a package that pkg-config must not be asked for.
    Build::new().set("LUAJIT_NO_PKG_CONFIG", "1").set("PERILUNE_LUA", "luajit").run().tells(&VENDORED_LUAJIT);
}

#[test]
fn vendored_does_not_look_at_what_is_installed_and_system_does_not_vendor() {
    if !asked_for() {
        return;
    }
    Build::new().set("PERILUNE_LINK", "vendored").run().tells(&VENDORED_LUAJIT);
    Build::new().set("PERILUNE_LINK", "vendored").set("PERILUNE_LUA", "lua54").run().tells(&VENDORED_LUA54);
    Build::new().arguments(&["--features", "vendored"]).set("PERILUNE_LINK", "system").run().tells(&SYSTEM_LUAJIT);
}

#[test]
fn all_features_together_are_the_vendored_lua_54() {
    if !asked_for() {
        return;
    }
    Build::new().arguments(&["--all-features"]).run().tells(&VENDORED_LUA54).tells(&["bindings=Bindgen"]);
}

#[test]
fn without_default_features_the_shipped_bindings_fit_the_installed_and_the_vendored_library() {
    if !asked_for() {
        return;
    }
    let build = || Build::new().arguments(&["--no-default-features"]);
    build().run().tells(&SYSTEM_LUAJIT).tells(&["bindings=Shipped", "dep-bindings=shipped"]);
    build().set("PERILUNE_LUA", "lua54").run().tells(&SYSTEM_LUA54).tells(&["bindings=Shipped"]);
    build().set("PERILUNE_LINK", "vendored").run().tells(&VENDORED_LUAJIT).tells(&["bindings=Shipped"]);
}

#[test]
fn named_directories_are_linked_shared_or_static_and_tell_their_backend() {
    if !asked_for() {
        return;
    }
    for (package, told) in [("luajit", &SYSTEM_LUAJIT[..]), ("lua5.4", &SYSTEM_LUA54)] {
        let build = || {
            let build = Build::new().set("PERILUNE_INCLUDE_DIR", headers(package));
            build.set("PERILUNE_LIB_DIR", variable("luajit", "libdir"))
        };
        build().run().tells(told);
        // Static by wish, and where there is nothing else.
        let switch = if package == "luajit" { "LUAJIT_STATIC" } else { "LUA54_STATIC" };
        build().set(switch, "1").run().tells(&told[..3]).tells(&["shared=false"]);
        let archive = if package == "luajit" { "libluajit-5.1.a" } else { "liblua5.4.a" };
        let place = directory(&format!("archive-{package}"));
        symlink(variable("luajit", "libdir").join(archive), place.join(archive)).expect("the archive can be linked to");
        build().set("PERILUNE_LIB_DIR", place).run().tells(&told[..3]).tells(&["shared=false"]);
    }
}

#[test]
fn a_package_is_linked_statically_when_pkg_configs_switch_is_set() {
    if !asked_for() {
        return;
    }
    Build::new().set("LUAJIT_STATIC", "1").run().tells(&SYSTEM_LUAJIT[..3]).tells(&["shared=false"]);
    Build::new().set("LUA54_STATIC", "1").set("PERILUNE_LUA", "lua54").run().tells(&SYSTEM_LUA54[..3]).tells(&["shared=false"]);
}

#[test]
fn without_libclang_the_shipped_bindings_are_used_with_one_warning() {
    if !asked_for() {
        return;
    }
    let hidden = directory("no-libclang");
    let outcome = Build::new().set("LIBCLANG_PATH", &hidden).run().tells(&SYSTEM_LUAJIT).tells(&["bindings=Shipped"]);
    let warnings = outcome.warns();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("libclang") && warnings[0].contains("PERILUNE_BINDINGS=shipped"), "{warnings:?}");
    // As asked, no warning.
    let outcome = Build::new().set("LIBCLANG_PATH", &hidden).set("PERILUNE_BINDINGS", "shipped").run().tells(&["bindings=Shipped"]);
    assert!(outcome.warns().is_empty(), "{:?}", outcome.warns());
    // Asked for bindgen, no substitute.
    Build::new().set("LIBCLANG_PATH", &hidden).set("PERILUNE_BINDINGS", "bindgen").run().fails_with(&[
        "PERILUNE_BINDINGS=bindgen, but bindgen could not read the headers",
        "libclang-dev",
        "clang-devel",
        "LIBCLANG_PATH",
        "Unset PERILUNE_BINDINGS",
    ]);
}

#[test]
fn without_pkg_config_the_vendored_lua_is_built_or_the_message_says_why_not() {
    if !asked_for() {
        return;
    }
    let path = path_without("no-pkg-config", &["pkg-config", "pkgconf"]);
    Build::new().set("PATH", &path).run().tells(&VENDORED_LUAJIT);
    Build::new().set("PATH", &path).set("PERILUNE_LINK", "system").run().fails_with(&with_ways_around(&[
        "LuaJIT 2.1 or Lua 5.4 is to come from this system",
        "could not be asked: it could not be run",
        "the package pkg-config",
    ]));
}

#[test]
fn unknown_values_and_contradictions_end_the_build() {
    if !asked_for() {
        return;
    }
    Build::new().set("PERILUNE_LUA", "lua53").run().fails_with(&["PERILUNE_LUA is `lua53`", "`luajit` or `lua54`", "unset it"]);
    Build::new().set("PERILUNE_LINK", "static").run().fails_with(&["PERILUNE_LINK is `static`", "`system` or `vendored`"]);
    Build::new().set("PERILUNE_BINDINGS", "maybe").run().fails_with(&["PERILUNE_BINDINGS is `maybe`", "`bindgen` or `shipped`"]);
    Build::new().set("PERILUNE_LIB_DIR", "/usr/lib").run().fails_with(&["PERILUNE_INCLUDE_DIR is not"]);
    Build::new().set("PERILUNE_INCLUDE_DIR", "/usr/include").run().fails_with(&["PERILUNE_LIB_DIR is not"]);
    let both = Build::new().set("PERILUNE_LIB_DIR", "/usr/lib").set("PERILUNE_INCLUDE_DIR", "/usr/include");
    both.set("PERILUNE_LINK", "vendored").run().fails_with(&["contradict each other"]);
    let without_bindgen = Build::new().arguments(&["--no-default-features"]).set("PERILUNE_BINDINGS", "bindgen");
    without_bindgen.run().fails_with(&["without its feature `bindgen`"]);
}

#[test]
fn a_missing_or_wrong_package_is_named_with_what_to_install() {
    if !asked_for() {
        return;
    }
    let system = || Build::new().set("PERILUNE_LINK", "system");
    let none = directory("no-packages-either");
    system().packages(&none).run().fails_with(&with_ways_around(&["pkg-config found none", "libluajit-5.1-dev", "liblua5.4-dev"]));

    let old = packages("old-lua", &[("lua5.3", "lua")]);
    let parts = with_ways_around(&["Lua 5.4 is to come from this system", "Its `lua` is version 5.3.6", "liblua5.4-dev", "lua@5.4"]);
    system().set("PERILUNE_LUA", "lua54").packages(&old).run().fails_with(&parts);

    let old = directory("old-luajit");
    let text = fs::read_to_string(installed("luajit")).expect("the package's file can be read");
    let text = text.replace("minver=1", "minver=0");
    fs::write(old.join("luajit.pc"), text).expect("the package's file can be written");
    let parts = with_ways_around(&["LuaJIT 2.1 is to come from this system", "Its `luajit` is version 2.0"]);
    system().set("PERILUNE_LUA", "luajit").packages(&old).run().fails_with(&parts);
}

#[test]
fn headers_of_another_lua_are_refused_whatever_their_place_is_called() {
    if !asked_for() {
        return;
    }
    let dirs = |include: &Path| Build::new().set("PERILUNE_INCLUDE_DIR", include).set("PERILUNE_LIB_DIR", variable("luajit", "libdir"));
    let lua53 = headers("lua5.3");
    dirs(&lua53).set("PERILUNE_LUA", "lua54").run().fails_with(&with_ways_around(&["Lua 5.4 is needed", "are those of Lua 5.3.6"]));
    dirs(&lua53).run().fails_with(&with_ways_around(&["Lua 5.4 is needed", "are those of Lua 5.3.6"]));
    dirs(&headers("lua5.4")).set("PERILUNE_LUA", "luajit").run().fails_with(&with_ways_around(&[
        "LuaJIT 2.1 is needed",
        "are those of Lua 5.4",
        "no luajit.h",
    ]));
    dirs(&headers("luajit"))
        .set("PERILUNE_LUA", "lua54")
        .run()
        .fails_with(&with_ways_around(&["Lua 5.4 is needed", "are those of LuaJIT 2.1"]));
    dirs(&directory("no-headers")).run().fails_with(&with_ways_around(&["has no lua.h"]));
    let old = changed_headers("luajit", "headers-of-20", "luajit.h", "20100", "20005");
    dirs(&old).run().fails_with(&with_ways_around(&["LuaJIT 2.1 is needed"]));
    // A package can lie as well: here `lua5.4` leads to the headers of 5.3.
    let liar = directory("liar");
    let text = fs::read_to_string(installed("lua5.3")).expect("the package's file can be read");
    fs::write(liar.join("lua5.4.pc"), text.replace("Version: 5.3.6", "Version: 5.4.0").replace("${version}", "5.4.0"))
        .expect("the package's file can be written");
    let build = Build::new().packages(&liar).set("PERILUNE_LUA", "lua54");
    build.run().fails_with(&with_ways_around(&["the headers of pkg-config's `lua5.4` are those of Lua 5.3.6"]));
}

#[test]
fn a_library_that_is_missing_or_another_lua_is_refused() {
    if !asked_for() {
        return;
    }
    let dirs = |lib: &Path| Build::new().set("PERILUNE_INCLUDE_DIR", headers("lua5.4")).set("PERILUNE_LIB_DIR", lib);
    let nothing = directory("no-library");
    let parts = with_ways_around(&["PERILUNE_LIB_DIR is", "Lua 5.4 is not in it", "liblua5.4"]);
    dirs(&nothing).run().fails_with(&parts);

    let impostor = directory("impostor");
    symlink(variable("lua5.3", "libdir").join("liblua5.3.so"), impostor.join("liblua5.4.so")).expect("a link can be made");
    dirs(&impostor).run().fails_with(&with_ways_around(&["could not be linked with the Lua 5.4", "lua_toclose"]));

    // A package whose library was removed.
    let half = directory("half-installed");
    let text = fs::read_to_string(installed("luajit")).expect("the package's file can be read");
    fs::write(half.join("luajit.pc"), text.replace("libname=luajit-", "libname=gone-")).expect("the package's file can be written");
    let build = Build::new().packages(&half).set("PERILUNE_LUA", "luajit");
    build.run().fails_with(&with_ways_around(&["could not be linked with the LuaJIT 2.1", "gone-5.1"]));
}

#[test]
fn bindings_that_do_not_fit_the_headers_end_the_build() {
    if !asked_for() {
        return;
    }
    let lib = variable("luajit", "libdir");
    let changes = [
        ("lua5.4", "constant", "lua.h", "#define LUA_MINSTACK\t20", "#define LUA_MINSTACK\t40", "LUA_MINSTACK is 20 in the bindings"),
        ("lua5.4", "size", "luaconf.h", "#define LUA_IDSIZE\t60", "#define LUA_IDSIZE\t92", "LUA_IDSIZE is 60 in the bindings"),
        ("luajit", "offset", "lua.h", "  int event;\n", "  int event;\n  int more[4];\n", "lua_Debug has 120 bytes in the bindings"),
        ("luajit", "function", "lua.h", "(lua_resume) (lua_State *L, int narg)", "(lua_resume) (lua_State *L, long narg)", "lua_resume"),
        (
            "luajit",
            "enumerator",
            "luajit.h",
            "  LUAJIT_MODE_DEBUG,",
            "  MORE, LUAJIT_MODE_DEBUG,",
            "LUAJIT_MODE_DEBUG is 1 in the bindings",
        ),
    ];
    for (package, name, file, from, to, difference) in changes {
        let include = changed_headers(package, &format!("changed-{name}"), file, from, to);
        let build = || Build::new().set("PERILUNE_INCLUDE_DIR", &include).set("PERILUNE_LIB_DIR", &lib);
        build().set("PERILUNE_BINDINGS", "shipped").run().fails_with(&[
            "The bindings that ship with perilune do not describe the headers of the directory",
            difference,
            "PERILUNE_BINDINGS=bindgen",
            "libclang",
        ]);
    }
    // bindgen reads the changed header and is right.
    let include = changed_headers("lua5.4", "changed-for-bindgen", "lua.h", "#define LUA_MINSTACK\t20", "#define LUA_MINSTACK\t40");
    let build = Build::new().set("PERILUNE_INCLUDE_DIR", include).set("PERILUNE_LIB_DIR", &lib);
    build.set("PERILUNE_BINDINGS", "bindgen").run().tells(&SYSTEM_LUA54);
}

#[test]
fn a_missing_make_or_compiler_is_said_in_a_sentence() {
    if !asked_for() {
        return;
    }
    let path = path_without("no-make", &["make", "gmake"]);
    // Feature by feature, so that no LuaJIT of another test is there already.
    let build = || Build::new().arguments(&["--no-default-features", "--features", "vendored"]);
    build().set("PATH", path).run().fails_with(&[
        "The LuaJIT 2.1 that comes with perilune could not be built",
        "build-essential",
        "build-base",
        "PERILUNE_LINK=system",
    ]);
    build().set("CC", "/nonexistent/cc").set("PERILUNE_LINK", "system").run().fails_with(&["needs a C compiler", "/nonexistent/cc", "CC"]);
}

#[test]
fn every_macro_of_the_headers_is_a_function_here() {
    if !asked_for() {
        return;
    }
    // For the programs `lua` and `luac`, for Lua's own libraries, or for sources older than the release.
    const OTHERS: [&str; 6] = ["lua_assert", "lua_writestring", "lua_writeline", "lua_writestringerror", "luaL_intop", "lua_Chunkreader"];
    const OLD_INTEGERS: [&str; 9] = [
        "lua_pushunsigned",
        "lua_tounsignedx",
        "lua_tounsigned",
        "luaL_checkunsigned",
        "luaL_optunsigned",
        "luaL_checkint",
        "luaL_optint",
        "luaL_checklong",
        "luaL_optlong",
    ];
    for (package, own) in [("luajit", "macros_luajit.rs"), ("lua5.4", "macros_lua54.rs")] {
        let sys = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sys");
        let ours = ["macros.rs", own].map(|file| fs::read_to_string(sys.join(file)).expect("src/sys can be read")).concat();
        for header in ["lua.h", "lauxlib.h", "lualib.h"] {
            let text = fs::read_to_string(headers(package).join(header)).expect("the header can be read");
            let macros = text.lines().filter_map(|line| line.trim_start().strip_prefix("#define")?.trim_start().split_once('('));
            for (name, _) in macros.filter(|(name, _)| name.starts_with("lua") && !name.contains(char::is_whitespace)) {
                let elsewhere = OTHERS.contains(&name) || (package == "lua5.4" && OLD_INTEGERS.contains(&name));
                assert!(elsewhere || ours.contains(&format!("fn {name}(")) || ours.contains(&format!("fn {name}<")), "{name} of {package}");
            }
        }
    }
}
