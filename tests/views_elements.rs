//! Promise: a host function gets an element of a view as a reference only while nothing
//! else can lead to it, and never one to memory that is not there.

mod common;
#[path = "common/views.rs"]
mod world;

use std::sync::{Arc, Mutex};

use common::quietly;
use perilune::{Elem, Error, FromLua, Lua, Result, Shared, State, Value};
use world::{Item, Soldier, Stance, army, paths};

fn register(lua: &mut Lua) {
    lua.register_elem("reach", |unit: &Soldier, more: i32| Ok(unit.hp[0] + more)).unwrap();
    lua.register_elem("name", |unit: &Soldier, (): ()| Ok(unit.tag.iter().take_while(|byte| **byte != 0).count())).unwrap();
    lua.register_elem("call", |unit: &mut Soldier, (tag, stance): (&str, Option<i32>)| -> Result<usize> {
        let new = tag.as_bytes().get(..7.min(tag.len())).unwrap_or_default();
        unit.tag = [0; 8];
        unit.tag.iter_mut().zip(new).for_each(|(to, from)| *to = *from as _);
        unit.stance = stance.map_or(Stance::Idle, |_| Stance::Attack);
        unit.alive = !unit.alive;
        unit.secret += 1;
        Ok(tag.len())
    })
    .unwrap();
    lua.register_elem("refuse", |unit: &mut Soldier, (): ()| -> Result<()> {
        unit.kills = 1;
        Err(Error::runtime("on purpose"))
    })
    .unwrap();
    lua.register_elem("panic", |unit: &mut Soldier, (): ()| -> Result<()> {
        unit.kills = 2;
        panic!("on purpose")
    })
    .unwrap();
    lua.register_elem("value", |item: &Item, (): ()| Ok(item.value)).unwrap();
    lua.register_elem("spoil", |item: &mut Item, (): ()| {
        item.value = 0;
        Ok(())
    })
    .unwrap();
}

#[test]
fn references_for_the_length_of_a_call() {
    for (path, mut lua) in paths() {
        register(&mut lua);
        let (mut army, items) = (army(), vec![Item { value: 5 }]);
        lua.lend_all((("units", &mut army), ("items", &items)), |state| {
            state.run(
                "local u = units[3]
                 u.hp[0] = 40
                 assert(reach(u, 2) == 42 and value(items[0]) == 5)
                 assert(call(u, 'somebody', 1) == 8 and name(u) == 7)
                 assert(u.tag == 'somebod' and u.stance == 7 and u.alive == false)
                 for i = 1, 300 do call(units[i % 10], 'all', nil) end
                 assert(u.tag == 'all' and u.stance == 0 and u.alive == false)
                 local ok, e = pcall(refuse, u)
                 assert(not ok and tostring(e):find('on purpose') and u.kills == 1)",
            )?;
            for (wrong, message) in [
                ("call(items[0], '', 1)", "bad argument #1 to 'call': expected an element of a view of Soldier, got "),
                ("call(units, '', 1)", "bad argument #1 to 'call': expected an element of a view of Soldier, got "),
                ("call(units[0].pos, '', 1)", "bad argument #1 to 'call': expected an element of a view of Soldier, got "),
                ("call(nil, '', 1)", "bad argument #1 to 'call': expected an element of a view of Soldier, got nil"),
                ("call()", "bad argument #1 to 'call': expected an element of a view of Soldier, got nil"),
                ("call(units[0], {})", "bad argument #2 to 'call': expected a string, got table"),
                ("reach(units[0], 'x')", "bad argument #2 to 'reach': expected an integer"),
                ("spoil(items[0])", "cannot change a Item: this view can only be read"),
            ] {
                let error = state.run(wrong).unwrap_err().to_string();
                assert!(error.contains(message), "{path:?}, {wrong}: {error}");
            }
            let panicked = quietly(|| state.run("panic(units[3])"));
            assert!(matches!(panicked, Err(Error::Panic(_))), "{panicked:?}");
            state.run("assert(units[3].kills == 2) call(units[3], 'on', nil) kept, item = units[3], items[0]").map(drop)
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert_eq!((army[3].secret, items[0].value), (1003 + 1 + 30 + 1, 5));
        for late in ["call(kept, '', 1)", "reach(kept, 1)", "name(kept)", "value(item)", "spoil(item)"] {
            assert!(lua.run(late).unwrap_err().to_string().contains("view revoked"), "{path:?}, {late}");
        }
        common::check(&mut lua);
    }
}

/// An argument that shrinks the vector when it is converted, after the element was found.
struct Shrinks;

impl FromLua for Shrinks {
    fn from_lua(_: Value, state: &mut State) -> Result<Self> {
        let shared = state.app_data::<Shared<Soldier>>().cloned().unwrap();
        shared.change(state, |all| {
            all.truncate(2);
            all.shrink_to_fit();
        })?;
        Ok(Self)
    }
}

#[test]
fn the_element_is_looked_for_when_all_arguments_are_there() {
    for (path, mut lua) in paths() {
        let shared = lua.share("units", army()).unwrap();
        lua.set_app_data(shared.clone());
        lua.register_elem("change", |unit: &mut Soldier, _: Shrinks| {
            unit.x = 5.0;
            Ok(())
        })
        .unwrap();
        let error = lua.run("change(units[5])").unwrap_err().to_string();
        assert!(error.contains("index 5 is out of range: this view of Soldier has 2 elements now"), "{path:?}: {error}");
        lua.run("change(units[1])").unwrap();
        assert_eq!(shared.slice(&lua).unwrap()[1].x, 5.0);
    }
}

#[test]
fn references_with_the_state_at_hand() {
    for (path, mut lua) in paths() {
        lua.register("swap", |state: &mut State, (a, b): (Elem<Soldier>, Elem<Soldier>)| -> Result<f32> {
            let first = a.with(state, |unit| *unit)?;
            let second = b.with_mut(state, |unit| std::mem::replace(unit, first))?;
            a.with_mut(state, |unit| *unit = second)?;
            // What only reads can be had twice.
            a.with(state, |unit| b.with(state, |other| unit.x + other.x))?
        })
        .unwrap();
        lua.register("touch", |state: &mut State, item: Elem<Item>| item.with_mut(state, |item| item.value = 0)).unwrap();
        let (mut army, items) = (army(), [Item { value: 5 }]);
        lua.lend_all((("units", &mut army), ("items", &items)), |state| {
            state.run("units[1].x, units[2].x = 1, 2 assert(swap(units[1], units[2]) == 3) swap(units[4], units[4])")?;
            let error = state.run("touch(items[0])").unwrap_err().to_string();
            assert!(error.contains("cannot change a Item: this view can only be read"), "{path:?}: {error}");
            Ok(())
        })
        .unwrap();
        assert_eq!((army[1].x, army[2].x, army[1].id), (2.0, 1.0, 102));
    }
}

/// The first view of every VM is in the same slot and the same epoch.
#[test]
fn an_element_is_its_own_vms() {
    for ((_, mut lua), (_, mut other)) in paths().into_iter().zip(paths()) {
        let kept = Arc::new(Mutex::new(None));
        let keep = Arc::clone(&kept);
        lua.register("keep", move |_: &mut State, unit: Elem<Soldier>| {
            *keep.lock().unwrap() = Some(unit);
            Ok(())
        })
        .unwrap();
        let (mut army, mut items) = (army(), [Item { value: 5 }]);
        lua.lend("units", &mut army, |state| {
            state.run("keep(units[0])")?;
            let unit: Elem<Soldier> = kept.lock().unwrap().unwrap();
            assert_eq!(unit.get(state)?.id, 100);
            let nowhere = [unit.get(&other).map(drop), unit.set(&mut other, Soldier::default())];
            assert!(nowhere.iter().all(|result| matches!(result, Err(Error::ForeignHandle))));
            other.lend("items", &mut items, |other| {
                let elsewhere = [unit.get(other).map(drop), unit.with(other, |_| ()), unit.with_mut(other, |_| ())];
                assert!(elsewhere.iter().all(|result| matches!(result, Err(Error::ForeignHandle))));
                Ok(())
            })
        })
        .unwrap();
    }
}
