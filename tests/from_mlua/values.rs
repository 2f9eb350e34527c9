//! Values of any type: what they are, looked at without the VM.

use perilune::{Coroutine, Function, Lua, LuaString, MultiValue, Table, Value};

use crate::common::with;

#[test]
fn each_value_answers_for_its_own_type_only() {
    with(|lua| {
        let values: MultiValue = lua.load("return nil, true, 7, 7.5, 'text', {}, print, coroutine.create(print)").eval()?;
        let mut all = values.0;
        all.push(Value::UserData(lua.create_any_userdata(0_u8)?));
        let answers: Vec<String> = all
            .iter()
            .map(|value| {
                let found = [
                    value.is_nil().then_some("nil"),
                    value.as_boolean().map(|_| "boolean"),
                    value.as_integer().map(|_| "integer"),
                    value.as_number().map(|_| "number"),
                    value.as_string().map(|_| "string"),
                    value.as_table().map(|_| "table"),
                    value.as_function().map(|_| "function"),
                    value.as_coroutine().map(|_| "thread"),
                    value.as_userdata().map(|_| "userdata"),
                ];
                found.into_iter().flatten().collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(answers, ["nil", "boolean", "integer number", "number", "string", "table", "function", "thread", "userdata"]);
        Ok(())
    });
}

#[test]
fn what_is_answered_is_the_value() {
    with(|lua| {
        assert_eq!(lua.load("return false").eval::<Value>()?.as_boolean(), Some(false));
        assert_eq!(lua.load("return -3").eval::<Value>()?.as_integer(), Some(-3));
        assert_eq!(lua.load("return -3").eval::<Value>()?.as_number(), Some(-3.0));
        let text: Value = lua.load("return 'text'").eval()?;
        assert_eq!(text.as_string().unwrap().to_str(lua)?, "text");
        let table: Value = lua.load("return { 1, 2 }").eval()?;
        assert_eq!(table.as_table().unwrap().raw_len(lua)?, 2);
        let function: Value = lua.load("return function() return 7 end").eval()?;
        assert_eq!(function.as_function().unwrap().call::<i32>(lua, ())?, 7);
        let coroutine: Value = lua.load("return coroutine.create(function() return 8 end)").eval()?;
        assert_eq!(coroutine.as_coroutine().unwrap().resume::<i32>(lua, ())?, 8);
        let userdata = Value::UserData(lua.create_any_userdata("inside")?);
        assert_eq!(*userdata.as_userdata().unwrap().borrow::<&str>(lua)?, "inside");
        Ok(())
    });
}

/// LuaJIT has one kind of number and Lua 5.4 two; scripts that compute alike are read alike.
#[test]
fn whole_numbers_are_integers_however_they_came_about() {
    with(|lua| {
        for script in ["return 3", "return 3.0", "return 6 / 2", "return 2 ^ 53"] {
            let value: Value = lua.load(script).eval()?;
            assert_eq!(value.as_integer().map(|n| n as f64), value.as_number(), "{script}");
        }
        for script in ["return 3.5", "return 1e300", "return 0 / 0", "return 1 / 0", "return 2 ^ 63", "return '3'"] {
            assert_eq!(lua.load(script).eval::<Value>()?.as_integer(), None, "{script}");
        }
        assert_eq!(lua.load("return -2 ^ 63").eval::<Value>()?.as_integer(), Some(i64::MIN));
        assert_eq!(lua.load("return '3'").eval::<Value>()?.as_number(), None, "a text is none");
        Ok(())
    });
}

#[test]
fn the_default_is_nil_and_clones_are_the_same() {
    with(|lua| {
        assert!(Value::default().is_nil());
        let table: Value = lua.load("return {}").eval()?;
        assert!(table.clone().raw_equals(lua, &table)?);
        assert!(!lua.load("return {}").eval::<Value>()?.raw_equals(lua, &table)?);
        Ok(())
    });
}

#[test]
fn values_are_matched_on() {
    fn describe(value: &Value) -> &'static str {
        match value {
            Value::Nil => "nothing",
            Value::Integer(_) | Value::Number(_) => "a number",
            Value::Table(_) => "a table",
            _ => "something",
        }
    }
    with(|lua| {
        let all: MultiValue = lua.load("return nil, 1, 1.5, {}, print").eval()?;
        assert_eq!(all.iter().map(describe).collect::<Vec<_>>(), ["nothing", "a number", "a number", "a table", "something"]);
        Ok(())
    });
}

#[test]
fn values_and_handles_are_sent_to_other_threads_and_back() {
    fn is_send<T: Send + 'static>(value: T) -> T {
        value
    }
    let mut lua = Lua::new().unwrap();
    let (table, function): (Table, Function) = lua.load("return { 7 }, function(t) return t[1] end").eval().unwrap();
    let coroutine: Coroutine = lua.load("return coroutine.create(print)").eval().unwrap();
    let text: LuaString = lua.create_string("text").unwrap();
    let values = is_send(vec![Value::Table(table), Value::Coroutine(coroutine), Value::String(text)]);
    let (mut lua, values, function) = std::thread::spawn(move || (lua, values, function)).join().unwrap();
    assert_eq!(function.call::<i32>(&mut lua, &values[0]).unwrap(), 7);
}
