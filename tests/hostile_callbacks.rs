//! Callbacks that do what they should not: replace or drop themselves, close other VMs, re-enter, fail in every place from
//! which Lua can call them; and handles, iterators and raw code used against the rules. The VM survives all of it.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use common::{check, height, quietly, with};
use perilune::{Error, FromLua, Function, IntoLua, Lua, LuaString, Result, StackGuard, State, Table, Value, Variadic, lua_sys};

// ---- What a callback does to itself and to others

#[test]
fn a_callback_may_replace_itself_while_it_runs() {
    with(|lua| {
        let dropped = Arc::new(AtomicUsize::new(0));
        struct Witness(Arc<AtomicUsize>, String);
        impl Drop for Witness {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        for round in 0..50 {
            let witness = Witness(Arc::clone(&dropped), format!("captured {round}"));
            lua.register("again", move |state: &mut State, (text, bytes): (&str, &[u8])| -> Result<String> {
                state.register("again", |_: &mut State, (): ()| Ok("the new one"))?;
                state.run("again_too = nil")?;
                for _ in 0..3 {
                    state.gc_collect()?;
                }
                let new: String = state.call("again", ())?;
                // What it captured and what it borrows is still there.
                Ok(format!("{} {text} {} {new}", witness.1, bytes.len()))
            })?;
            let text = lua.load("return again(('x'):rep(20) .. ..., 12)").call::<String>(round)?;
            assert_eq!(text, format!("captured {round} {}{round} 2 the new one", "x".repeat(20)));
            lua.gc_collect()?;
            assert_eq!(dropped.load(Ordering::Relaxed), round + 1);
        }
        Ok(())
    });
}

#[test]
fn a_callback_may_spoil_the_globals_that_it_was_called_through() {
    with(|lua| {
        lua.register("game.spoil", |state: &mut State, (): ()| -> Result<()> {
            let globals = state.globals()?;
            let names: Vec<String> = globals.pairs::<String, Value>(state)?.map(|entry| entry.unwrap().0).collect();
            assert!(names.contains(&"game".to_owned()));
            let saved = state.create_table()?;
            for name in &names {
                let value: Value = globals.get(state, name.as_str())?;
                saved.set(state, name.as_str(), value)?;
            }
            globals.clear(state)?;
            state.gc_collect()?;
            assert!(state.run("print(1)").is_err() && state.get::<Value>("game.spoil")?.is_nil());
            assert!(state.load("return 1").eval::<i32>()? == 1);
            for name in &names {
                let value: Value = saved.get(state, name.as_str())?;
                globals.set(state, name.as_str(), value)?;
            }
            Ok(())
        })?;
        lua.run("local game_too = game for i = 1, 3 do game_too.spoil() end game = nil").map(drop)
    });
}

#[test]
fn a_callback_may_open_use_move_and_close_other_vms() {
    with(|lua| {
        let mut other = Some(Lua::new()?);
        let mut kept: Option<Value> = None;
        lua.register_mut("other", move |state: &mut State, what: &str| -> Result<String> {
            match what {
                "use" => {
                    let vm = other.as_mut().unwrap();
                    vm.set("x", vm_text(state)?)?;
                    kept = Some(vm.load("return { x }").eval()?);
                    // Its values are not this VM's.
                    assert!(matches!(state.set("y", kept.clone().unwrap()).unwrap_err(), Error::ForeignHandle));
                    vm.get("x")
                }
                "move" => {
                    let vm = other.take().unwrap();
                    other = Some(thread::spawn(move || vm).join().unwrap());
                    Ok("moved".to_owned())
                }
                "close" => {
                    other.take().unwrap().close()?;
                    assert!(matches!(state.set("y", kept.clone().unwrap()).unwrap_err(), Error::ForeignHandle | Error::Closed));
                    Ok("closed".to_owned())
                }
                _ => {
                    let mut inner = Lua::new()?;
                    inner.register("fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("inner")) })?;
                    let error = inner.run("fail()").unwrap_err();
                    drop(inner);
                    Err(error) // outlives its VM
                }
            }
        })?;
        // What the last call wants is gone, which it panics about.
        let script = "assert(other('use') == 'from here')
             assert(other('move') == 'moved') assert(other('use') == 'from here')
             assert(other('close') == 'closed')
             local ok, e = pcall(other, 'fail')
             assert(not ok and tostring(e):find('inner', 1, true))
             assert(not pcall(other, 'use'))";
        quietly(|| lua.run(script)).map(drop)
    });
}

fn vm_text(_: &mut State) -> Result<String> {
    Ok("from here".to_owned())
}

#[test]
fn vms_nest_within_each_others_callbacks() {
    fn nest(depth: u32) -> Result<u32> {
        let mut lua = Lua::new()?;
        lua.register("deeper", move |_: &mut State, n: u32| if n == 0 { Ok(0) } else { nest(n - 1).map(|n| n + 1) })?;
        lua.load("return deeper(...)").call(depth)
    }
    assert_eq!(nest(20).unwrap(), 20);
    let error = nest(u32::MAX).unwrap_err();
    assert!(error.to_string().contains("C stack overflow"), "{error}");
}

#[test]
fn a_closure_that_changes_is_not_re_entered_and_goes_on_afterwards() {
    with(|lua| {
        let mut count = 0;
        lua.register_mut("once", move |state: &mut State, again: Option<Function>| -> Result<u32> {
            count += 1;
            if let Some(again) = again {
                again.call::<()>(state, ())?;
            }
            Ok(count)
        })?;
        lua.run(
            "local busy = 'was called while it was still running'
             assert(once() == 1)
             local ok, e = pcall(once, function() once() end)
             assert(not ok and tostring(e):find(busy, 1, true), tostring(e))
             local inner
             assert(once(function() inner = { pcall(once) } end) == 3)
             assert(not inner[1] and tostring(inner[2]):find(busy, 1, true))
             ok, e = pcall(once, function() coroutine.wrap(once)() end)
             assert(not ok and tostring(e):find(busy, 1, true))
             ok, e = pcall(once, function() table.sort({ 1, 2 }, function() once() end) end)
             assert(not ok)
             assert(once() == 6)",
        )
        .map(drop)?;
        // A panic leaves it usable too, as does being replaced while it runs.
        lua.register_mut("once", |state: &mut State, panics: bool| -> Result<()> {
            state.register_mut("once", |_: &mut State, (): ()| Ok(7))?;
            state.gc_collect()?;
            assert!(!panics, "on purpose");
            Ok(())
        })?;
        lua.run("first = once")?;
        quietly(|| assert!(matches!(lua.run("first(true)").unwrap_err(), Error::Panic(_))));
        lua.run("first(false) assert(once() == 7)").map(drop)
    });
}

// ---- Where callbacks are called from

/// `fail` raises, `panic` panics, `echo` gives back, `yield_through` calls Lua.
fn rigged(lua: &mut Lua) -> Result<()> {
    lua.register("fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("from the host")) })?;
    lua.register("panic", |_: &mut State, (): ()| -> Result<()> { panic!("from the host") })?;
    lua.register("echo", |_: &mut State, values: Variadic<Value>| -> Result<Variadic<Value>> { Ok(values) })?;
    lua.register("call", |state: &mut State, (f, values): (Function, Variadic<Value>)| -> Result<Variadic<Value>> {
        f.call(state, values)
    })?;
    lua.register("working", |state: &mut State, _: Variadic<Value>| -> Result<bool> {
        check(state);
        Ok(true)
    })
}

/// Scripts that call the function `f` from every place there is.
const PLACES: &[&str] = &[
    "f()",
    "(f)(1, 2, 3)",
    "table.sort({ 3, 1, 2 }, f)",
    "table.sort({ 3, 1, 2, 5, 4 }, function(a, b) f() return a < b end)",
    "('abc'):gsub('.', f)",
    "('abc'):gsub('.', setmetatable({}, { __index = f }))",
    "load(f)",
    "local n = 0 load(function() n = n + 1 if n == 1 then return 'return 1' end f() end)",
    "tostring(setmetatable({}, { __tostring = f }))",
    "('%s'):format(setmetatable({}, { __tostring = f }))",
    "xpcall(error, f)",
    "xpcall(f, f)",
    "xpcall(f, function(e) return f() end)",
    "pcall(f)",
    "coroutine.wrap(f)()",
    "coroutine.resume(coroutine.create(f))",
    "coroutine.wrap(function() f() coroutine.yield(f()) end)()",
    "for _ in f do break end",
    "for _ in f, 1, 2 do break end",
    "for _ in coroutine.wrap(f) do break end",
    "local _ = setmetatable({}, { __index = f }).x",
    "setmetatable({}, { __newindex = f }).x = 1",
    "setmetatable({}, { __call = f })(1)",
    "local _ = setmetatable({}, { __add = f }) + 1",
    "local _ = 1 .. setmetatable({}, { __concat = f })",
    "local _ = -setmetatable({}, { __unm = f })",
    "local meta = { __eq = f, __lt = f, __le = f } local a, b = setmetatable({}, meta), setmetatable({}, meta) local _ = a == b, a < b, a <= b",
    "os.time(setmetatable({}, { __index = f }))",
    "print(setmetatable({}, { __tostring = function() f() error('not printed') end }))",
    "if not jit then local _ = #setmetatable({}, { __len = f }) end",
    "if not jit then for _ in pairs(setmetatable({}, { __pairs = f })) do break end end",
    "if not jit then table.concat(setmetatable({}, { __index = f, __len = function() return 2 end })) end",
    "if not jit then table.insert(setmetatable({}, { __newindex = f }), 1) end",
    "if not jit then load([[local f = ... local x <close> = setmetatable({}, { __close = f }) ]])(f) end",
    "if not jit then load([[local f = ... local x <close> = setmetatable({}, { __close = f }) error('x') ]])(f) end",
    "if coroutine.close then
       local co = coroutine.create(load([[local f = ... local x <close> = setmetatable({}, { __close = f }) coroutine.yield() ]]))
       coroutine.resume(co, f)
       coroutine.close(co)
     end",
    "call(f)",
    "call(call, f)",
    "call(coroutine.wrap(call), f)",
    "call(pcall, f)",
    "call(table.sort, { 2, 1 }, f)",
];

#[test]
fn a_callback_can_be_called_from_every_place() {
    with(|lua| {
        rigged(lua)?;
        for place in PLACES {
            for callback in
                ["fail", "panic", "echo", "call", "working", "function() coroutine.yield() end", "function() call(coroutine.yield) end"]
            {
                let script = format!("local f = {callback} {place}");
                let before = height(lua);
                for _ in 0..3 {
                    quietly(|| match lua.run(&script) {
                        Ok(_) | Err(Error::Runtime(_) | Error::Panic(_)) => {}
                        Err(other) => panic!("{script}: {other:?}"),
                    });
                }
                assert_eq!(height(lua), before, "{script}");
            }
            check(lua);
            lua.gc_collect()?;
        }
        Ok(())
    });
}

#[test]
fn what_a_callback_raises_arrives_from_every_place() {
    with(|lua| {
        rigged(lua)?;
        for place in PLACES {
            if place.contains("pcall") || place.contains("resume") || place.contains("error") || place.starts_with("if not jit") {
                continue; // caught there, or not called on both backends
            }
            if place.starts_with("load(") || place.contains(" load(") || place.starts_with("if ") || place.contains("__eq") {
                continue; // a reader's error is a result
            }
            let error = lua.run(&format!("local f = fail {place}")).unwrap_err();
            assert!(error.to_string().contains("from the host"), "{place}: {error}");
            let error = quietly(|| lua.run(&format!("local f = panic {place}")).unwrap_err());
            assert!(matches!(error, Error::Panic(_)), "{place}: {error:?}");
        }
        Ok(())
    });
}

#[test]
fn a_yield_across_the_host_is_an_error_and_nothing_else() {
    with(|lua| {
        rigged(lua)?;
        // From outside a coroutine, and with the host in between, there is nobody to yield to.
        for script in [
            "coroutine.yield(1)",
            "call(coroutine.yield, 1)",
            "call(function() coroutine.yield(1) end)",
            "coroutine.wrap(function() call(coroutine.yield, 1) end)()",
            "coroutine.wrap(function() call(function() coroutine.yield(1) end) end)()",
            "coroutine.wrap(call)(coroutine.yield)",
            "coroutine.wrap(function() table.sort({ 1, 2 }, coroutine.yield) end)()",
            "coroutine.wrap(function() ('x'):gsub('x', coroutine.yield) end)()",
            "local co co = coroutine.wrap(function() call(co) end) co()",
            "local co co = coroutine.create(function() assert(call(coroutine.resume, co)) end) assert(coroutine.resume(co))",
        ] {
            let error = lua.run(script).unwrap_err();
            assert!(matches!(error, Error::Runtime(_)), "{script}: {error:?}");
            assert!(height(lua) <= 2);
            check(lua);
        }
        let yielding: Function = lua.load("return coroutine.yield").eval()?;
        assert!(yielding.call::<Value>(lua, 1).is_err());
        // Within, on either side of the host, coroutines work.
        lua.run(
            "local function numbers() for i = 1, 3 do coroutine.yield(i) end end
             assert(call(function()
               local sum = 0
               for i in coroutine.wrap(numbers) do sum = sum + call(echo, i) end
               return sum
             end) == 6)
             local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(call(echo, i)) end end)
             assert(co() == 1 and call(co) == 2 and call(call, co) == 3)
             -- A coroutine of a host's function, to its end and beyond.
             local co = coroutine.create(echo)
             assert(select(3, coroutine.resume(co, 1, 2)) == 2 and coroutine.status(co) == 'dead')
             assert(not coroutine.resume(co))
             local co = coroutine.create(fail)
             assert(not coroutine.resume(co) and not coroutine.resume(co))
             -- One that waits while the host runs others, and is resumed from another level.
             local waiting = coroutine.create(function(a) local b = coroutine.yield(a) return call(echo, a + b) end)
             coroutine.resume(waiting, 1)
             local ok, sum = call(coroutine.wrap(function() return call(coroutine.resume, waiting, 2) end))
             assert(ok and sum == 3)",
        )
        .map(drop)
    });
}

// ---- Conversions that call back

/// Converts by calling into the VM, itself within itself, a number of levels deep.
struct Nested(u32);

impl IntoLua for Nested {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        let f: Function = state.load("return function(inner, n) return { inner = inner, n = n } end").eval()?;
        match self.0 {
            0 => f.call(state, (None::<i32>, 0)),
            n => f.call(state, (Self(n - 1), n)),
        }
    }
}

impl FromLua for Nested {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        let table = Table::from_lua(value, state)?;
        let n: u32 = table.get(state, "n")?;
        state.run("for i = 1, 10 do local t = { i } end")?;
        if n > 0 {
            let inner: Self = table.get(state, "inner")?;
            assert_eq!(inner.0 + 1, n);
        }
        Ok(Self(n))
    }
}

#[test]
fn conversions_may_call_back_a_hundred_levels_deep() {
    with(|lua| {
        lua.set("nested", Nested(100))?;
        assert_eq!(lua.get::<Nested>("nested")?.0, 100);
        lua.register("convert", |_: &mut State, (a, text, b, n): (Nested, &str, Nested, u32)| -> Result<(Nested, String, Nested)> {
            assert_eq!(text, "text");
            Ok((Nested(a.0 + n), text.to_uppercase(), b))
        })?;
        let (a, text, b): (Nested, String, Nested) = lua.call("convert", (Nested(20), "text", Nested(3), 5))?;
        assert_eq!((a.0, text.as_str(), b.0), (25, "TEXT", 3));
        let t = lua.create_table()?;
        t.set(lua, "k", Nested(30))?;
        t.push(lua, Nested(2))?;
        assert_eq!((t.get::<Nested>(lua, "k")?.0, t.to_vec::<Nested>(lua)?[0].0), (30, 2));
        let list = lua.create_sequence((0..20).map(Nested))?;
        assert_eq!(list.to_vec::<Nested>(lua)?.len(), 20);
        for (n, item) in list.sequence::<Nested>(lua)?.enumerate() {
            assert_eq!(item?.0 as usize, n);
        }
        let many: Variadic<Nested> = lua.load("return ...").call(Variadic((0..30).map(Nested).collect()))?;
        assert_eq!(many.len(), 30);
        let (a, b, c, d, e, f): (Nested, Nested, Nested, Nested, Nested, Nested) =
            lua.load("return ...").call((Nested(1), Nested(2), Nested(3), Nested(4), Nested(5), Nested(6)))?;
        assert_eq!([a.0, b.0, c.0, d.0, e.0, f.0], [1, 2, 3, 4, 5, 6]);
        assert_eq!(lua.load("return coroutine.wrap(convert)(...)").call::<Nested>((Nested(9), "text", Nested(3), 1))?.0, 10);
        // Errors on the way leave nothing behind.
        assert!(lua.run("nested.inner.inner.inner.n = 'seven'").is_ok());
        assert!(lua.get::<Nested>("nested").is_err() && lua.load("return convert(nested, 'text', nested, 1)").exec().is_err());
        Ok(())
    });
}

// ---- Raw code, handles, threads

#[test]
fn raw_code_that_leaves_the_stack_askew_is_found_out_and_put_right() {
    fn skew(state: &mut State) -> Result<()> {
        let before = height(state);
        for pushed in [1, 2, 10] {
            // SAFETY: within the 16 slots; that they stay is what is tested.
            let error = unsafe { state.with_raw(|l| (0..pushed).for_each(|_| lua_sys::lua_pushnil(l))) }.unwrap_err();
            assert!(error.to_string().contains("raw code left the stack at height"), "{error}");
            assert_eq!(height(state), before);
            check(state);
        }
        // SAFETY: raises nothing; popping what is another's is what is tested.
        let error = unsafe { state.with_raw(|l| lua_sys::lua_settop(l, 0)) };
        assert!(error.is_err() || before == 0);
        assert_eq!(height(state), before);
        check(state);
        // With a guard there is nothing to find out, whatever happens.
        // SAFETY: pushed within the room, and popped by the guard.
        unsafe {
            state.with_raw(|l| {
                let guard = StackGuard::new(l);
                lua_sys::lua_pushinteger(l, 1);
                assert_eq!(guard.top(), before);
                let _inner = StackGuard::new(l);
                lua_sys::lua_pushinteger(l, 2);
            })
        }?;
        // A panic is put right too.
        let panicked = quietly(|| {
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                // SAFETY: within the 16 slots; the panic passes through.
                unsafe {
                    state.with_raw(|l| {
                        (0..10).for_each(|_| lua_sys::lua_pushnil(l));
                        panic!("on purpose");
                    })
                }
            }))
        });
        assert!(panicked.is_err());
        assert_eq!(height(state), before);
        check(state);
        Ok(())
    }

    with(|lua| {
        skew(lua)?;
        lua.register("skew", |state: &mut State, _: Variadic<Value>| skew(state))?;
        lua.run("skew() skew(1, 2, 3) coroutine.wrap(skew)(1) table.sort({ 2, 1 }, skew)")?;
        skew(lua)
    });
}

#[test]
fn a_handle_of_another_vm_is_refused_wherever_it_hides() {
    let mut other = Lua::new().unwrap();
    let foreign: Table = other.load("return { 1 }").eval().unwrap();
    let text: LuaString = other.create_string("x").unwrap();
    with(|lua| {
        let t = lua.create_table()?;
        let f: Function = lua.load("return function(...) return ... end").eval()?;
        let refused = |outcome: Result<()>| assert!(matches!(outcome.unwrap_err(), Error::ForeignHandle));
        refused(f.call(lua, (1, 2, &foreign, 3)));
        refused(f.call(lua, Variadic(vec![Value::Table(foreign.clone())])));
        refused(t.set(lua, &foreign, 1));
        refused(t.set(lua, 1, &text));
        refused(t.get::<Value>(lua, &text).map(drop));
        refused(t.equals(lua, &foreign).map(drop));
        refused(lua.set("x", vec![Some(&foreign)]));
        refused(lua.load("return 1").environment(&foreign).exec());
        refused(foreign.for_each(lua, |_, _: Value, _: Value| Ok(())));
        refused(foreign.pairs::<Value, Value>(lua).map(drop));
        refused(Value::String(text.clone()).to_text(lua).map(drop));
        refused(Value::String(text.clone()).to::<String>(lua).map(drop));
        assert!(text.as_bytes(lua).is_err() && text.to_str(lua).is_err() && text.to_string_lossy(lua).is_err());
        // As the error value that a callback raises, it cannot be raised; an error it is all the same.
        let value = other.run("error({})").unwrap_err();
        lua.register("raise", move |_: &mut State, (): ()| -> Result<()> { Err(value.clone()) })?;
        assert!(lua.run("raise()").is_err());
        check(lua);
        Ok(())
    });
    check(&mut other);
    other.close().unwrap();
    with(|lua| {
        assert!(matches!(lua.set("x", &foreign).unwrap_err(), Error::ForeignHandle | Error::Closed));
        Ok(())
    });
    drop((foreign, text));
}

#[test]
fn a_vm_travels_while_its_handles_live_on_other_threads() {
    let mut lua = Lua::new().unwrap();
    lua.register("count", {
        let total = Arc::new(Mutex::new(0));
        move |_: &mut State, n: i32| -> Result<i32> {
            let mut total = total.lock().unwrap();
            *total += n;
            Ok(*total)
        }
    })
    .unwrap();
    let handles: Arc<Mutex<Vec<Table>>> = Arc::default();
    let droppers: Vec<_> = (0..3)
        .map(|_| {
            let handles = Arc::clone(&handles);
            thread::spawn(move || {
                for _ in 0..2000 {
                    let some = handles.lock().unwrap().pop();
                    drop(some.clone());
                    drop(some);
                    thread::yield_now();
                }
            })
        })
        .collect();
    // From thread to thread, with stacks of different sizes.
    for round in 1..=20 {
        let handles = Arc::clone(&handles);
        let work = move || {
            for _ in 0..100 {
                let table: Table = lua.load("return { count(1) }").eval().unwrap();
                assert!(table.raw_get::<i32>(&mut lua, 1).unwrap() > 0);
                handles.lock().unwrap().push(table);
            }
            lua.gc_collect().unwrap();
            check(&mut lua);
            // The guard of the C stack knows the new stack.
            let error = lua.run("local function f() return (('x'):gsub('x', f)) end f()").unwrap_err();
            assert!(error.to_string().contains("stack overflow"), "{error}");
            lua
        };
        lua = thread::Builder::new().stack_size((256 * round) << 10).spawn(work).unwrap().join().unwrap();
    }
    for dropper in droppers {
        dropper.join().unwrap();
    }
    assert_eq!(lua.load("return count(0)").eval::<i32>().unwrap(), 2000);
    lua.close().unwrap();
    drop(handles);
}
