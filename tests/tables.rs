//! Tables behave in Rust as they do in a script, with and without metamethods.

use perilune::{Error, Lua, Table, Value};

fn lua() -> Lua {
    Lua::new().unwrap()
}

#[test]
fn metamethods_are_respected_and_raw_access_passes_them_by() {
    let mut lua = lua();
    let proxy: Table = lua
        .load(
            "log = {}
             return setmetatable({}, {
               __index = function(_, k) return k .. '!' end,
               __newindex = function(_, k, v) log[k] = v end,
             })",
        )
        .eval()
        .unwrap();
    assert_eq!(proxy.get::<String>(&mut lua, "a").unwrap(), "a!");
    assert!(proxy.raw_get::<Value>(&mut lua, "a").unwrap().is_nil());
    proxy.set(&mut lua, "b", 1).unwrap();
    assert!(proxy.is_empty(&mut lua).unwrap());
    assert_eq!(lua.get::<i32>("log.b").unwrap(), 1);
    proxy.raw_set(&mut lua, "b", 2).unwrap();
    assert_eq!(proxy.raw_get::<i32>(&mut lua, "b").unwrap(), 2);
    assert!(proxy.contains_key(&mut lua, "anything").unwrap());
}

#[test]
fn the_length_respects_the_metamethod() {
    let mut lua = lua();
    let seven: Table = lua.load("return setmetatable({ 1 }, { __len = function() return 7 end })").eval().unwrap();
    assert_eq!(seven.len(&mut lua).unwrap(), 7);
    assert_eq!(seven.raw_len(&mut lua).unwrap(), 1);
    let odd: Table = lua.load("return setmetatable({}, { __len = function() return {} end })").eval().unwrap();
    assert!(odd.len(&mut lua).is_err());
}

#[test]
fn sequences_are_pushed_popped_and_read() {
    let mut lua = lua();
    let list = lua.create_sequence(["a", "b"]).unwrap();
    list.push(&mut lua, "c").unwrap();
    assert_eq!(list.to_vec::<String>(&mut lua).unwrap(), ["a", "b", "c"]);
    let read: Vec<String> = list.sequence(&mut lua).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, ["a", "b", "c"]);
    assert_eq!(list.pop::<String>(&mut lua).unwrap(), "c");
    assert!(list.pop::<i32>(&mut lua).is_err(), "'b' is no number");
    assert_eq!(list.len(&mut lua).unwrap(), 2, "what was not converted stays");
    list.clear(&mut lua).unwrap();
    assert!(list.is_empty(&mut lua).unwrap());
    assert_eq!(list.pop::<Option<i32>>(&mut lua).unwrap(), None);
}

#[test]
fn iteration_sees_every_entry_once() {
    let mut lua = lua();
    let table: Table = lua.load("local t = { x = 10 } for i = 1, 1000 do t[i] = i end return t").eval().unwrap();
    let mut sum = 0;
    for entry in table.pairs::<Value, i64>(&mut lua).unwrap() {
        sum += entry.unwrap().1;
    }
    assert_eq!(sum, 1000 * 1001 / 2 + 10);
    let mut count = 0;
    table
        .for_each(&mut lua, |state, key: Value, _: Value| {
            count += 1;
            // Entries may be removed on the way.
            table.set(state, key, Value::Nil)
        })
        .unwrap();
    assert_eq!(count, 1001);
    assert!(table.is_empty(&mut lua).unwrap());
}

#[test]
fn iteration_allocates_nothing() {
    let mut lua = lua();
    let table: Table = lua.load("local t = {} for i = 1, 1000 do t[i] = i end return t").eval().unwrap();
    let before = lua.memory().allocations;
    let sum: i64 = table.pairs::<i64, i64>(&mut lua).unwrap().map(|entry| entry.unwrap().1).sum();
    assert_eq!(sum, 500_500);
    assert_eq!(lua.memory().allocations, before);
}

#[test]
fn an_entry_of_the_wrong_kind_ends_the_iteration_with_an_error() {
    let mut lua = lua();
    let table: Table = lua.load("return { 1, 2, 'three' }").eval().unwrap();
    let items: Vec<_> = table.sequence::<i32>(&mut lua).unwrap().collect();
    assert_eq!(items.len(), 3);
    assert!(matches!(items[2], Err(Error::Type(_))));
    assert_eq!(lua.load("return 1").eval::<i32>().unwrap(), 1);
}

#[test]
fn tables_are_equal_by_identity_or_metamethod() {
    let mut lua = lua();
    let (a, b): (Table, Table) = lua
        .load(
            "local mt = { __eq = function(a, b) return a.id == b.id end }
               return setmetatable({ id = 1 }, mt), setmetatable({ id = 1 }, mt)",
        )
        .eval()
        .unwrap();
    assert!(a.equals(&mut lua, &b).unwrap());
    let c = lua.create_table().unwrap();
    let d = lua.create_table().unwrap();
    assert!(!c.equals(&mut lua, &d).unwrap());
    assert!(c.equals(&mut lua, &c.clone()).unwrap());
}

#[test]
fn dotted_names_reach_into_tables() {
    let mut lua = lua();
    lua.set("a.b.c", 1).unwrap();
    assert_eq!(lua.get::<i32>("a.b.c").unwrap(), 1);
    assert_eq!(lua.get::<Option<i32>>("a.x.y").unwrap(), None);
    assert_eq!(lua.load("return a.b.c").eval::<i32>().unwrap(), 1);
    let error = lua.set("a.b.c.d", 1).unwrap_err().to_string();
    assert_eq!(error, "'c' in global 'a.b.c.d': expected a table, got number");
    let error = lua.get::<i32>("a.b.c.d").unwrap_err().to_string();
    assert_eq!(error, "'c' in global 'a.b.c.d': expected a table, got number");
    for bad in ["", ".", "a.", ".a", "a..b"] {
        assert!(matches!(lua.set(bad, 1), Err(Error::Type(_))), "{bad}");
        assert!(matches!(lua.get::<Value>(bad), Err(Error::Type(_))), "{bad}");
    }
    lua.run("a.p = setmetatable({}, { __index = function(_, k) return k end })").unwrap();
    assert_eq!(lua.get::<String>("a.p.hello").unwrap(), "hello");
    let error = lua.get::<i32>("a.p.hello").unwrap_err().to_string();
    assert!(error.starts_with("global 'a.p.hello': expected an integer"), "{error}");
}
