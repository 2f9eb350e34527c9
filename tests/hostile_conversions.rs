//! Conversions of the host's own that leave things behind: iterators that are forgotten half-way, panics that are caught
//! and gone on after. Whatever they do, the stack is as it was and the VM works.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{check, height, quietly, with};
use perilune::{Error, FromLua, Function, IntoLua, Result, State, Table, Value, Variadic};

/// Leaves iterators on the stack while it becomes a value.
struct Littering(Value);

impl IntoLua for Littering {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        let t = state.create_sequence([1, 2, 3])?;
        while let Ok(mut pairs) = t.pairs::<Value, Value>(state) {
            pairs.next();
            std::mem::forget(pairs);
        }
        Ok(self.0)
    }
}

fn littering(value: impl Into<i64>) -> Littering {
    Littering(Value::Integer(value.into()))
}

fn litter(state: &mut State) -> Result<()> {
    let t = state.create_table()?;
    t.raw_set(state, "key", littering(1))?;
    t.raw_set(state, littering(2), littering(3))?;
    assert!(matches!(t.raw_set(state, Littering(Value::Nil), 1).unwrap_err(), Error::Type(_)));
    assert!(matches!(t.raw_set(state, Littering(Value::Number(f64::NAN)), 1).unwrap_err(), Error::Type(_)));
    assert_eq!((t.raw_get::<i32>(state, "key")?, t.raw_get::<i32>(state, littering(2))?), (1, 3));
    t.push(state, littering(4))?;
    assert_eq!(t.pop::<i32>(state)?, 3);

    let proxy: Table = state.load("local t = {} return setmetatable({}, { __index = t, __newindex = t })").eval()?;
    proxy.set(state, littering(5), littering(6))?;
    assert_eq!(proxy.get::<i32>(state, littering(5))?, 6);

    let f: Function = state.load("return function(...) return ... end").eval()?;
    let many: Variadic<i32> = f.call(state, (littering(1), littering(2), littering(3), Variadic(vec![littering(4), littering(5)])))?;
    assert_eq!(*many, [1, 2, 3, 4, 5]);
    assert_eq!(f.call::<(i32, i32)>(state, (littering(1), littering(2)))?, (1, 2));

    let list = state.create_sequence([littering(1), littering(2)])?;
    assert_eq!(list.to_vec::<i32>(state)?, [1, 2]);
    let map = state.create_table_from([(littering(1), littering(2))])?;
    assert_eq!(map.raw_get::<i32>(state, 1)?, 2);
    state.set("a.b", littering(7))?;
    assert_eq!(state.get::<i32>("a.b")?, 7);
    assert_eq!(state.load("return ...").call::<i32>(littering(8))?, 8);
    Ok(())
}

#[test]
fn a_value_may_litter_the_stack_while_it_is_made() {
    with(|lua| {
        litter(lua)?;
        lua.register("litter", |state: &mut State, (): ()| litter(state))?;
        lua.register("results", |_: &mut State, (): ()| Ok((littering(1), littering(2), vec![littering(3)])))?;
        lua.run("litter() for i = 1, 10 do local a, b, c = results() assert(a == 1 and b == 2 and c[1] == 3 and #c == 1) end")?;
        check(lua);
        Ok(())
    });
}

/// Panics whenever it is made of a value.
#[derive(Debug)]
struct Bomb;

impl FromLua for Bomb {
    fn from_lua(_: Value, state: &mut State) -> Result<Self> {
        let t = state.create_sequence([1])?;
        if let Ok(pairs) = t.pairs::<Value, Value>(state) {
            std::mem::forget(pairs);
        }
        panic!("a bomb");
    }
}

/// How often `step` panics before it ends.
fn panics<T>(mut step: impl FnMut() -> Option<Result<T>>) -> usize {
    let mut count = 0;
    while catch_unwind(AssertUnwindSafe(|| assert!(step().is_none()))).is_err() {
        count += 1;
        assert!(count <= 10_000, "it does not end");
    }
    count
}

#[test]
fn an_iterator_may_be_used_on_after_its_conversion_has_panicked() {
    with(|lua| {
        // Its values are keys too, so that one is easily taken for the other.
        let t = lua.create_sequence(2..=1001)?;
        let before = height(lua);
        quietly(|| -> Result<()> {
            let mut pairs = t.pairs::<Bomb, Value>(lua)?;
            assert_eq!(panics(|| pairs.next()), 1000);
            drop(pairs);
            let mut pairs = t.pairs::<Value, Bomb>(lua)?;
            assert_eq!(panics(|| pairs.next()), 1000);
            drop(pairs);
            Ok(())
        })?;
        assert_eq!(height(lua), before);
        check(lua);
        let mut sequence = t.sequence::<Bomb>(lua)?;
        quietly(|| assert_eq!(panics(|| sequence.next()), 1000));
        drop(sequence);
        assert_eq!(height(lua), before);
        Ok(())
    });
}
