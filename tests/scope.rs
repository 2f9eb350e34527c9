//! Promise: what is lent for a scope is gone when the scope ends, however it ends; a
//! script that kept it gets an error, never what the host has taken back.

mod common;

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use common::{check, height, measurable, quietly, settled, stops_growing, with};
use perilune::{
    AnyUserData, Error, Function, Lua, MetaMethod, Result, State, Table, UserData, UserDataError, UserDataFields, UserDataMethods,
    UserDataRef, Value,
};

struct World {
    turn: u32,
}

impl UserData for World {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("turn", |_, this| Ok(this.turn));
        fields.add_field_method_set("turn", |_, this, turn| {
            this.turn = turn;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |_: &mut State, this: &Self, (): ()| Ok(this.turn));
        methods.add_method_mut("advance", |_: &mut State, this: &mut Self, by: u32| -> Result<u32> {
            this.turn += by;
            Ok(this.turn)
        });
    }
}

/// What a script kept answers with an error that says why.
fn is_over(lua: &mut Lua, script: &str) {
    let error = lua.run(script).unwrap_err();
    assert!(error.to_string().contains("lent for a scope that has ended"), "{script}: {error}");
    check(lua);
}

#[test]
fn closures_borrow_and_need_not_be_send() {
    with(|lua| {
        let (log, count) = (RefCell::new(Vec::new()), Rc::new(Cell::new(0)));
        let mut total = 0;
        let answer = lua.scope(|lua, scope| {
            let note = scope.create_function(lua, |_: &mut State, text: &str| -> Result<usize> {
                log.borrow_mut().push(text.to_owned());
                count.set(count.get() + 1);
                Ok(log.borrow().len())
            })?;
            let add = scope.create_function_mut(lua, |_: &mut State, n: i32| -> Result<i32> {
                total += n;
                Ok(total)
            })?;
            lua.set("note", &note)?;
            lua.set("add", add)?;
            lua.run("note('a') assert(note('b') == 2) add(3)")?;
            assert_eq!(note.call::<usize>(lua, "c")?, 3);
            lua.call::<i32>("add", 4)
        })?;
        assert_eq!((answer, total, count.get()), (7, 7, 3));
        assert_eq!(*log.borrow(), ["a", "b", "c"]);
        is_over(lua, "note('d')");
        is_over(lua, "add(1)");
        assert_eq!(log.borrow().len(), 3);
        Ok(())
    });
}

#[test]
fn wherever_a_script_keeps_it() {
    with(|lua| {
        let value = 7;
        let kept = lua.scope(|lua, scope| {
            let get = scope.create_function(lua, |_: &mut State, (): ()| Ok(value))?;
            lua.set("get", &get)?;
            lua.run(
                "t = { get } m = setmetatable({}, { __index = get }) c = coroutine.wrap(get)
                local get = get function up() return get() end
                co = coroutine.wrap(function() coroutine.yield(get()) return get() end) assert(co() == 7)",
            )?;
            Ok(get)
        })?;
        for script in ["t[1]()", "return m.x", "c()", "up()", "co()", "get()"] {
            is_over(lua, script);
        }
        let error = kept.call::<Value>(lua, ()).unwrap_err();
        assert!(error.to_string().contains("has ended"), "{error}");
        Ok(())
    });
}

#[test]
fn values_are_lent_to_be_read_or_changed() {
    with(|lua| {
        let mut world = World { turn: 1 };
        lua.scope(|lua, scope| {
            let lent = scope.create_userdata_ref(lua, &world)?;
            assert_eq!(lent.borrow::<World>(lua)?.turn, world.turn);
            lua.set("world", &lent)?;
            lua.run("assert(world.turn == 1 and world:get() == 1)")?;
            for script in ["world.turn = 2", "world:advance(1)"] {
                let error = lua.run(script).unwrap_err();
                assert_eq!(error.downcast_ref(), Some(&UserDataError::ReadOnly), "{script}");
            }
            assert!(lent.borrow_mut::<World>(lua).is_err() && lent.take::<World>(lua).is_err());
            Ok(())
        })?;
        is_over(lua, "return world.turn");
        lua.scope(|lua, scope| {
            let lent = scope.create_userdata_ref_mut(lua, &mut world)?;
            lua.set("world", &lent)?;
            lua.run("world.turn = world.turn + 1 world:advance(10)")?;
            lent.borrow_mut::<World>(lua)?.turn += 100;
            let error = lent.take::<World>(lua).map(drop).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&UserDataError::NotOwned));
            Ok(())
        })?;
        assert_eq!(world.turn, 112);
        is_over(lua, "world.turn = 1");
        is_over(lua, "local w = world world.advance(w, 1)");
        assert_eq!(world.turn, 112);
        let handle: AnyUserData = lua.get("world")?;
        assert!(handle.borrow::<World>(lua).is_err() && handle.take::<World>(lua).is_err());
        Ok(())
    });
}

#[test]
fn a_destroyed_loan_leaves_the_value_to_its_owner() {
    with(|lua| {
        let mut world = World { turn: 1 };
        lua.scope(|lua, scope| {
            let lent = scope.create_userdata_ref_mut(lua, &mut world)?;
            lent.destroy(lua)?;
            let error = lent.borrow::<World>(lua).map(drop).unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&UserDataError::Dropped), "the scope has not ended: {error}");
            Ok(())
        })?;
        assert_eq!(world.turn, 1);
        Ok(())
    });
}

#[test]
fn a_value_moved_into_a_scope_is_a_userdata_until_its_end() {
    with(|lua| {
        lua.scope(|lua, scope| {
            let world = scope.create_userdata(lua, World { turn: 5 })?;
            lua.set("world", &world)?;
            lua.run("assert(world:advance(1) == 6)")?;
            assert!(world.take::<World>(lua).is_err());
            Ok(())
        })?;
        is_over(lua, "return world.turn");
        Ok(())
    });
}

/// Borrows, and has its own methods.
struct Party<'a> {
    names: &'a mut Vec<String>,
    visits: &'a Cell<usize>,
}

#[test]
fn a_value_that_borrows_has_methods_of_its_own() {
    with(|lua| {
        let (mut names, visits) = (vec!["Rowan".to_owned()], Cell::new(0));
        for round in 0..3 {
            lua.scope(|lua, scope| {
                let party = Party { names: &mut names, visits: &visits };
                let party = scope.create_any_userdata(lua, party, |registry| {
                    registry.add_field_method_get("size", |_, this| Ok(this.names.len()));
                    registry.add_method("visit", |_: &mut State, this: &Party, (): ()| -> Result<usize> {
                        this.visits.set(this.visits.get() + 1);
                        Ok(this.visits.get())
                    });
                    registry.add_method_mut("join", |_: &mut State, this: &mut Party, name: &str| -> Result<()> {
                        this.names.push(name.to_owned());
                        Ok(())
                    });
                    registry.add_meta_method(MetaMethod::Len, |_: &mut State, this: &Party, (): ()| Ok(this.names.len()));
                    registry.add_function("two", |_: &mut State, (): ()| Ok(2));
                })?;
                assert_eq!(party.type_name(lua)?.as_deref(), Some("Party"));
                lua.set("party", party)?;
                lua.run("party:join('Ash') party:visit() assert(#party == party.size and party.two() == 2) join = party.join")?;
                assert!(lua.run("party.missing()").is_err());
                Ok(())
            })?;
            assert_eq!((names.len(), visits.get()), (round + 2, round + 1));
            is_over(lua, "party:visit()");
            is_over(lua, "join(party, 'Birch')");
            is_over(lua, "return party.size");
            assert!(lua.run("join(1)").is_err());
        }
        Ok(())
    });
}

/// Methods of a value's own class cannot be made to run with another value: not with
/// one of the same Rust type, nor after their metatable's address is another's.
#[test]
fn methods_of_one_scope_never_meet_values_of_another() {
    with(|lua| {
        lua.run("methods = {}")?;
        for round in 0..200 {
            let text = format!("value {round}");
            lua.scope(|lua, scope| {
                let (a, b) = (text.as_str(), round);
                let text = scope.create_any_userdata(lua, a, |registry| {
                    registry.add_method("get", |_: &mut State, this: &&str, (): ()| Ok((*this).to_owned()));
                })?;
                let number = scope.create_any_userdata(lua, b, |registry| {
                    registry.add_method("get", |_: &mut State, this: &i32, (): ()| Ok(*this));
                })?;
                lua.set("a", text)?;
                lua.set("b", number)?;
                lua.run(
                    "assert(a:get():find('value') and type(b:get()) == 'number')
                    assert(not pcall(a.get, b) and not pcall(b.get, a))
                    for _, method in ipairs(methods) do assert(not pcall(method, a) and not pcall(method, b)) end
                    methods[#methods + 1] = a.get methods[#methods + 1] = b.get
                    if #methods > 40 then methods = {} end
                    a, b = nil collectgarbage()",
                )
                .map(drop)
            })?;
        }
        Ok(())
    });
}

#[test]
fn it_ends_with_an_error_too() {
    with(|lua| {
        let mut world = World { turn: 1 };
        let result: Result<()> = lua.scope(|lua, scope| {
            let lent = scope.create_userdata_ref_mut(lua, &mut world)?;
            lua.set("world", lent)?;
            lua.run("world.turn = 2 error('on purpose')").map(drop)
        });
        assert!(result.unwrap_err().to_string().contains("on purpose"));
        is_over(lua, "return world.turn");
        assert_eq!(world.turn, 2);
        Ok(())
    });
}

#[test]
fn it_ends_with_a_panic_too() {
    with(|lua| {
        let dropped = Cell::new(0);
        let world = World { turn: 1 };
        let panicked = quietly(|| {
            catch_unwind(AssertUnwindSafe(|| {
                lua.scope(|lua, scope| {
                    let counted = Counted(&dropped);
                    let get = scope.create_function(lua, move |_: &mut State, (): ()| Ok(counted.get()))?;
                    let owned = scope.create_any_userdata(lua, Counted(&dropped), |_| ())?;
                    let world = scope.create_userdata_ref(lua, &world)?;
                    lua.set("get", get)?;
                    lua.set("owned", owned)?;
                    lua.set("world", world)?;
                    panic!("on purpose");
                    #[allow(unreachable_code)]
                    Ok(())
                })
            }))
        });
        assert!(panicked.is_err());
        assert_eq!(dropped.get(), 2);
        is_over(lua, "get()");
        is_over(lua, "return world.turn");
        settled(lua);
        assert_eq!(dropped.get(), 2);
        Ok(())
    });
}

#[test]
fn a_panic_in_a_lent_closure_is_the_hosts_again() {
    with(|lua| {
        let text = String::from("boom");
        let result = quietly(|| {
            lua.scope(|lua, scope| {
                let boom = scope.create_function(lua, |_: &mut State, (): ()| -> Result<()> { panic!("{text}") })?;
                boom.call::<()>(lua, ())
            })
        });
        assert!(matches!(result, Err(Error::Panic(panic)) if panic.message() == "boom"));
        Ok(())
    });
}

/// Counts drops.
struct Counted<'a>(&'a Cell<i32>);

impl Counted<'_> {
    /// Has it captured as a whole.
    fn get(&self) -> i32 {
        self.0.get()
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Panics when dropped.
struct Bomb<'a>(&'a Cell<i32>);

impl Bomb<'_> {
    /// Has it captured as a whole.
    fn get(&self) -> i32 {
        self.0.get()
    }
}

impl Drop for Bomb<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
        panic!("dropped");
    }
}

#[test]
fn a_panic_in_drop_is_reported_and_stops_nothing() {
    with(|lua| {
        let dropped = Cell::new(0);
        let result = quietly(|| {
            lua.scope(|lua, scope| {
                for _ in 0..3 {
                    let bomb = Bomb(&dropped);
                    scope.create_function(lua, move |_: &mut State, (): ()| Ok(bomb.get()))?;
                    scope.create_any_userdata(lua, Bomb(&dropped), |_| ())?;
                }
                Ok(())
            })
        });
        assert!(matches!(result, Err(Error::Panic(panic)) if panic.message() == "dropped"));
        assert_eq!(dropped.get(), 6);
        check(lua);
        Ok(())
    });
}

#[test]
fn scopes_nest() {
    with(|lua| {
        let mut outer = 0;
        lua.scope(|lua, scope| {
            let add = scope.create_function_mut(lua, |_: &mut State, n: i32| -> Result<i32> {
                outer += n;
                Ok(outer)
            })?;
            lua.set("add", add)?;
            let mut inner = 0;
            lua.scope(|lua, scope| {
                let twice = scope.create_function_mut(lua, |state: &mut State, n: i32| -> Result<()> {
                    inner += 1;
                    state.call::<i32>("add", n * 2).map(drop)
                })?;
                lua.set("twice", twice)?;
                lua.run("twice(2) twice(3)").map(drop)
            })?;
            assert_eq!(inner, 2);
            assert!(lua.run("twice(1)").is_err());
            lua.run("assert(add(1) == 11)").map(drop)
        })?;
        assert_eq!(outer, 11);
        Ok(())
    });
}

#[test]
fn a_scope_inside_a_callback_and_a_loan_made_in_one() {
    with(|lua| {
        lua.register("visit", |state: &mut State, f: Function| -> Result<u32> {
            let mut world = World { turn: 0 };
            state.scope(|state, scope| {
                let lent = scope.create_userdata_ref_mut(state, &mut world)?;
                f.call::<()>(state, lent)
            })?;
            Ok(world.turn)
        })?;
        lua.run("local kept assert(visit(function(w) w.turn = 9 kept = w end) == 9) assert(not pcall(kept.get, kept))")?;
        let numbers = [1, 2, 3];
        lua.scope(|lua, scope| {
            // From within a coroutine.
            let make = scope.create_function(lua, |state: &mut State, i: usize| {
                let number = &numbers[i];
                scope.create_function(state, move |_: &mut State, (): ()| Ok(*number))
            })?;
            lua.set("make", make)?;
            lua.run("get = coroutine.wrap(function() return make(1) end)() assert(get() == 2)").map(drop)
        })?;
        is_over(lua, "get()");
        Ok(())
    });
}

#[test]
fn a_lent_value_is_an_argument() {
    with(|lua| {
        lua.register("turn_of", |_: &mut State, world: UserDataRef<World>| Ok(world.turn))?;
        let world = World { turn: 4 };
        lua.scope(|lua, scope| {
            let lent = scope.create_userdata_ref(lua, &world)?;
            lua.set("world", lent)?;
            lua.run("assert(turn_of(world) == 4)").map(drop)
        })?;
        is_over(lua, "turn_of(world)");
        Ok(())
    });
}

#[test]
fn it_lends_to_its_own_vm_only() {
    let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
    let (value, world) = (7, World { turn: 1 });
    lua.scope(|_, scope| {
        let made = scope.create_function(&mut other, |_: &mut State, (): ()| Ok(value)).map(drop);
        assert!(matches!(made, Err(Error::ForeignHandle)));
        let made = scope.create_any_userdata(&mut other, &value, |_| ()).map(drop);
        assert!(matches!(made, Err(Error::ForeignHandle)));
        assert!(matches!(scope.create_userdata_ref(&mut other, &world).map(drop), Err(Error::ForeignHandle)));
        Ok(())
    })
    .unwrap();
    check(&mut other);
}

#[test]
fn what_was_lent_leaves_nothing() {
    let mut lua = measurable();
    let top = height(&mut lua);
    stops_growing(&mut lua, "scopes", |lua| {
        let mut names = Vec::new();
        for i in 0..2_000 {
            let world = World { turn: i };
            lua.scope(|lua, scope| {
                let turn = scope.create_function(lua, |_: &mut State, (): ()| Ok(i))?;
                lua.set("turn", turn)?;
                let world = scope.create_userdata_ref(lua, &world)?;
                lua.set("world", world)?;
                let visits = Cell::new(0);
                let _ = &visits;
                let party = scope.create_any_userdata(lua, &mut names, |registry| {
                    registry.add_method_mut("add", |_: &mut State, this: &mut &mut Vec<u32>, n: u32| -> Result<()> {
                        this.push(n);
                        Ok(())
                    });
                })?;
                lua.set("party", party)?;
                lua.run("party:add(world.turn + turn())").map(drop)
            })
            .unwrap();
        }
        lua.set("kept", Value::Nil).unwrap();
        assert_eq!(names.len(), 2_000);
    });
    assert_eq!(height(&mut lua), top);
    let _: Table = lua.globals().unwrap();
}

/// Every allocation of lending fails once: what borrows never outlives its scope.
#[test]
fn it_ends_where_memory_runs_out_too() {
    for n in 1..2000 {
        let mut lua = measurable();
        let dropped = Cell::new(0);
        let before = lua.memory().allocations;
        lua.fail_allocations(n..u64::MAX);
        let world = World { turn: 1 };
        let result = lua.scope(|lua, scope| {
            let counted = Counted(&dropped);
            let get = scope.create_function(lua, move |_: &mut State, (): ()| Ok(counted.get()));
            let owned = scope.create_any_userdata(lua, Counted(&dropped), |registry| {
                registry.add_field_method_get("count", |_, this| Ok(this.0.get()));
                registry.add_method("get", |_: &mut State, this: &Counted, (): ()| Ok(this.0.get()));
            });
            let world = scope.create_userdata_ref(lua, &world);
            get.and(owned.map(drop)).and(world.map(drop))
        });
        assert_eq!(dropped.get(), 2, "allocation {n}");
        let made = lua.memory().allocations - before;
        lua.fail_allocation(0);
        settled(&mut lua);
        assert_eq!(dropped.get(), 2, "allocation {n}");
        check(&mut lua);
        if made < n {
            return result.unwrap();
        }
        assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
    }
    panic!("never lent");
}
