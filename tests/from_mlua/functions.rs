//! Functions: arguments and results, binding, where they come from, closures of every kind.

use perilune::{Error, Function, Lua, MultiValue, Result, State, Table, Value, Variadic, lua_sys};

use crate::common::{quietly, with};

#[test]
fn missing_arguments_are_nil_and_superfluous_ones_dropped() {
    with(|lua| {
        lua.register("describe", |_: &mut State, (name, level): (String, Option<u8>)| Ok(format!("{name} {level:?}")))?;
        let out: (String, String, String) =
            lua.load("return describe('Ash'), describe('Ash', nil), describe('Ash', 3, 'more', {})").eval()?;
        assert_eq!(out, ("Ash None".to_owned(), "Ash None".to_owned(), "Ash Some(3)".to_owned()));
        Ok(())
    });
}

#[test]
fn missing_results_are_nil_and_superfluous_ones_dropped() {
    with(|lua| {
        let two: Function = lua.load("return function() return 1, 2 end").eval()?;
        assert_eq!(two.call::<i32>(lua, ())?, 1);
        assert_eq!(two.call::<(i32, i32, Option<i32>)>(lua, ())?, (1, 2, None));
        two.call::<()>(lua, ())?;
        assert_eq!(two.call::<MultiValue>(lua, ())?.len(), 2);
        assert!(two.call::<(i32, i32, i32)>(lua, ()).is_err());
        Ok(())
    });
}

#[test]
fn variadic_arguments_may_come_after_others_and_carry_nils() {
    with(|lua| {
        lua.register("count", |_: &mut State, (first, rest): (Value, MultiValue)| {
            Ok((first.type_name(), rest.len(), rest.iter().filter(|value| value.is_nil()).count()))
        })?;
        assert_eq!(lua.load("return count(1, nil, 2, nil)").eval::<(String, usize, usize)>()?, ("number".to_owned(), 3, 2));
        assert_eq!(lua.load("return count()").eval::<(String, usize, usize)>()?, ("nil".to_owned(), 0, 0));
        Ok(())
    });
}

#[test]
fn variadics_are_made_and_walked_like_lists() {
    let mut sum = 0;
    let numbers: Variadic<i32> = (1..=4).collect();
    for number in &numbers {
        sum += number;
    }
    assert_eq!(sum, numbers.iter().sum::<i32>());
    assert_eq!(numbers.into_iter().rev().collect::<Vec<_>>(), [4, 3, 2, 1]);
    assert!(MultiValue::default().is_empty());
}

#[test]
fn bound_arguments_come_first_whatever_they_are() {
    with(|lua| {
        let gather: Function = lua.load("return function(...) return select('#', ...), ... end").eval()?;
        let none = gather.bind(lua, ())?;
        assert_eq!(none.call::<i32>(lua, ())?, 0);
        let bound = gather.bind(lua, (1, None::<i32>, "three"))?;
        let all: (usize, i32, Option<i32>, String, bool, Option<i32>) = bound.call(lua, (true, None::<i32>))?;
        assert_eq!(all, (5, 1, None, "three".to_owned(), true, None));
        // Binding what is bound already.
        let twice = bound.bind(lua, 4)?;
        assert_eq!(twice.call::<(usize, i32, Value, String, i32)>(lua, ()).map(|all| (all.0, all.4))?, (4, 4));
        Ok(())
    });
}

#[test]
fn any_number_of_arguments_can_be_bound() {
    with(|lua| {
        let count: Function = lua.load("return function(...) return select('#', ...), (select(-1, ...)) end").eval()?;
        for n in [1, 60, 150] {
            let bound = count.bind(lua, (1..=n).collect::<Variadic<i32>>())?;
            assert_eq!(bound.call::<(i32, i32)>(lua, ())?, (n, n));
        }
        Ok(())
    });
}

#[test]
fn what_is_bound_may_be_rusts_and_may_fail_and_yield() {
    with(|lua| {
        let fail = lua.create_function(|_: &mut State, (what, why): (String, String)| -> Result<()> {
            Err(Error::runtime(format!("{what}: {why}")))
        })?;
        let fail = fail.bind(lua, "the gate")?;
        assert_eq!(fail.call::<()>(lua, "locked").unwrap_err().to_string(), "the gate: locked");
        let ask: Function = lua.load("return function(who, what) return who .. coroutine.yield(what) end").eval()?;
        let ask = ask.bind(lua, "Rowan")?;
        let asking = lua.create_coroutine(&ask)?;
        assert_eq!(asking.resume::<String>(lua, "why?")?, "why?");
        assert_eq!(asking.resume::<String>(lua, "!")?, "Rowan!");
        Ok(())
    });
}

#[test]
fn binding_does_not_depend_on_the_libraries() {
    let mut lua = Lua::builder().libs(perilune::Libs::NONE).build().unwrap();
    let add: Function = lua.load("return function(a, b) return a + b end").eval().unwrap();
    assert_eq!(add.bind(&mut lua, 40).unwrap().call::<i32>(&mut lua, 2).unwrap(), 42);
}

#[test]
fn a_function_of_another_vm_is_not_bound() {
    with(|lua| {
        let mut other = Lua::new()?;
        let theirs: Function = other.get("print")?;
        assert!(matches!(theirs.bind(lua, 1), Err(Error::ForeignHandle)));
        assert!(matches!(theirs.info(lua), Err(Error::ForeignHandle)));
        let ours: Function = lua.get("print")?;
        assert!(matches!(ours.bind(lua, &theirs), Err(Error::ForeignHandle)));
        drop(other);
        assert!(matches!(theirs.info(lua), Err(Error::Closed)));
        Ok(())
    });
}

#[test]
fn a_function_tells_where_it_was_written() {
    with(|lua| {
        let text = "\nlocal function inner()\n  return 1\nend\nreturn inner, function() end";
        let (inner, last): (Function, Function) = lua.load(text).name("places.lua").eval()?;
        let info = inner.info(lua)?;
        assert_eq!((info.chunk.as_deref(), info.line, info.last_line), (Some("places.lua"), Some(2), Some(4)));
        assert_eq!(last.info(lua)?.to_string(), "places.lua:5");
        let whole = lua.load(text).name("places.lua").into_function()?.info(lua)?;
        assert_eq!((whole.to_string().as_str(), whole.line, whole.last_line), ("places.lua", None, None));
        let long = "x".repeat(200);
        assert_eq!(lua.load("").name(&long).into_function()?.info(lua)?.chunk, Some(long));
        let unnamed: Function = lua.load("return load('return 1')").eval()?;
        assert_eq!(unnamed.info(lua)?.chunk.as_deref(), Some("[string \"return 1\"]"));
        Ok(())
    });
}

#[test]
fn a_function_that_is_not_luas_tells_that() {
    with(|lua| {
        let ours = lua.create_function(|_: &mut State, (): ()| Ok(()))?;
        let rawget: Function = lua.get("rawget")?;
        for function in [ours, rawget] {
            let info = function.info(lua)?;
            assert_eq!((info.chunk.as_deref(), info.line, info.last_line, info.to_string().as_str()), (None, None, None, "[C]"));
        }
        Ok(())
    });
}

#[test]
fn a_function_of_c_is_one_like_others() {
    /// Returns how many arguments it got, and the last.
    unsafe extern "C-unwind" fn count(l: *mut lua_sys::lua_State) -> std::ffi::c_int {
        // SAFETY: a function has room for 20 values beyond its arguments.
        unsafe {
            let n = lua_sys::lua_gettop(l);
            lua_sys::lua_pushnumber(l, n.into());
            lua_sys::lua_pushvalue(l, n);
        }
        2
    }
    with(|lua| {
        // SAFETY: it keeps to the API's rules, and raises nothing.
        let count = unsafe { lua.create_c_function(count) }?;
        assert_eq!(count.call::<(i32, String)>(lua, (1, 2, "three"))?, (3, "three".to_owned()));
        lua.set("count", &count)?;
        lua.run("assert(count('x') == 1)").map(drop)
    });
}

#[test]
fn closures_capture_handles_and_give_functions_away() {
    with(|lua| {
        let log = lua.create_table()?;
        let note = {
            let log = log.clone();
            lua.create_function(move |state: &mut State, line: String| log.push(state, line))?
        };
        lua.register("make_adder", |state: &mut State, n: i32| state.create_function(move |_: &mut State, m: i32| Ok(n + m)))?;
        note.call::<()>(lua, "first")?;
        lua.set("note", note)?;
        assert_eq!(lua.load("note('second') return make_adder(40)(2)").eval::<i32>()?, 42);
        assert_eq!(log.to_vec::<String>(lua)?, ["first", "second"]);
        Ok(())
    });
}

#[test]
fn functions_of_rust_are_written_down_as_ones_too() {
    fn half(_: &mut State, n: f64) -> Result<f64> {
        Ok(n / 2.0)
    }
    with(|lua| {
        lua.register("half", half)?;
        assert_eq!(lua.call::<f64>("half", 5)?, 2.5);
        Ok(())
    });
}

#[test]
fn a_closure_that_changes_what_it_captured_is_not_entered_twice() {
    with(|lua| {
        let mut calls = 0;
        let function = lua.create_function_mut(move |state: &mut State, again: Option<Function>| -> Result<i32> {
            calls += 1;
            if let Some(again) = again {
                again.call::<()>(state, ())?;
            }
            Ok(calls)
        })?;
        assert_eq!(function.call::<i32>(lua, ())?, 1);
        let error = function.call::<i32>(lua, &function).unwrap_err();
        assert!(error.to_string().contains("called while it was still running"), "{error}");
        assert_eq!(function.call::<i32>(lua, ())?, 3);
        Ok(())
    });
}

#[test]
fn a_result_in_a_result_is_returned_as_nil_and_why() {
    with(|lua| {
        lua.register("parse", |_: &mut State, text: &str| Ok(text.parse::<i32>().map_err(|error| error.to_string())))?;
        lua.register("open", |_: &mut State, name: &str| -> Result<Result<(String, usize), Error>> {
            Ok(if name == "gate" { Ok((name.to_owned(), name.len())) } else { Err(Error::runtime(format!("no {name} here"))) })
        })?;
        lua.register("done", |_: &mut State, fine: bool| Ok(if fine { Ok(()) } else { Err("not done") }))?;
        lua.run(
            "assert(parse('12') == 12 and select('#', parse('12')) == 1)
             local n, why = parse('x')
             assert(n == nil and why:find('invalid digit'))
             local name, length = open('gate')
             assert(name == 'gate' and length == 4)
             local nothing, error_object = open('door')
             assert(nothing == nil and tostring(error_object) == 'no door here')
             assert(not pcall(error, error_object))
             assert(select('#', done(true)) == 0 and select(2, done(false)) == 'not done')
             -- As Lua's own functions it works with assert.
             local ok, e = pcall(function() return assert(open('door')) end)
             assert(not ok and tostring(e) == 'no door here')",
        )
        .map(drop)
    });
}

#[test]
fn nil_and_why_have_room_however_full_the_frame_is() {
    with(|lua| {
        lua.register("refuse", |_: &mut State, all: MultiValue| Ok(Err::<(), _>(Error::runtime(format!("{} are too many", all.len())))))?;
        lua.register("wrong", |_: &mut State, all: MultiValue| {
            let error = Error::external(std::fmt::Error);
            Ok((error.clone(), Error::runtime(all.len().to_string())))
        })?;
        for n in (0..40).chain([200, 4000]) {
            let arguments: Variadic<usize> = (0..n).collect();
            let (nil, why): (Value, Error) = lua.call("refuse", arguments.clone())?;
            assert!(nil.is_nil() && why.to_string() == format!("{n} are too many"));
            let (first, second): (Error, Error) = lua.call("wrong", arguments)?;
            assert!(first.downcast_ref::<std::fmt::Error>().is_some() && second.to_string() == n.to_string());
        }
        Ok(())
    });
}

/// A value that panics while it is converted.
struct Faint;

impl perilune::IntoLua for Faint {
    fn into_lua(self, _: &mut State) -> Result<Value> {
        panic!("on purpose")
    }
}

#[test]
fn conversions_that_panic_are_the_callers_panic() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    with(|lua| {
        let print: Function = lua.get("print")?;
        let list = lua.create_sequence([1, 2, 3])?;
        quietly(|| {
            assert!(catch_unwind(AssertUnwindSafe(|| print.bind(lua, (1, Faint)))).is_err());
            assert!(catch_unwind(AssertUnwindSafe(|| list.insert(lua, 2, Faint))).is_err());
            assert!(catch_unwind(AssertUnwindSafe(|| list.call_method::<()>(lua, "x", Faint))).is_ok(), "there is no such method");
        });
        lua.register("refuse", |_: &mut State, (): ()| Ok(Err::<(), _>(Faint)))?;
        assert!(matches!(quietly(|| lua.run("refuse()")), Err(Error::Panic(_))));
        assert_eq!(list.to_vec::<i32>(lua)?, [1, 2, 3]);
        Ok(())
    });
}

#[test]
fn a_panic_comes_out_as_one_where_the_host_wants_it() {
    with(|lua| {
        lua.register("boom", |_: &mut State, (): ()| -> Result<()> { panic!("on purpose") })?;
        let Err(Error::Panic(panic)) = quietly(|| lua.run("boom()")) else { panic!("no panic") };
        let resumed = quietly(|| std::panic::catch_unwind(|| panic.resume())).unwrap_err();
        assert_eq!(resumed.downcast_ref::<&str>(), Some(&"on purpose"));
        Ok(())
    });
}

#[test]
fn an_environment_can_be_shared_by_what_was_compiled_apart() {
    with(|lua| {
        let sandbox = lua.create_table_from([("n", 40)])?;
        let write = lua.load("n = n + 1").environment(&sandbox).into_function()?;
        let read: Function = lua.load("return function() return n + 1 end").environment(&sandbox).eval()?;
        write.call::<()>(lua, ())?;
        assert_eq!(read.call::<i32>(lua, ())?, 42);
        assert!(read.environment(lua)?.unwrap().equals(lua, &sandbox)?);
        let empty: Option<Table> = lua.create_function(|_: &mut State, (): ()| Ok(()))?.environment(lua)?;
        assert!(empty.is_none(), "a host function has none");
        Ok(())
    });
}
