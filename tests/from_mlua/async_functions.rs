//! Async: host functions that are awaited, and what they hold meanwhile.

use futures_lite::future::{block_on, yield_now};
use perilune::{AnyUserData, AsyncContext, Error, ErrorContext, Function, Result, State, UserData, UserDataMethods};

use crate::common::with;

#[test]
fn an_awaited_result_may_be_returned_as_nil_and_why() {
    with(|lua| {
        lua.register_async("fetch", |_: AsyncContext, name: String| async move {
            yield_now().await;
            Ok(if name == "map" { Ok(name.to_uppercase()) } else { Err(format!("no {name}")) })
        })?;
        let script: Function = lua.load("return function() return fetch('map'), select(2, fetch('key')) end").eval()?;
        assert_eq!(block_on(script.call_async::<(String, String)>(lua, ()))?, ("MAP".to_owned(), "no key".to_owned()));
        Ok(())
    });
}

#[test]
fn an_awaited_error_keeps_its_context_and_cause() {
    with(|lua| {
        lua.register_async("read", |_: AsyncContext, path: String| async move {
            yield_now().await;
            std::fs::read_to_string(&path).map_err(Error::from).with_context(|_| format!("reading {path}"))
        })?;
        let script: Function = lua.load("return function(path) return read(path) end").eval()?;
        let error = block_on(script.call_async::<String>(lua, "/nowhere/at/all")).unwrap_err();
        assert!(error.to_string().starts_with("reading /nowhere/at/all: "), "{error}");
        assert!(error.downcast_ref::<std::io::Error>().is_some());
        Ok(())
    });
}

struct Fire {
    heat: u32,
}

impl UserData for Fire {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("heat", |_: &mut State, this: &Self, (): ()| Ok(this.heat));
    }
}

/// There are no async methods: nothing of a value is borrowed while others have their turn.
#[test]
fn an_async_function_takes_a_userdata_by_its_handle() {
    with(|lua| {
        lua.register_async("stoke", |cx: AsyncContext, (fire, times): (AnyUserData, u32)| async move {
            for _ in 0..times {
                yield_now().await;
                cx.with(|state| -> Result<()> {
                    fire.borrow_mut::<Fire>(state)?.heat += 1;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
        lua.set("fire", Fire { heat: 1 })?;
        let script: Function = lua.load("return function() stoke(fire, 3) return fire:heat() end").eval()?;
        assert_eq!(block_on(script.call_async::<u32>(lua, ()))?, 4);
        Ok(())
    });
}

#[test]
fn bound_arguments_are_awaited_with() {
    with(|lua| {
        lua.register_async("add", |_: AsyncContext, (a, b): (i32, i32)| async move {
            yield_now().await;
            Ok(a + b)
        })?;
        let add: Function = lua.get("add")?;
        let add_forty = add.bind(lua, 40)?;
        assert_eq!(block_on(add_forty.call_async::<i32>(lua, 2))?, 42);
        Ok(())
    });
}

#[test]
fn a_chunk_is_awaited_as_a_function() {
    with(|lua| {
        lua.register_async("pause", |_: AsyncContext, (): ()| async {
            yield_now().await;
            Ok(())
        })?;
        let chunk = lua.load("pause() local n = ... pause() return n * 2").into_function()?;
        assert_eq!(block_on(chunk.call_async::<i32>(lua, 21))?, 42);
        Ok(())
    });
}
