//! Which libraries a VM has, and that the safe ones are airtight. What scripts can try from inside is in
//! `scripts/sandbox_*.lua`.

mod common;

use common::is_luajit;
use perilune::{Builder, Bytes, Error, Function, Libs, Lua, Result, State, Value};

fn with(libs: Libs) -> Lua {
    Lua::builder().libs(libs).build().unwrap()
}

fn with_unsafe(libs: Libs) -> Lua {
    // SAFETY: the tests run no script but their own.
    unsafe { Lua::builder().unsafe_libs(libs) }.build().unwrap()
}

/// The names of the globals, sorted.
fn globals(lua: &mut Lua) -> Vec<String> {
    let globals = lua.globals().unwrap();
    let mut names: Vec<String> = globals.pairs::<String, Value>(lua).unwrap().map(|entry| entry.unwrap().0).collect();
    names.sort();
    names
}

/// Whether the expression is something other than nil.
fn has(lua: &mut Lua, expression: &str) -> bool {
    lua.load(&format!("return {expression}")).eval::<Value>().is_ok_and(|value| !value.is_nil())
}

#[test]
fn a_vm_without_libraries_has_no_names_at_all() {
    let mut lua = with(Libs::NONE);
    assert_eq!(globals(&mut lua), [""; 0]);
    assert_eq!(lua.load("local t = { 1, x = 'y' } return #t + 40 + 1").eval::<i32>().unwrap(), 42);
    let error = lua.run("return ('x'):len()").unwrap_err();
    assert!(error.to_string().contains("attempt to index"), "{error}");
    let error = lua.run("local t = nil t.x = 1").unwrap_err();
    assert!(error.traceback().is_some());
}

#[test]
fn each_library_is_there_exactly_when_it_was_asked_for() {
    let libraries = [
        (Libs::COROUTINE, "coroutine", true),
        (Libs::TABLE, "table", true),
        (Libs::STRING, "string", true),
        (Libs::MATH, "math", true),
        (Libs::BIT, "bit", is_luajit()),
        (Libs::UTF8, "utf8", !is_luajit()),
        (Libs::OS, "os", true),
        (Libs::JIT, "jit", is_luajit()),
    ];
    for base in [Libs::NONE, Libs::BASE] {
        for (lib, name, exists) in libraries {
            let mut lua = with(base | lib);
            for (_, other, _) in libraries {
                assert_eq!(has(&mut lua, other), exists && other == name, "{other} in a VM with {name}");
            }
            assert_eq!(has(&mut lua, "print"), base == Libs::BASE);
        }
        // And each may be missing alone.
        for (lib, name, _) in libraries {
            let mut lua = with((Libs::SAFE - Libs::BASE - lib) | base);
            for (_, other, exists) in libraries {
                assert_eq!(has(&mut lua, other), exists && other != name, "{other} in a VM without {name}");
            }
        }
    }
}

#[test]
fn every_set_of_safe_libraries_opens() {
    for bits in 0..512_u32 {
        let singles = [Libs::BASE, Libs::COROUTINE, Libs::TABLE, Libs::STRING, Libs::MATH, Libs::BIT, Libs::UTF8, Libs::OS, Libs::JIT];
        let libs = singles.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).fold(Libs::NONE, |libs, (_, lib)| libs | *lib);
        let mut lua = with(libs);
        assert_eq!(lua.load("return 1").eval::<i32>().unwrap(), 1);
        if libs.contains(Libs::BASE) {
            lua.run("assert(not debug and not io and not ffi and not require and not newproxy and not setfenv)").unwrap();
            lua.run("assert(load('\\27Lua') == nil and not pcall(setmetatable, '', {}))").unwrap();
        }
    }
}

#[test]
fn an_unsafe_library_needs_the_unsafe_call() {
    let unsafe_ones = [
        Libs::UNCHECKED,
        Libs::PACKAGE,
        Libs::IO,
        Libs::OS_UNSAFE,
        Libs::DEBUG,
        Libs::FFI,
        Libs::JIT_UNSAFE,
        Libs::ALL,
        Libs::ALL - Libs::SAFE,
    ];
    for libs in unsafe_ones {
        for builder in [Lua::builder().libs(libs), Lua::builder().libs(libs | Libs::SAFE), Lua::builder().libs(libs).libs(Libs::SAFE)] {
            let error = builder.build().unwrap_err();
            assert!(matches!(error, Error::Unsupported { .. }), "{error}");
            assert!(error.to_string().contains("unsafe_libs"), "{error}");
        }
    }
}

#[test]
fn safe_libraries_chosen_later_do_not_take_the_unsafe_ones_away() {
    // SAFETY: nothing is run but the line below.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO) }.libs(Libs::BASE).build().unwrap();
    assert!(has(&mut lua, "io") && !has(&mut lua, "string"));
}

#[test]
fn an_unsafe_library_brings_what_it_says_and_nothing_else() {
    let names = [
        (Libs::PACKAGE, "require", true),
        (Libs::PACKAGE, "package.loaded", true),
        (Libs::IO, "io.open", true),
        (Libs::OS_UNSAFE, "os.getenv", true),
        (Libs::OS_UNSAFE, "os.execute", true),
        (Libs::DEBUG, "debug.setupvalue", true),
        (Libs::FFI, "ffi.new", is_luajit()),
        (Libs::JIT_UNSAFE, "jit.off", is_luajit()),
        (Libs::JIT_UNSAFE, "jit.opt", is_luajit()),
        (Libs::UNCHECKED, "dofile", true),
        (Libs::UNCHECKED, "loadfile", true),
        (Libs::UNCHECKED, "string.dump", true),
        (Libs::UNCHECKED, "setfenv", is_luajit()),
        (Libs::UNCHECKED, "newproxy", is_luajit()),
    ];
    for (libs, ..) in names {
        if !is_luajit() && (libs == Libs::FFI || libs == Libs::JIT_UNSAFE) {
            continue;
        }
        let mut lua = with_unsafe(libs);
        for (other, name, exists) in names {
            assert_eq!(has(&mut lua, name), exists && other == libs, "{name} in a VM with {libs:?}");
        }
        common::check(&mut lua);
    }
    let mut lua = with_unsafe(Libs::ALL);
    for (_, name, exists) in names {
        assert_eq!(has(&mut lua, name), exists, "{name}");
    }
    common::check(&mut lua);
}

#[test]
fn luajits_libraries_are_unsupported_on_lua_5_4() {
    for libs in [Libs::FFI, Libs::JIT_UNSAFE, Libs::FFI | Libs::DEBUG] {
        // SAFETY: nothing is run.
        let outcome = unsafe { Lua::builder().unsafe_libs(libs) }.build();
        if is_luajit() {
            assert!(outcome.is_ok());
        } else {
            assert!(matches!(outcome.unwrap_err(), Error::Unsupported { .. }));
        }
    }
    // Asking for all there are is no mistake.
    common::check(&mut with_unsafe(Libs::ALL));
}

#[test]
fn the_host_too_has_to_say_that_it_means_bytecode() {
    let mut trusted = with_unsafe(Libs::UNCHECKED);
    let code: Bytes = trusted.load("return string.dump(load('return 42'))").eval().unwrap();
    let mut lua = Lua::new().unwrap();
    for prefix in [&b""[..], b"#\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf#!\n"] {
        let text = [prefix, &code.0].concat();
        for outcome in [lua.load(&text).exec(), lua.load(&text).check(), lua.load(&text).into_function().map(drop)] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::Syntax(_)), "{error:?}");
        }
    }
    // SAFETY: it was made a moment ago by the same VM.
    assert_eq!(unsafe { lua.load(&code.0).allow_bytecode() }.eval::<i32>().unwrap(), 42);
}

#[test]
fn the_ffi_stays_shut_when_a_script_writes_its_literals() {
    if !is_luajit() {
        return;
    }
    let mut lua = Lua::new().unwrap();
    lua.run("x = 5LL y = 2i").unwrap();
    assert!(!has(&mut lua, "ffi") && !has(&mut lua, "require"));
    assert_eq!(lua.get::<Value>("x").unwrap().type_name(), "cdata");
    assert!(matches!(lua.get::<i64>("x").unwrap_err(), Error::Type(_)));
    assert!(matches!(lua.get::<String>("x").unwrap_err(), Error::Type(_)));
    assert!(matches!(lua.get::<Vec<i32>>("x").unwrap_err(), Error::Type(_)));
    assert_eq!(lua.get::<Value>("x").unwrap().to_text(&mut lua).unwrap(), "5LL");
    // A name that reaches into one finds no field, and no crash.
    assert!(lua.get::<Value>("x.y").is_err());
    assert!(lua.set("x.y", 1).is_err());
    common::check(&mut lua);
}

#[test]
fn neither_callbacks_nor_their_errors_show_what_they_are_made_of() {
    let mut lua = Lua::new().unwrap();
    lua.register("fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("no")) }).unwrap();
    lua.run(
        "assert(type(fail) == 'function' and getmetatable(fail) == nil)
         local ok, e = pcall(fail)
         assert(getmetatable(e) == false and tostring(e) == 'no')
         assert(not pcall(setmetatable, e, {}))",
    )
    .unwrap();
    // The environment of a script is its own, and the registry nowhere in it.
    let walk: Function = lua
        .load(
            "local seen = {}
             local function walk(v)
               if type(v) ~= 'table' or seen[v] then return 0 end
               seen[v] = true
               local n = 1
               for key, value in next, v do n = n + walk(key) + walk(value) end
               return n + walk(getmetatable(v) or nil)
             end
             return walk",
        )
        .eval()
        .unwrap();
    let globals = lua.globals().unwrap();
    let tables = walk.call::<usize>(&mut lua, &globals).unwrap();
    let libraries = ["coroutine", "table", "string", "math", "bit", "utf8", "os", "jit"];
    let present = libraries.iter().filter(|name| has(&mut lua, name)).count();
    assert_eq!(tables, 1 + present);
}

#[test]
fn what_one_vm_does_to_its_libraries_is_no_other_vms() {
    let (mut one, mut two) = (Lua::new().unwrap(), Lua::new().unwrap());
    one.run("for name in pairs(string) do string[name] = nil end math.pi = 3 _G.print = nil").unwrap();
    two.run("assert(string.len('x') == 1 and math.pi > 3.1 and print)").unwrap();
}

#[test]
fn an_environment_is_all_that_its_chunk_sees() {
    let mut lua = Lua::new().unwrap();
    let environment = lua.create_table().unwrap();
    let chunk = "x = 1 local mt = ('').format return y, mt ~= nil";
    assert!(lua.load(chunk).environment(&environment).eval::<(Option<i32>, bool)>().unwrap().0.is_none());
    assert!(lua.load("print(1)").environment(&environment).exec().is_err());
    assert!(lua.get::<Option<i32>>("x").unwrap().is_none());
    assert_eq!(environment.get::<i32>(&mut lua, "x").unwrap(), 1);
}

#[test]
fn options_do_not_leak_from_one_builder_to_another() {
    let builders: [fn() -> Builder; 2] = [Lua::builder, || Lua::builder().libs(Libs::NONE)];
    let counts = builders.map(|builder| globals(&mut builder().build().unwrap()).len());
    assert!(counts[0] > 25 && counts[1] == 0, "{counts:?}");
}

/// Neither a finalizer nor a variable to be closed: what never ended would have nobody to stop it.
#[test]
fn closing_a_vm_runs_nothing_of_a_script() {
    let ran = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let mut lua = Lua::new().unwrap();
    let count = ran.clone();
    lua.register("ran", move |_: &mut State, (): ()| {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    })
    .unwrap();
    lua.run("pcall(function() trap = setmetatable({}, { __gc = ran }) end) kept = setmetatable({}, { __close = ran }) if newproxy then getmetatable(newproxy(true)).__gc = ran end").unwrap();
    if !is_luajit() {
        lua.run("co = coroutine.create(function() local x <close> = kept coroutine.yield() end) coroutine.resume(co)").unwrap();
    }
    drop(lua);
    assert_eq!(ran.load(std::sync::atomic::Ordering::Relaxed), 0);
}
