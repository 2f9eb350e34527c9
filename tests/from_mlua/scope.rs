//! Scopes: what is lent, and for how long.

use std::cell::Cell;
use std::rc::Rc;

use perilune::{AnyUserData, Error, Function, Lua, Result, State, UserData, UserDataError, UserDataFields, UserDataMethods, Value};

use crate::common::with;

struct Gate {
    open: bool,
}

impl UserData for Gate {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("open", |_, this| Ok(this.open));
        fields.add_field_method_set("open", |_, this, open| {
            this.open = open;
            Ok(())
        });
    }
}

#[test]
fn a_scope_gives_what_its_closure_gives() {
    with(|lua| {
        assert_eq!(lua.scope(|lua, _| lua.load("return 7").eval::<i32>())?, 7);
        let error = lua.scope(|_, _| -> Result<()> { Err(Error::runtime("no")) }).unwrap_err();
        assert_eq!(error.to_string(), "no");
        // What a script made in it stays.
        let table = lua.scope(|lua, _| lua.create_table_from([("hp", 7)]))?;
        assert_eq!(table.get::<i32>(lua, "hp")?, 7);
        Ok(())
    });
}

#[test]
fn what_is_not_send_is_lent() {
    let mut lua = Lua::new().unwrap();
    let calls = Rc::new(Cell::new(0));
    lua.scope(|lua, scope| {
        let counting = Rc::clone(&calls);
        let count = scope.create_function(lua, move |_: &mut State, (): ()| -> Result<()> {
            counting.set(counting.get() + 1);
            Ok(())
        })?;
        lua.set("count", count)?;
        lua.run("count() count()").map(drop)
    })
    .unwrap();
    assert_eq!(calls.get(), 2);
    assert_eq!(Rc::strong_count(&calls), 1, "the closure is gone with its scope");
}

#[test]
fn a_handle_that_leaves_the_scope_is_a_handle_to_nothing() {
    with(|lua| {
        let mut gate = Gate { open: false };
        let (object, function): (AnyUserData, Function) = lua.scope(|lua, scope| {
            let object = scope.create_userdata_ref_mut(lua, &mut gate)?;
            let function = scope.create_function(lua, |_: &mut State, (): ()| Ok(7))?;
            object.set(lua, "open", true)?;
            assert_eq!(function.call::<i32>(lua, ())?, 7);
            Ok((object, function))
        })?;
        assert!(gate.open);
        let error = object.borrow::<Gate>(lua).map(|_| ()).unwrap_err();
        assert_eq!(error.downcast_ref::<UserDataError>(), Some(&UserDataError::ScopeEnded));
        assert!(object.get::<bool>(lua, "open").unwrap_err().to_string().contains("lent for a scope that has ended"));
        assert!(function.call::<Value>(lua, ()).unwrap_err().to_string().contains("lent for a scope that has ended"));
        Ok(())
    });
}

#[test]
fn the_same_value_is_lent_again_and_again() {
    with(|lua| {
        let mut gate = Gate { open: false };
        lua.run("function toggle(gate) gate.open = not gate.open end")?;
        let toggle: Function = lua.get("toggle")?;
        for turn in 0..3 {
            assert_eq!(gate.open, turn % 2 == 1);
            lua.scope(|lua, scope| {
                let lent = scope.create_userdata_ref_mut(lua, &mut gate)?;
                toggle.call::<()>(lua, lent)
            })?;
        }
        Ok(())
    });
}

#[test]
fn what_shall_happen_at_the_end_is_a_value_that_is_dropped_then() {
    struct Note<'a>(&'a Cell<bool>);
    impl Drop for Note<'_> {
        fn drop(&mut self) {
            self.0.set(true);
        }
    }
    with(|lua| {
        let ended = Cell::new(false);
        lua.scope(|lua, scope| {
            scope.create_any_userdata(lua, Note(&ended), |registry| {
                registry.add_method("ended", |_: &mut State, this: &Note, (): ()| Ok(this.0.get()));
            })?;
            assert!(!ended.get());
            Ok(())
        })?;
        assert!(ended.get());
        Ok(())
    });
}
