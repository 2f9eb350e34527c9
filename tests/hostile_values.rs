//! Values that fight: metamethods that fail or lie, tables that change under an iterator, sizes beyond all limits. Each
//! ends in an error or a result; the stack is as it was and the VM works.

mod common;

use std::collections::{HashSet, VecDeque};
use std::env;
use std::process::Command;

use common::{SPARSE, check, with};
use perilune::{Error, FromLua, Function, IntoLua, Lua, LuaString, Result, State, Table, Value, Variadic};

fn table(state: &mut State, expression: &str) -> Result<Table> {
    state.load(&format!("return {expression}")).eval()
}

// ---- Metamethods

#[test]
fn an_error_in_a_metamethod_is_the_operations_error() {
    with(|lua| {
        let meta =
            "setmetatable({}, { __index = error, __newindex = error, __len = error, __eq = error, __tostring = error, __call = error })";
        let (hostile, other) = (table(lua, meta)?, table(lua, meta)?);
        for _ in 0..100 {
            assert!(matches!(hostile.get::<Value>(lua, "x").unwrap_err(), Error::Runtime(_)));
            assert!(matches!(hostile.contains_key(lua, 1).unwrap_err(), Error::Runtime(_)));
            assert!(matches!(hostile.set(lua, "x", 1).unwrap_err(), Error::Runtime(_)));
            assert!(matches!(Value::Table(hostile.clone()).to_text(lua).unwrap_err(), Error::Runtime(_)));
        }
        // `__eq` of two metatables is not asked on LuaJIT; `__len` of tables only where it was built so.
        assert!(hostile.equals(lua, &other).is_ok_and(|equal| !equal) || hostile.equals(lua, &other).is_err());
        hostile.len(lua).unwrap_err();
        // What is raw, and conversions are, asks nobody.
        assert!(hostile.is_empty(lua)? && hostile.raw_len(lua)? == 0);
        assert_eq!(hostile.to_vec::<i32>(lua)?, [0; 0]);
        hostile.push(lua, 1)?;
        hostile.raw_set(lua, "x", 2)?;
        hostile.for_each(lua, |_, _: Value, _: i32| Ok(()))?;
        lua.set("hostile", &hostile)?;
        assert_eq!(lua.get::<i32>("hostile.x")?, 2);
        assert!(lua.get::<Value>("hostile.y").is_err() && lua.set("hostile.y", 1).is_err() && lua.set("hostile.y.z", 1).is_err());
        assert!(lua.call::<()>("hostile", ()).is_err());
        Ok(())
    });
}

#[test]
fn the_globals_may_have_a_hostile_metatable() {
    with(|lua| {
        lua.run(
            "setmetatable(_G, { __index = function(_, k) error('no ' .. k) end, __newindex = function(_, k) error('not ' .. k) end })",
        )?;
        assert!(lua.get::<Value>("missing").unwrap_err().to_string().contains("no missing"));
        assert!(lua.get::<Value>("missing.x").unwrap_err().to_string().contains("no missing"));
        assert!(lua.set("missing", 1).unwrap_err().to_string().contains("not missing"));
        assert!(lua.set("missing.x", 1).unwrap_err().to_string().contains("no missing"));
        assert!(lua.register("missing", |_: &mut State, (): ()| Ok(())).unwrap_err().to_string().contains("not missing"));
        assert!(lua.call::<()>("missing", ()).is_err());
        assert!(lua.run("x = 1").is_err());
        assert_eq!(lua.get::<f64>("math.huge")?, f64::INFINITY);
        lua.run("setmetatable(_G, nil)").map(drop)
    });
}

#[test]
fn a_length_that_makes_no_sense_is_an_error() {
    with(|lua| {
        for nonsense in ["-1", "1.5", "'x'", "nil", "0/0", "1/0", "-1/0", "2^63", "-2^63", "{}", "print", "true", "-2^53"] {
            let hostile = table(lua, &format!("setmetatable({{ 1, 2 }}, {{ __len = function() return {nonsense} end }})"))?;
            let error = hostile.len(lua).unwrap_err();
            assert!(matches!(error, Error::Type(_) | Error::Runtime(_)), "{nonsense}: {error:?}");
            assert_eq!(hostile.raw_len(lua)?, 2);
            assert_eq!(hostile.to_vec::<i32>(lua)?, [1, 2]);
        }
        // A length may be a lie; nobody allocates by it.
        let liar = table(lua, "setmetatable({}, { __len = function() return 2^52 end })")?;
        assert_eq!(liar.len(lua)?, 1 << 52);
        assert_eq!(liar.to_vec::<i32>(lua)?, [0; 0]);
        Ok(())
    });
}

#[test]
fn metamethods_that_call_back_change_what_they_like() {
    with(|lua| {
        // `__index` replaces the metatable, empties the table, collects, and calls the host in which it runs.
        let hostile: Table = lua
            .load(
                "local t = { 1, 2, 3 }
                 local meta = {}
                 function meta.__index(self, key)
                   setmetatable(self, nil)
                   for k in pairs(self) do self[k] = nil end
                   self, t = nil, nil
                   collectgarbage()
                   return key .. '!'
                 end
                 return setmetatable(t, meta)",
            )
            .eval()?;
        assert_eq!(hostile.get::<String>(lua, "x")?, "x!");
        assert!(hostile.is_empty(lua)?);
        let chain = table(
            lua,
            "setmetatable({}, { __index = setmetatable({}, { __index = function(_, k) return k end }), __newindex = function(t, k, v) rawset(t, v, k) end })",
        )?;
        assert_eq!(chain.get::<i32>(lua, 5)?, 5);
        chain.set(lua, "key", "value")?;
        assert_eq!(chain.raw_get::<String>(lua, "value")?, "key");
        // `__newindex` that wants what no table can have.
        let nil_key = table(lua, "setmetatable({}, { __newindex = function(t, k, v) rawset(t, v, k) end })")?;
        assert!(nil_key.set(lua, 1, None::<i32>).is_err());
        assert!(nil_key.set(lua, 1, f64::NAN).is_err());
        Ok(())
    });
}

// ---- Keys

#[test]
fn nil_and_nan_are_no_keys_for_writing_and_find_nothing() {
    with(|lua| {
        let plain = lua.create_table()?;
        let proxy = table(lua, "setmetatable({}, { __newindex = function() error('asked') end })")?;
        for t in [&plain, &proxy] {
            assert!(t.get::<Value>(lua, None::<i32>)?.is_nil() && t.get::<Value>(lua, f64::NAN)?.is_nil());
            assert!(t.raw_get::<Value>(lua, None::<i32>)?.is_nil() && t.raw_get::<Value>(lua, f64::NAN)?.is_nil());
            assert!(!t.contains_key(lua, Value::Nil)?);
            assert!(t.set(lua, None::<i32>, 1).is_err() && t.set(lua, f64::NAN, 1).is_err());
            assert!(matches!(t.raw_set(lua, Value::Nil, 1).unwrap_err(), Error::Type(_)));
            assert!(matches!(t.raw_set(lua, f32::NAN, 1).unwrap_err(), Error::Type(_)));
        }
        assert!(matches!(lua.create_table_from([(f64::NAN, 1)]).unwrap_err(), Error::Type(_)));
        assert!(matches!(lua.create_table_from([(1.0, 1), (f64::NAN, 1)]).unwrap_err(), Error::Type(_)));
        assert!(matches!(lua.create_table_from([(None::<i32>, 1)]).unwrap_err(), Error::Type(_)));
        // All other odd numbers are.
        for key in [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1e300, -1.5, 9.0e15, 9.3e18] {
            plain.set(lua, key, key)?;
            assert_eq!(plain.get::<f64>(lua, key)?, key);
        }
        Ok(())
    });
}

// ---- Tables that change

#[test]
fn a_table_may_change_while_it_is_traversed() {
    with(|lua| {
        let changes = [
            "t[k] = nil",                                         // the current entry
            "for key in pairs(t) do t[key] = nil end",            // all
            "t[k] = nil collectgarbage() collectgarbage()",       // and it is collected
            "t[k] = { }",                                         // another value
            "for i = 1, 50 do t['new' .. n .. '-' .. i] = i end", // many new ones: an error, or the new ones too
            "for i = 1, 50 do t[i + n * 50] = i end",
            "for key in pairs(t) do t[key] = nil end for i = 1, 200 do t[i * 1000] = i end",
            "setmetatable(t, { __index = error, __newindex = error, __pairs = error, __len = error })",
        ];
        for change in changes {
            let t = table(lua, "{ 1, 2, 3, a = 1, b = 2, c = 3, [1.5] = 4, [true] = 5 }")?;
            let step: Function = lua.load(&format!("local n = 0 return function(t, k) n = n + 1 {change} return n end")).eval()?;
            let mut seen = 0;
            let outcome = t.for_each(lua, |state, key: Value, _: Value| {
                seen += 1;
                step.call::<i32>(state, (&t, key))?;
                if seen > 10_000 { Err(Error::runtime("enough")) } else { Ok(()) }
            });
            match outcome {
                Ok(()) => assert!(seen >= 1),
                Err(Error::Runtime(_)) => {}
                Err(other) => panic!("{change}: {other:?}"),
            }
            check(lua);
        }
        Ok(())
    });
}

#[test]
fn conversions_may_change_the_table_that_they_are_part_of() {
    struct Saboteur;

    impl FromLua for Saboteur {
        fn from_lua(_: Value, state: &mut State) -> Result<Self> {
            state.run("for key in pairs(victim) do victim[key] = nil end for i = 1, 100 do victim[-i] = i end collectgarbage()")?;
            Ok(Self)
        }
    }

    with(|lua| {
        for _ in 0..20 {
            let victim = table(lua, "{ 1, 2, 3, 4, 5, 6, 7, 8, a = 1, b = 2 }")?;
            lua.set("victim", &victim)?;
            drop(victim.to_vec::<Saboteur>(lua));
            let victim = table(lua, "{ 1, 2, 3, 4, 5, 6, 7, 8, a = 1, b = 2 }")?;
            lua.set("victim", &victim)?;
            for entry in victim.pairs::<Value, Saboteur>(lua)?.take(1000) {
                drop(entry);
            }
            for item in victim.sequence::<Saboteur>(lua)?.take(1000) {
                drop(item);
            }
            drop(lua.get::<std::collections::HashMap<String, Saboteur>>("victim"));
            drop(lua.get::<[Saboteur; 3]>("victim"));
            drop(lua.load("return victim, victim").eval::<(Vec<Saboteur>, Vec<Saboteur>)>());
            lua.set("victim", 1)?;
        }
        Ok(())
    });
}

impl FromLua for Ignored {
    fn from_lua(_: Value, _: &mut State) -> Result<Self> {
        Ok(Self)
    }
}

/// What a table of anything converts to.
struct Ignored;

#[test]
fn traversals_within_traversals_have_room() {
    fn nested(state: &mut State, t: &Table, depth: u32, count: &mut u32) -> Result<()> {
        t.for_each(state, |state, _: i32, _: i32| {
            *count += 1;
            if depth > 0 {
                nested(state, t, depth - 1, count)?;
            }
            for entry in t.pairs::<i32, Value>(state).into_iter().flatten() {
                entry?;
            }
            for item in t.sequence::<String>(state).into_iter().flatten() {
                item?;
            }
            assert_eq!(state.load("return 1, 2, 3").eval::<(i32, i32, i32)>()?, (1, 2, 3));
            Ok(())
        })
    }

    with(|lua| {
        let single = lua.create_sequence([7])?;
        let mut count = 0;
        nested(lua, &single, 40, &mut count)?;
        assert_eq!(count, 41);
        lua.set("single", &single)?;
        lua.register("nest", move |state: &mut State, _: Variadic<Value>| -> Result<u32> {
            let mut count = 0;
            nested(state, &single, 40, &mut count)?;
            Ok(count)
        })?;
        assert_eq!(lua.load("return nest(1, 2, 3)").eval::<u32>()?, 41);
        assert_eq!(lua.load("return nest((table.unpack or unpack)({}, 1, 300))").eval::<u32>()?, 41);
        assert_eq!(lua.load("return coroutine.wrap(nest)(1)").eval::<u32>()?, 41);
        Ok(())
    });
}

#[test]
fn iterators_that_are_forgotten_take_room_and_nothing_else() {
    fn forget(state: &mut State, t: &Table) -> Result<usize> {
        let mut forgotten = 0;
        loop {
            let Ok(mut pairs) = t.pairs::<i32, String>(state) else { break };
            assert_eq!(pairs.next().unwrap()?, (1, "a".to_owned()));
            std::mem::forget(pairs);
            let Ok(mut sequence) = t.sequence::<String>(state) else { break };
            assert_eq!(sequence.next().unwrap()?, "a");
            std::mem::forget(sequence);
            forgotten += 1;
            assert!(forgotten < 1000, "a frame's room is limited");
        }
        // The frame is full: everything else makes itself room.
        assert!(matches!(t.pairs::<i32, String>(state).unwrap_err(), Error::Unsupported { .. }));
        check(state);
        assert_eq!(t.to_vec::<String>(state)?, ["a", "b"]);
        t.for_each(state, |state, _: i32, _: String| state.run("return 1, 2, 3").map(drop))?;
        let f: Function = state.load("return function(...) return ... end").eval()?;
        assert_eq!(f.call::<Variadic<i32>>(state, Variadic((0..200).collect()))?.len(), 200);
        assert!(f.call::<Variadic<i32>>(state, Variadic(vec!["x"; 200])).is_err());
        assert!(state.run("error({})").is_err());
        state.set("a.b.c", 1)?;
        assert_eq!(state.get::<Vec<Vec<Vec<i32>>>>("nothing").ok(), None);
        state.register("late", |_: &mut State, (a, b): (&str, &str)| Ok(format!("{a}{b}")))?;
        assert_eq!(state.call::<String>("late", ("x", 1))?, "x1");
        Ok(forgotten)
    }

    let mut lua = Lua::new().unwrap();
    let t = lua.create_sequence(["a", "b"]).unwrap();
    lua.register("forget", {
        let t = t.clone();
        move |state: &mut State, (): ()| forget(state, &t)
    })
    .unwrap();
    for _ in 0..3 {
        assert!(lua.load("return forget()").eval::<usize>().unwrap() >= 1, "a callback has a frame of its own");
    }
    assert!(forget(&mut lua, &t).unwrap() >= 1);
    assert_eq!(forget(&mut lua, &t).unwrap(), 0);
    check(&mut lua);
    lua.close().unwrap();
}

// ---- Sizes

#[test]
fn sizes_beyond_every_limit_are_errors() {
    /// Nothing in memory, so that there can be more of them than of anything.
    #[derive(Clone, Copy)]
    struct Nothing;

    impl IntoLua for Nothing {
        fn into_lua(self, _: &mut State) -> Result<Value> {
            panic!("none of them should be converted")
        }
    }

    with(|lua| {
        for (array, hash) in [(0, usize::MAX), (usize::MAX, usize::MAX), (usize::MAX, 1 << 31), (1, usize::MAX), (0, 1 << 40)] {
            let error = lua.create_table_with_capacity(array, hash).unwrap_err();
            assert!(matches!(error, Error::Memory(_) | Error::Runtime(_)), "{array}, {hash}: {error:?}");
        }
        let f: Function = lua.load("return function() end").eval()?;
        for count in [1 << 24, 1 << 31, (1 << 31) - 3, (1 << 32) + 1, usize::MAX] {
            let mut many: Variadic<Nothing> = Variadic(Vec::new());
            // SAFETY: they have no size, hence no memory to be initialised.
            unsafe { many.0.set_len(count) };
            let error = f.call::<()>(lua, many).unwrap_err();
            assert!(matches!(error, Error::Memory(_) | Error::Runtime(_)), "{count}: {error:?}");
            let mut many: Variadic<Nothing> = Variadic(Vec::new());
            // SAFETY: as above.
            unsafe { many.0.set_len(count) };
            assert!(f.call::<()>(lua, (1, 2, 3, many)).is_err());
            lua.register("many", move |_: &mut State, (): ()| {
                let mut many: Variadic<Nothing> = Variadic(Vec::new());
                // SAFETY: as above.
                unsafe { many.0.set_len(count) };
                Ok(many)
            })?;
            assert!(lua.run("many()").is_err());
        }
        Ok(())
    });
}

#[test]
fn a_length_that_the_entries_do_not_bear_out_is_refused() {
    with(|lua| {
        let t: Table = lua.load(SPARSE).eval()?;
        assert!(t.raw_len(lua)? > 1_000_000, "{}", t.raw_len(lua)?);
        for error in [
            t.to_vec::<Value>(lua).unwrap_err(),
            Value::Table(t.clone()).to::<VecDeque<Option<i32>>>(lua).unwrap_err(),
            lua.load("return ...").call::<HashSet<Option<i32>>>(&t).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Type(_)) && error.to_string().contains("hardly any entries"), "{error}");
        }
        // Holes are fine where the table has the room.
        let holes: Vec<Option<i32>> = lua.load("return { 1, nil, nil, 4 }").eval()?;
        assert_eq!(holes, [Some(1), None, None, Some(4)]);
        let million: Vec<i32> = lua.load("local t = {} for i = 1, 1000000 do t[i] = i end return t").eval()?;
        assert_eq!(million.len(), 1_000_000);
        Ok(())
    });
}

#[test]
fn thousands_of_values_pass_or_are_refused_as_one() {
    with(|lua| {
        lua.register("count", |_: &mut State, values: Variadic<Value>| -> Result<usize> { Ok(values.len()) })?;
        lua.register("first", |_: &mut State, first: Option<f64>| -> Result<Option<f64>> { Ok(first) })?;
        lua.register("give", |_: &mut State, n: usize| -> Result<Variadic<usize>> { Ok((1..=n).collect()) })?;
        lua.register("echo", |_: &mut State, values: Variadic<Value>| -> Result<Variadic<Value>> { Ok(values) })?;
        lua.run("unpack = unpack or table.unpack")?;
        for n in [0_usize, 1, 15, 16, 17, 19, 20, 21, 200, 255, 256, 1000, 7000] {
            assert_eq!(lua.load("return count(unpack({}, 1, (...)))").call::<usize>(n)?, n);
            assert_eq!(lua.load("return select('#', give((...)))").call::<usize>(n)?, n);
            assert_eq!(lua.load("return select('#', echo(unpack({}, 1, (...))))").call::<usize>(n)?, n);
            assert_eq!(lua.load("return give((...))").call::<Variadic<usize>>(n)?.len(), n);
            assert_eq!(lua.load("return select('#', ...)").call::<usize>(Variadic(vec![0; n]))?, n);
            assert_eq!(lua.load("return unpack({}, 1, (...))").call::<Variadic<Value>>(n)?.len(), n);
        }
        // LuaJIT's C functions have 8,000 slots, Lua 5.4's stack a million.
        for n in [7_990_usize, 8_000, 8_001, 9_000, 65_000, 70_000, 999_900, 1_000_000, 1_000_001] {
            for script in [
                "return select('#', echo(unpack({}, 1, (...))))",
                "return select('#', give((...)))",
                "return (select('#', unpack({}, 1, (...))))",
                "return count(unpack({}, 1, (...)))",
            ] {
                match lua.load(script).call::<usize>(n) {
                    Ok(count) => assert_eq!(count, n, "{script}"),
                    Err(error) => assert!(matches!(error, Error::Runtime(_) | Error::Memory(_)), "{script}, {n}: {error:?}"),
                }
            }
            drop(lua.load("return give((...))").call::<Variadic<usize>>(n).map(|values| assert_eq!(values.len(), n)));
            drop(lua.load("return unpack({}, 1, (...))").call::<Variadic<Value>>(n).map(|values| assert_eq!(values.len(), n)));
            drop(lua.load("return select('#', ...)").call::<usize>(Variadic(vec![0; n])).map(|count| assert_eq!(count, n)));
            drop(lua.call::<usize>("count", Variadic(vec![0; n])).map(|count| assert_eq!(count, n)));
        }
        // More arguments than a C function of LuaJIT may ask for, by a tower of Lua's own.
        let grow = "local function grow(n, ...) if n == 0 then return count(...), first(...) end return grow(n - 1, 1, 2, 3, 4, 5, 6, 7, 8, ...) end
                    return pcall(grow, (...))";
        for levels in [10, 100, 1000, 1_020, 2000, 4000, 8000] {
            let (ok, _): (bool, Value) = lua.load(grow).call(levels)?;
            assert!(ok || levels > 100);
        }
        Ok(())
    });
}

#[test]
fn a_callback_with_any_number_of_arguments_has_room_to_work() {
    with(|lua| {
        lua.register("work", |state: &mut State, values: Variadic<Value>| -> Result<usize> {
            let t = state.create_table()?;
            for (index, value) in values.iter().enumerate().take(3) {
                t.set(state, index, value)?;
            }
            let nested: Vec<Vec<Vec<Vec<i32>>>> = state.load("return {{{{1, 2}}}}").eval()?;
            assert_eq!(nested[0][0][0], [1, 2]);
            state.set("w.x.y.z", nested)?;
            assert!(state.get::<Vec<String>>("w.x.y.z").is_err());
            assert_eq!(state.get::<i32>("w.x.nothing.at_all").ok(), None);
            for entry in t.pairs::<Value, Value>(state)? {
                entry?;
            }
            check(state);
            Ok(values.len())
        })?;
        for n in (0..40).chain([100, 1000, 7000]) {
            assert_eq!(lua.load("return work((unpack or table.unpack)({}, 1, (...)))").call::<usize>(n)?, n);
        }
        Ok(())
    });
}

/// A child with little address space, in which the system itself refuses memory.
const LITTLE_MEMORY: &str = "PERILUNE_LITTLE_MEMORY";

#[test]
fn strings_that_the_system_has_no_memory_for_are_refused() {
    // A sanitizer needs terabytes of address space for itself.
    if env::var_os("ASAN_OPTIONS").is_some() || cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        return;
    }
    if env::var_os(LITTLE_MEMORY).is_none() {
        let program = env::current_exe().unwrap();
        let script = "ulimit -v 500000 && exec \"$0\" --exact strings_that_the_system_has_no_memory_for_are_refused --nocapture";
        let output = Command::new("sh").args(["-c", script]).arg(program).env(LITTLE_MEMORY, "1").output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && said.contains("1 passed"), "{}\n{said}", output.status);
        return;
    }
    with(|lua| {
        // In scripts: some 1 GB, in whatever way it comes about.
        let scripts = [
            "return #string.rep('x', 2^30)",
            "return #string.rep('x', 2^31 - 100)",
            "return #string.rep('0123456789', 2^27)",
            "local s = ('x'):rep(2^20) for i = 1, 11 do s = s .. s end return #s",
            "local t = {} local s = ('x'):rep(2^20) for i = 1, 2^10 do t[i] = s end return #table.concat(t)",
            "return #('x'):rep(2^20):gsub('x', ('x'):rep(2^10))",
            "local s = ('x'):rep(2^28) return #(s .. s):upper():lower():reverse()",
            "local t = {} for i = 1, 2^27 do t[i] = i end",
            "local t = {} for i = 1, 2^27 do t[-i] = i end",
            "local s = ('x'):rep(2^29) return load('return [[' .. s .. ']]')",
        ];
        for script in scripts {
            let error = lua.run(script).unwrap_err();
            assert!(matches!(error, Error::Memory(_)), "{script}: {error:?}");
            lua.gc_collect()?;
            check(lua);
            // The script may catch it and go on.
            let (caught, works): (bool, bool) = lua.load(&format!("return not pcall(function() {script} end), true")).eval()?;
            assert!(caught && works, "{script}");
            lua.gc_collect()?;
        }
        // From Rust: the copy is what there is no memory for.
        let mut large = vec![0_u8; 100 << 20];
        let mut kept = Vec::new();
        let error = loop {
            large[0] += 1; // a string that exists already wants no memory
            match lua.create_string(&large) {
                Ok(string) => kept.push(string),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Memory(_)), "{error:?}");
        assert!(matches!(lua.set("large", &large[..]).unwrap_err(), Error::Memory(_)));
        assert!(matches!(lua.load("return #...").call::<usize>(&large[..]).unwrap_err(), Error::Memory(_)));
        let t = lua.create_table()?;
        assert!(matches!(t.set(lua, &large[..], 1).unwrap_err(), Error::Memory(_)));
        assert!(matches!(t.get::<Value>(lua, &large[..]).unwrap_err(), Error::Memory(_)));
        drop((kept, large));
        lua.gc_collect()?;
        check(lua);
        Ok(())
    });
}

#[test]
fn a_hundred_thousand_handles_live_at_once() {
    with(|lua| {
        let mut handles: Vec<(LuaString, Table)> = Vec::new();
        for n in 0..50_000_u32 {
            let t = lua.create_table_with_capacity(1, 0)?;
            t.raw_set(lua, 1, n)?;
            handles.push((lua.create_string(n.to_string())?, t));
        }
        lua.gc_collect()?;
        for (n, (text, t)) in handles.iter().enumerate() {
            assert_eq!(text.to_str(lua)?, n.to_string());
            assert_eq!(t.raw_get::<usize>(lua, 1)?, n);
        }
        // Every third one goes, some of them on another thread; the slots of those are taken by others.
        let (gone, mut kept): (Vec<_>, Vec<_>) = handles.into_iter().enumerate().partition(|(n, _)| n % 3 == 0);
        std::thread::spawn(move || drop(gone)).join().unwrap();
        for n in 50_000..70_000_usize {
            let t = lua.create_sequence([n])?;
            kept.push((n, (lua.create_string(n.to_string())?, t)));
        }
        lua.gc_collect()?;
        for (n, (text, t)) in &kept {
            assert_eq!(text.to_str(lua)?, n.to_string());
            assert_eq!(t.raw_get::<usize>(lua, 1)?, *n);
        }
        drop(kept);
        lua.gc_collect()
    });
}

#[test]
fn values_of_the_wrong_kind_are_refused_wherever_they_stand() {
    with(|lua| {
        lua.run("function f(...) return ... end t = setmetatable({}, { __tostring = error, __name = 7 })")?;
        for value in ["t", "print", "coroutine.create(print)", "true", "'x'", "{}", "nil"] {
            let script = format!("return {value}");
            assert!(lua.load(&script).eval::<i32>().is_err(), "{value}");
            assert!(lua.load(&script).eval::<(Function, i32)>().is_err(), "{value}");
            assert!(lua.load(&format!("return {{ {value}, 1 }}")).eval::<[i32; 2]>().is_err(), "{value}");
            assert!(lua.load(&format!("return {{ [1] = {value} or false }}")).eval::<Vec<i32>>().is_err(), "{value}");
            let value: Value = lua.load(&script).eval()?;
            assert!(lua.set("wrong", &value).and_then(|()| lua.get::<i32>("wrong")).is_err());
            assert!(value.to::<u8>(lua).is_err());
        }
        // A sequence with holes ends where Lua says.
        let holes: Vec<Option<i32>> = lua.load("return { 1, nil, 3 }").eval()?;
        assert!(holes == [Some(1), None, Some(3)] || holes == [Some(1)], "{holes:?}");
        assert!(lua.load("return { 1, nil, 3 }").eval::<Vec<Ignored>>().is_ok());
        Ok(())
    });
}
