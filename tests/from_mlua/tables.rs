//! Tables: assigned, listed, walked through, called.

use perilune::{Error, Function, Lua, Result, State, Table, Value, Variadic};

use crate::common::{SPARSE, with};

#[test]
fn setting_nil_removes_an_entry() {
    with(|lua| {
        let table = lua.create_table_from([("hp", 7), ("mp", 3)])?;
        table.set(lua, "hp", Value::Nil)?;
        table.raw_set(lua, "mp", None::<i32>)?;
        assert!(table.is_empty(lua)?);
        assert!(!table.contains_key(lua, "hp")?);
        Ok(())
    });
}

#[test]
fn an_absent_key_is_nil_and_an_error_for_types_that_cannot_be() {
    with(|lua| {
        let table = lua.create_table()?;
        assert_eq!(table.get::<Option<String>>(lua, "name")?, None);
        assert!(table.get::<Value>(lua, "name")?.is_nil());
        assert_eq!(table.get::<String>(lua, "name").unwrap_err().to_string(), "expected a string, got nil");
        Ok(())
    });
}

#[test]
fn keys_of_every_type_find_their_entry() {
    with(|lua| {
        let table = lua.create_table()?;
        let (key, function) = (lua.create_table()?, lua.create_function(|_: &mut State, (): ()| Ok(()))?);
        table.set(lua, &key, "a table")?;
        table.set(lua, &function, "a function")?;
        table.set(lua, true, "a boolean")?;
        table.set(lua, 1.5, "a number")?;
        assert_eq!(table.get::<String>(lua, &key)?, "a table");
        assert_eq!(table.get::<String>(lua, &function)?, "a function");
        assert_eq!(table.get::<String>(lua, true)?, "a boolean");
        assert_eq!(table.get::<String>(lua, 1.5)?, "a number");
        // A number that is whole is the same key however it is written.
        table.set(lua, 2.0, "two")?;
        assert_eq!(table.get::<String>(lua, 2)?, "two");
        Ok(())
    });
}

#[test]
fn handles_are_references_to_one_table() {
    with(|lua| {
        let table = lua.create_table()?;
        let same = table.clone();
        lua.set("shared", &table)?;
        same.set(lua, "n", 1)?;
        lua.run("shared.n = shared.n + 1")?;
        assert_eq!(table.get::<i32>(lua, "n")?, 2);
        Ok(())
    });
}

#[test]
fn values_are_inserted_and_removed_anywhere_in_a_list() {
    with(|lua| {
        let list = lua.create_table()?;
        for (position, value) in [(1, "b"), (1, "a"), (3, "d"), (3, "c")] {
            list.insert(lua, position, value)?;
        }
        assert_eq!(list.to_vec::<String>(lua)?, ["a", "b", "c", "d"]);
        assert_eq!(list.remove::<String>(lua, 2)?, "b");
        assert_eq!(list.remove::<String>(lua, 3)?, "d");
        assert_eq!(list.remove::<String>(lua, 1)?, "a");
        assert_eq!(list.to_vec::<String>(lua)?, ["c"]);
        lua.set("list", &list)?;
        lua.run("assert(#list == 1 and next(list, 1) == nil)").map(drop)
    });
}

#[test]
fn a_position_outside_the_list_is_an_error_that_changes_nothing() {
    with(|lua| {
        let list = lua.create_sequence([1, 2, 3])?;
        for position in [0, 5, usize::MAX] {
            let error = list.insert(lua, position, 9).unwrap_err();
            assert_eq!(error.to_string(), format!("expected a position from 1 to 4, got {position}"));
        }
        for position in [0, 4, usize::MAX] {
            let error = list.remove::<Value>(lua, position).unwrap_err();
            assert_eq!(error.to_string(), format!("expected a position from 1 to 3, got {position}"));
        }
        let error = lua.create_table()?.remove::<Value>(lua, 1).unwrap_err();
        assert_eq!(error.to_string(), "expected a sequence with a value in it, got an empty one");
        assert_eq!(list.to_vec::<i32>(lua)?, [1, 2, 3]);
        Ok(())
    });
}

#[test]
fn a_removed_value_of_another_kind_stays() {
    with(|lua| {
        let list = lua.create_sequence(["a", "b", "c"])?;
        assert!(matches!(list.remove::<i32>(lua, 2), Err(Error::Type(_))));
        assert_eq!(list.to_vec::<String>(lua)?, ["a", "b", "c"]);
        assert!(list.insert(lua, 2, u64::MAX).is_err(), "no number of Lua's holds it");
        assert_eq!(list.raw_len(lua)?, 3);
        Ok(())
    });
}

/// A value whose conversion changes the table that it is put into.
struct Meddler(Table);

impl perilune::IntoLua for Meddler {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        self.0.clear(state)?;
        Ok(Value::Boolean(true))
    }
}

#[test]
fn a_conversion_that_changes_the_list_meanwhile_is_no_harm() {
    with(|lua| {
        let list = lua.create_sequence([1, 2, 3])?;
        assert!(list.insert(lua, 3, Meddler(list.clone())).is_err(), "the list is empty by then");
        assert!(list.is_empty(lua)?);
        list.insert(lua, 1, Meddler(list.clone()))?;
        assert_eq!(list.to_vec::<bool>(lua)?, [true]);
        Ok(())
    });
}

#[test]
fn a_length_that_the_entries_do_not_bear_out_is_refused_by_insert_and_remove() {
    with(|lua| {
        let sparse: Table = lua.load(SPARSE).eval()?;
        assert!(sparse.raw_len(lua)? > 1_000_000);
        assert!(sparse.insert(lua, 1, true).unwrap_err().to_string().contains("hardly any entries"));
        assert!(sparse.remove::<Value>(lua, 1).unwrap_err().to_string().contains("hardly any entries"));
        Ok(())
    });
}

#[test]
fn lists_are_changed_past_their_metamethods() {
    with(|lua| {
        let list: Table =
            lua.load("return setmetatable({ 1, 2 }, { __len = function() return 9 end, __newindex = error, __index = error })").eval()?;
        list.push(lua, 4)?;
        list.insert(lua, 3, 3)?;
        assert_eq!(list.remove::<i32>(lua, 1)?, 1);
        assert_eq!(list.pop::<i32>(lua)?, 4);
        assert_eq!(list.to_vec::<i32>(lua)?, [2, 3]);
        Ok(())
    });
}

#[test]
fn a_sequence_ends_at_its_first_nil() {
    with(|lua| {
        let table: Table = lua.load("return { 1, 2, nil, 4, x = 5 }").eval()?;
        let seen: Vec<i32> = table.sequence(lua)?.collect::<Result<_>>()?;
        assert_eq!(seen, [1, 2]);
        Ok(())
    });
}

#[test]
fn walking_through_entries_can_be_stopped_and_begun_again() {
    with(|lua| {
        let table = lua.create_table_from((1..=10).map(|i| (i, i * i)))?;
        let first: Vec<(i32, i32)> = table.pairs(lua)?.take(3).collect::<Result<_>>()?;
        assert_eq!(first.len(), 3);
        assert_eq!(table.pairs::<i32, i32>(lua)?.count(), 10);
        let stopped = table.for_each(lua, |_, key: i32, _: i32| if key == 5 { Err(Error::runtime("enough")) } else { Ok(()) });
        assert_eq!(stopped.unwrap_err().to_string(), "enough");
        Ok(())
    });
}

#[test]
fn tables_have_methods_and_functions_and_can_be_called() {
    with(|lua| {
        let counter: Table = lua
            .load(
                "local counter = { n = 40 }
                 function counter:add(a, b) self.n = self.n + a + (b or 0) return self.n, self end
                 function counter.double(n) return n * 2 end
                 return setmetatable(counter, {
                     __call = function(self, ...) return self.n, select('#', ...) end,
                     __index = function(_, name) return function() return 'no ' .. name end end,
                 })",
            )
            .eval()?;
        let (n, same): (i32, Table) = counter.call_method(lua, "add", (1, 1))?;
        assert!(n == 42 && same.equals(lua, &counter)?);
        assert_eq!(counter.call_function::<i32>(lua, "double", 21)?, 42);
        assert_eq!(counter.call::<(i32, i32)>(lua, Variadic(vec![1, 2, 3]))?, (42, 3));
        assert_eq!(counter.call_method::<String>(lua, "unknown", ())?, "no unknown");
        Ok(())
    });
}

#[test]
fn what_is_no_method_is_named_and_what_cannot_be_called_says_so() {
    with(|lua| {
        let table = lua.create_table_from([("hp", 7)])?;
        assert_eq!(table.call_method::<()>(lua, "heal", ()).unwrap_err().to_string(), "method 'heal': expected a function, got nil");
        assert_eq!(table.call_function::<()>(lua, "hp", ()).unwrap_err().to_string(), "function 'hp': expected a function, got number 7");
        assert!(table.call::<()>(lua, ()).unwrap_err().to_string().contains("attempt to call a table value"));
        Ok(())
    });
}

#[test]
fn the_globals_are_a_table_like_others() {
    with(|lua| {
        let globals = lua.globals()?;
        // By its table a name with a dot is one name; `Lua::set` goes from table to table.
        globals.set(lua, "a.b", 1)?;
        assert_eq!(lua.get::<Option<i32>>("a.b")?, None);
        assert_eq!(lua.load("return _G['a.b']").eval::<i32>()?, 1);
        assert!(globals.contains_key(lua, "print")?);
        let tostring: Function = globals.get(lua, "tostring")?;
        assert_eq!(tostring.call::<String>(lua, 7)?, "7");
        Ok(())
    });
}

#[test]
fn a_metatable_from_rust_may_hold_rust() {
    let mut lua = Lua::new().unwrap();
    let metatable = lua.create_table().unwrap();
    let add = lua
        .create_function(|state: &mut State, (a, b): (Table, Table)| -> Result<i32> {
            Ok(a.get::<i32>(state, "n")? + b.get::<i32>(state, "n")?)
        })
        .unwrap();
    metatable.set(&mut lua, "__add", add).unwrap();
    for (name, n) in [("a", 1), ("b", 41)] {
        let table = lua.create_table_from([("n", n)]).unwrap();
        table.set_metatable(&mut lua, Some(&metatable)).unwrap();
        lua.set(name, table).unwrap();
    }
    assert_eq!(lua.load("return a + b").eval::<i32>().unwrap(), 42);
}
