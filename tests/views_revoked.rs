//! Promise: what scripts keep of a view is good for nothing once the host has its memory
//! back, whatever they kept, and however the loan ended.

mod common;
#[path = "common/views.rs"]
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use common::{is_luajit, quietly};
use perilune::{Coroutine, Error, Function, Lua, Result, Shared, Slice, State, Table, Task, Value};
use world::{Soldier, army, paths};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts").join(name)
}

fn harness(lua: &mut State) -> Result<Table> {
    lua.load_file(script("harness.lua"))?.call((if is_luajit() { "luajit" } else { "lua54" }, ()))
}

/// What the script keeps of a view.
fn kept(state: &mut State) -> Result<Function> {
    let (harness, units): (Table, Value) = (harness(state)?, state.get("units")?);
    state.load_file(script("views_kept.lua"))?.call((&harness, units))
}

fn is_revoked<T: std::fmt::Debug>(result: Result<T>) -> bool {
    matches!(&result, Err(Error::Runtime(error)) if error.message.contains("view revoked"))
}

#[test]
fn whatever_a_script_kept_is_revoked_with_the_loan() {
    for (_, mut lua) in paths() {
        let mut army = army();
        let kept = lua.lend("units", &mut army, kept).unwrap();
        let before = army.clone();
        kept.call::<()>(&mut lua, ()).unwrap();
        assert_eq!(army, before);
        common::check(&mut lua);
    }
}

/// The block of an earlier loan is used again: in another epoch.
#[test]
fn a_later_loan_does_not_bring_an_earlier_one_back() {
    for (_, mut lua) in paths() {
        let mut army = army();
        let first = lua.lend("units", &mut army, kept).unwrap();
        for _ in 0..3 {
            let mut others = army.clone();
            lua.lend("units", &mut others, |state| {
                let units: Value = state.get("units")?;
                first.call::<()>(state, units)
            })
            .unwrap();
            assert_eq!(others, army);
        }
    }
}

#[test]
fn a_loan_ends_however_it_does() {
    for (_, mut lua) in paths() {
        let mut army = army();
        let mut functions = Vec::new();
        let failed = lua.lend("units", &mut army, |state| {
            functions.push(kept(state)?);
            Err::<(), _>(Error::runtime("on purpose"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "on purpose");
        let panicked = quietly(|| {
            catch_unwind(AssertUnwindSafe(|| {
                lua.lend("units", &mut army, |state| -> Result<()> {
                    functions.push(kept(state)?);
                    panic!("on purpose")
                })
            }))
        });
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"on purpose"));
        assert_eq!(functions.len(), 2);
        for function in functions {
            function.call::<()>(&mut lua, ()).unwrap();
        }
        assert!(is_revoked(lua.run("return units[0]")));
        common::check(&mut lua);
    }
}

/// A host function lends what a compiled loop then uses, again and again.
#[test]
fn loans_inside_of_loops() {
    for (_, mut lua) in paths() {
        lua.register("with_others", |state: &mut State, work: Function| -> Result<Value> {
            let mut others = vec![Soldier { x: 2.0, ..Soldier::default() }; 5];
            state.lend("others", &mut others, |state| {
                let others: Value = state.get("others")?;
                work.call(state, others)
            })
        })
        .unwrap();
        let mut army = army();
        lua.lend("units", &mut army, |state| {
            state.run(
                "local kept
                 for i = 1, 300 do
                   local other = with_others(function(others)
                     local s = 0
                     for j = 0, #others - 1 do s = s + others[j].x units[j].x = units[j].x + 1 end
                     assert(s == 10)
                     return others[1]
                   end)
                   local ok, e = pcall(function() return other.x end)
                   assert(not ok and e:find('view revoked'), e)
                   if kept then
                     ok, e = pcall(function() kept.x = 1 end)
                     assert(not ok and e:find('view revoked'), e)
                   end
                   kept = other
                 end
                 assert(units[4].x == 300)",
            )
        })
        .unwrap();
        assert_eq!(army[0].x, 300.0);
    }
}

#[test]
fn coroutines_of_the_host_that_wait_in_the_middle() {
    for (_, mut lua) in paths() {
        let mut army = army();
        let coroutine = lua
            .lend("units", &mut army, |state| {
                let walk: Function = state
                    .load("return function() for i = 1, 1e9 do for _, u in units:each() do u.x = u.x + 1 coroutine.yield(u.x) end end end")
                    .eval()?;
                let coroutine: Coroutine = state.create_coroutine(&walk)?;
                assert_eq!(coroutine.resume::<f64>(state, ())?, 1.0);
                Ok(coroutine)
            })
            .unwrap();
        let before = army.clone();
        assert!(is_revoked(coroutine.resume::<f64>(&mut lua, ())));
        assert_eq!(army, before);
    }
}

/// A slice may end anywhere in a script, but never between the check of an access and the
/// access itself.
#[test]
fn slices_that_end_anywhere() {
    const WORK: &str = "return function()
        local x, get, set = units:column('x'), units:getter('x', 'tag'), units:setter('y')
        for round = 1, 1e9 do
          for i, u in units:each() do
            u.x = u.x + 1
            u.hp[i % 2] = i
            u.tag = 'abc'
            u.pos = units[0].pos
            u.grid = units[0].grid
            x[i] = x[i] + #u.tag
            set(i, (get(i)))
            units[i] = units[0]
          end
        end
      end";
    for (_, mut lua) in paths() {
        for length in 1..400 {
            let mut army = army();
            let mut task: Option<Task> = None;
            lua.lend("units", &mut army, |state| {
                let work: Function = state.load(WORK).eval()?;
                let running = task.insert(state.create_task(&work, ())?);
                running.run(state, Slice::instructions(length))?;
                running.run(state, Slice::instructions(37))?;
                Ok(())
            })
            .unwrap();
            let before = army.clone();
            let Some(mut task) = task else { unreachable!() };
            let result = task.run(&mut lua, Slice::instructions(100_000));
            assert!(is_revoked(result.map(drop)), "after {length} instructions");
            assert_eq!(army, before);
        }
    }
}

#[test]
fn a_shared_vector_grows_and_shrinks_under_a_script() {
    for (_, mut lua) in paths() {
        let shared: Shared<Soldier> = lua.share("units", army()).unwrap();
        let handle = shared.clone();
        lua.register("grow", move |state: &mut State, n: usize| -> Result<()> {
            (0..n).try_for_each(|i| handle.push(state, Soldier { id: i as i32, ..Soldier::default() }))
        })
        .unwrap();
        let handle = shared.clone();
        lua.register("shrink", move |state: &mut State, n: usize| handle.resize(state, n, Soldier::default())).unwrap();
        lua.run(
            "local u, x = units[5], units:column('x')
             for i = 0, 500 do
               if i % 100 == 99 then grow(1000) end
               u.x = u.x + 1
               x[5] = x[5] + 1
             end
             assert(#units == 5010 and u.x == 1002 and units[5009].id == 999)
             for _, unit in units:each() do unit.y = 1 end
             shrink(3)
             assert(#units == 3)
             for _, f in ipairs({ function() return u.x end, function() u.x = 1 end, function() return x[5] end, function() return u.hp[0] end }) do
               local ok, e = pcall(f)
               assert(not ok and e:find('index 5 is out of range: this view of Soldier has 3 elements now'), e)
             end
             local seen = 0
             for i, unit in units:each() do seen = seen + 1 if i == 0 then grow(2) end end
             assert(seen == 5)
             kept = units[0]",
        )
        .unwrap();
        assert_eq!(shared.len(&lua).unwrap(), 5);
        assert_eq!(shared.slice(&lua).unwrap()[2].y, 1.0);
        shared.slice_mut(&mut lua).unwrap()[0].x = 77.0;
        assert_eq!(lua.load("return kept.x").eval::<f64>().unwrap(), 77.0);
        assert_eq!(shared.remove(&mut lua, 1).unwrap().unwrap().id, 101);
        assert_eq!(shared.swap_remove(&mut lua, 9).unwrap(), None);
        let vector = shared.take(&mut lua).unwrap();
        assert_eq!((vector.len(), vector[0].x), (4, 77.0));
        assert!(is_revoked(lua.run("return kept.x")));
        assert!(is_revoked(lua.run("return #units")));
        for error in [shared.slice(&lua).map(drop), shared.take(&mut lua).map(drop)] {
            assert!(error.unwrap_err().to_string().contains("taken back"));
        }
        common::check(&mut lua);
    }
}

#[test]
fn a_shared_vector_is_its_own_vms() {
    let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
    let shared = lua.share("units", army()).unwrap();
    assert!(matches!(shared.slice(&other), Err(Error::ForeignHandle)));
    assert!(matches!(shared.push(&mut other, Soldier::default()), Err(Error::ForeignHandle)));
    lua.close().unwrap();
    assert!(matches!(shared.len(&other), Err(Error::Closed)));
    let quietly = quietly(|| {
        let mut lua = Lua::new().unwrap();
        let shared = lua.share("units", army()).unwrap();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            shared.change(&mut lua, |vector| {
                vector.reserve(10_000);
                vector.truncate(2);
                panic!("on purpose")
            })
        }));
        assert!(panicked.is_err());
        lua.load("return #units").eval::<usize>().unwrap()
    });
    assert_eq!(quietly, 2);
}
