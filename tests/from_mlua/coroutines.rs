//! Coroutines: generators, schedulers, and who is running.

use perilune::{Backend, BackendKind, Coroutine, CoroutineStatus, Error, Function, Lua, Result, State, Value, Variadic, Yield};

use crate::common::with;

#[test]
fn a_generator_gives_one_value_a_turn() {
    with(|lua| {
        let count: Function =
            lua.load("return function(from) for i = from, from + 2 do coroutine.yield(i) end return 'done' end").eval()?;
        let count = lua.create_coroutine(&count)?;
        assert_eq!(count.resume::<i32>(lua, 5)?, 5);
        assert_eq!(count.resume::<i32>(lua, ())?, 6);
        assert_eq!(count.resume::<i32>(lua, ())?, 7);
        assert_eq!(count.resume::<String>(lua, ())?, "done");
        assert_eq!(count.status(lua)?, CoroutineStatus::Finished);
        let error = count.resume::<()>(lua, ()).unwrap_err();
        assert!(error.to_string().starts_with("cannot resume a coroutine that has finished"), "{error}");
        Ok(())
    });
}

#[test]
fn values_flow_both_ways() {
    with(|lua| {
        let sum: Function = lua.load("return function() local sum = 0 while true do sum = sum + coroutine.yield(sum) end end").eval()?;
        let sum = lua.create_coroutine(&sum)?;
        let totals: Vec<i32> = [0, 1, 2, 39].into_iter().map(|n| sum.resume(lua, n)).collect::<Result<_>>()?;
        assert_eq!(totals, [0, 1, 3, 42]);
        Ok(())
    });
}

#[test]
fn the_running_coroutine_is_known_at_every_depth() {
    with(|lua| {
        assert!(lua.current_coroutine()?.is_none());
        lua.register("me", |state: &mut State, (): ()| state.current_coroutine())?;
        lua.register("call", |state: &mut State, f: Function| f.call::<Value>(state, ()))?;
        lua.run(
            "assert(me() == nil and call(me) == nil)
             local inner, outer
             inner = coroutine.create(function() assert(me() == inner and call(me) == inner) end)
             outer = coroutine.create(function()
                 assert(me() == outer)
                 assert(coroutine.resume(inner))
                 assert(call(me) == outer)
             end)
             assert(coroutine.resume(outer))
             assert(me() == nil)",
        )
        .map(drop)
    });
}

#[test]
fn a_host_resumes_who_waits_when_it_is_time() {
    with(|lua| {
        lua.register("sleep", |state: &mut State, turns: u32| -> Result<Yield<()>> {
            let sleeper = state.current_coroutine()?.ok_or_else(|| Error::runtime("only coroutines sleep"))?;
            let waiting = state.app_data_mut::<Vec<(u32, Coroutine)>>().ok_or_else(|| Error::runtime("nobody to wake them"))?;
            waiting.push((turns, sleeper));
            Ok(Yield(()))
        })?;
        lua.set_app_data(Vec::<(u32, Coroutine)>::new());
        lua.run(
            "log = {}
             function hero(name, turns) sleep(turns) log[#log + 1] = name .. ' wakes' sleep(turns) log[#log + 1] = name .. ' rises' end",
        )?;
        let hero: Function = lua.get("hero")?;
        for (name, turns) in [("Ash", 2), ("Rowan", 1)] {
            lua.create_coroutine(&hero)?.resume::<()>(lua, (name, turns))?;
        }
        for _ in 0..4 {
            let waiting = lua.set_app_data(Vec::<(u32, Coroutine)>::new()).unwrap_or_default();
            for (turns, sleeper) in waiting {
                if turns > 1 {
                    lua.app_data_mut::<Vec<(u32, Coroutine)>>().unwrap().push((turns - 1, sleeper));
                } else {
                    sleeper.resume::<()>(lua, ())?;
                }
            }
        }
        assert_eq!(lua.get::<Vec<String>>("log")?, ["Rowan wakes", "Ash wakes", "Rowan rises", "Ash rises"]);
        assert_eq!(lua.run("sleep(1)").unwrap_err().to_string(), "only coroutines sleep");
        Ok(())
    });
}

#[test]
fn a_coroutine_is_used_for_another_function() {
    with(|lua| {
        let once: Function = lua.load("return function(n) return n + 1 end").eval()?;
        let co = lua.create_coroutine(&once)?;
        for n in 0..3 {
            assert_eq!(co.resume::<i32>(lua, n)?, n + 1);
            co.reset(lua, &once)?;
        }
        let fail: Function = lua.load("return function() error('no') end").eval()?;
        co.reset(lua, &fail)?;
        assert!(co.resume::<()>(lua, ()).is_err());
        let again = co.reset(lua, &once);
        match Backend::current().kind {
            BackendKind::Lua54 => assert_eq!(again.and_then(|()| co.resume::<i32>(lua, 1))?, 2),
            _ => assert!(matches!(again, Err(Error::Unsupported(_)))),
        }
        Ok(())
    });
}

#[test]
fn a_coroutine_of_a_host_function_is_one_like_others() {
    let mut lua = Lua::new().unwrap();
    let sum = lua.create_function(|_: &mut State, all: Variadic<i32>| Ok(all.iter().sum::<i32>())).unwrap();
    let co = lua.create_coroutine(&sum).unwrap();
    assert_eq!(co.resume::<i32>(&mut lua, (1, 2, 3)).unwrap(), 6);
    assert_eq!(co.status(&lua).unwrap(), CoroutineStatus::Finished);
}
