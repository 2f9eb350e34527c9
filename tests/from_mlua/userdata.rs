//! Userdata: Rust types that come from other hosts of Lua with all their habits.

use perilune::{
    AnyUserData, Error, Function, Lua, MetaMethod, Result, State, UserData, UserDataError, UserDataFields, UserDataMethods, UserDataOwned,
    UserDataRef, UserDataRefMut, Value,
};

use crate::common::{quietly, with};

/// Something that is used up.
#[derive(Debug, PartialEq)]
struct Scroll {
    text: String,
}

impl UserData for Scroll {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("new", |_: &mut State, text: String| Ok(Self { text }));
        methods.add_method("length", |_: &mut State, this: &Self, (): ()| Ok(this.text.len()));
        methods.add_method_mut("write", |_: &mut State, this: &mut Self, text: &str| -> Result<()> {
            this.text.push_str(text);
            Ok(())
        });
        methods.add_function("read", |_: &mut State, (UserDataOwned(this), loud): (UserDataOwned<Self>, Option<bool>)| {
            Ok(if loud == Some(true) { this.text.to_uppercase() } else { this.text })
        });
        methods.add_method_mut("during", |state: &mut State, _: &mut Self, work: Function| work.call::<Value>(state, ()));
        methods.add_meta_method(MetaMethod::Call, |_: &mut State, this: &Self, n: usize| Ok(this.text.repeat(n)));
    }
}

#[test]
fn a_method_may_use_its_value_up() {
    with(|lua| {
        let proxy = lua.create_proxy::<Scroll>()?;
        lua.set("Scroll", proxy)?;
        lua.run(
            "local scroll = Scroll.new('xyz')
             scroll:write('zy')
             assert(scroll:length() == 5 and scroll:read(true) == 'XYZZY')
             local ok, e = pcall(scroll.length, scroll)
             assert(not ok and tostring(e):find('it has been dropped'), tostring(e))
             assert(not pcall(scroll.read, scroll))",
        )
        .map(drop)
    });
}

#[test]
fn what_cannot_be_taken_stays() {
    with(|lua| {
        let scroll = lua.create_userdata(Scroll { text: "xyz".to_owned() })?;
        lua.set("scroll", &scroll)?;
        let error = lua.run("scroll:during(function() scroll:read() end)").unwrap_err();
        assert_eq!(error.downcast_ref::<UserDataError>(), Some(&UserDataError::BorrowedMut), "{error}");
        assert!(
            lua.run("scroll.read({})").unwrap_err().to_string().contains("bad argument #1 to 'Scroll.read': expected a Scroll, got table")
        );
        assert!(lua.run("scroll.read()").unwrap_err().to_string().contains("expected a Scroll, got nil"));
        assert_eq!(scroll.borrow::<Scroll>(lua)?.text, "xyz");
        let mut owner = Scroll { text: "the owner's".to_owned() };
        lua.scope(|lua, scope| {
            let lent = scope.create_userdata_ref_mut(lua, &mut owner)?;
            lua.set("lent", lent)?;
            let error = lua.run("lent:read()").unwrap_err();
            assert_eq!(error.downcast_ref::<UserDataError>(), Some(&UserDataError::NotOwned), "{error}");
            Ok(())
        })?;
        assert_eq!(owner.text, "the owner's");
        Ok(())
    });
}

#[test]
fn a_value_that_was_taken_is_the_hosts() {
    with(|lua| {
        let scroll = lua.create_userdata(Scroll { text: "xyz".to_owned() })?;
        let UserDataOwned(taken) = Value::UserData(scroll.clone()).to::<UserDataOwned<Scroll>>(lua)?;
        assert_eq!(taken, Scroll { text: "xyz".to_owned() });
        assert!(scroll.is::<Scroll>(lua), "what it was is known still");
        assert!(scroll.borrow::<Scroll>(lua).is_err());
        Ok(())
    });
}

/// Panics when it is dropped.
struct Cursed;

impl Drop for Cursed {
    fn drop(&mut self) {
        panic!("the curse");
    }
}

#[test]
fn a_taken_value_that_panics_when_it_is_dropped_is_a_panic_of_that_call() {
    with(|lua| {
        lua.register("burn", |_: &mut State, _: UserDataOwned<Cursed>| Ok(()))?;
        let cursed = lua.create_any_userdata(Cursed)?;
        lua.set("cursed", &cursed)?;
        let error = quietly(|| lua.run("burn(cursed)")).unwrap_err();
        assert!(matches!(&error, Error::Panic(panic) if panic.message() == "the curse"), "{error:?}");
        assert!(lua.run("burn(cursed)").unwrap_err().to_string().contains("it has been dropped"));
        // A later argument that is refused: what was taken is gone all the same.
        lua.register("burn_at", |_: &mut State, (_, _): (UserDataOwned<Cursed>, u32)| Ok(()))?;
        lua.register("cursed", |state: &mut State, (): ()| state.create_any_userdata(Cursed))?;
        let error = quietly(|| lua.run("burn_at(cursed(), 'noon')")).unwrap_err();
        assert!(matches!(&error, Error::Panic(panic) if panic.message() == "the curse"), "{error:?}");
        Ok(())
    });
}

#[test]
fn a_userdata_is_called_as_a_function() {
    with(|lua| {
        let scroll = lua.create_userdata(Scroll { text: "xyz".to_owned() })?;
        assert_eq!(scroll.call::<String>(lua, 2)?, "xyzxyz");
        assert_eq!(scroll.call_method::<usize>(lua, "length", ())?, 3);
        assert_eq!(scroll.call_method::<()>(lua, "burn", ()).unwrap_err().to_string(), "method 'burn': expected a function, got nil");
        let plain = lua.create_any_userdata(7_u8)?;
        assert!(plain.call::<()>(lua, ()).unwrap_err().to_string().contains("attempt to call a"));
        Ok(())
    });
}

#[test]
fn handles_find_their_type_among_others() {
    with(|lua| {
        lua.register("kind", |state: &mut State, object: AnyUserData| {
            Ok(if object.is::<Scroll>(state) { "a scroll" } else { "something else" })
        })?;
        let byte = lua.create_any_userdata(7_u8)?;
        lua.set("byte", byte)?;
        lua.set("scroll", Scroll { text: String::new() })?;
        assert_eq!(lua.load("return kind(scroll), kind(byte)").eval::<(String, String)>()?, ("a scroll".into(), "something else".into()));
        Ok(())
    });
}

/// A type whose fields are computed, and one that scripts may extend.
struct Hero {
    hp: i32,
}

impl UserData for Hero {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("MAX", 20);
        fields.add_field_method_get("is_alive", |_, this| Ok(this.hp > 0));
        fields.add_field_method_get("hp", |_, this| Ok(this.hp));
        fields.add_field_method_set("hp", |_, this, hp: i32| {
            if hp > 20 {
                return Err(Error::runtime("nobody has that much"));
            }
            this.hp = hp;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |_: &mut State, _: &Self, name: String| Ok(format!("no {name}")));
        methods.add_meta_function(MetaMethod::NewIndex, |state: &mut State, (hero, name, value): (AnyUserData, String, Value)| {
            hero.set_named_user_value(state, &name, value)
        });
    }
}

#[test]
fn fields_come_before_the_types_own_index() {
    with(|lua| {
        let hero = lua.create_userdata(Hero { hp: 7 })?;
        lua.set("hero", &hero)?;
        lua.run(
            "assert(hero.hp == 7 and hero.is_alive and hero.MAX == 20 and hero.mp == 'no mp')
             hero.hp = hero.hp - 7
             assert(not hero.is_alive)
             hero.title = 'the late'",
        )?;
        assert_eq!(hero.named_user_value::<String>(lua, "title")?, "the late");
        let error = lua.run("hero.hp = 21").unwrap_err();
        assert_eq!(error.to_string(), "nobody has that much");
        assert_eq!(hero.get::<i32>(lua, "hp")?, 0);
        hero.set(lua, "hp", 9)?;
        assert_eq!(hero.borrow::<Hero>(lua)?.hp, 9);
        Ok(())
    });
}

#[test]
fn two_values_are_changed_at_once() {
    with(|lua| {
        lua.register("swap", |_: &mut State, (mut a, mut b): (UserDataRefMut<Hero>, UserDataRefMut<Hero>)| -> Result<()> {
            std::mem::swap(&mut a.hp, &mut b.hp);
            Ok(())
        })?;
        lua.set("a", Hero { hp: 1 })?;
        lua.set("b", Hero { hp: 2 })?;
        lua.run("swap(a, b) assert(a.hp == 2 and b.hp == 1)").map(drop)
    });
}

#[test]
fn borrowed_userdata_are_optional_and_cloned_at_will() {
    with(|lua| {
        lua.register("copy", |_: &mut State, hero: Option<UserDataRef<Hero>>| Ok(hero.map(|hero| Hero { hp: hero.hp })))?;
        lua.set("hero", Hero { hp: 5 })?;
        lua.run("local copy = copy(hero) copy.hp = 6 assert(hero.hp == 5 and copy.hp == 6 and not rawequal(copy, hero))")?;
        assert!(lua.load("return copy(nil)").eval::<Value>()?.is_nil());
        Ok(())
    });
}

/// Not of this crate, nor of ours: a type of the standard library.
#[test]
fn a_foreign_type_is_registered_once_and_used_as_others() {
    with(|lua| {
        lua.register_userdata_type::<std::time::Duration>(|registry| {
            registry.add_field_method_get("seconds", |_, this| Ok(this.as_secs_f64()));
            registry.add_method("plus", |state: &mut State, this: &std::time::Duration, seconds: f64| {
                state.create_any_userdata(*this + std::time::Duration::from_secs_f64(seconds))
            });
        })?;
        let minute = lua.create_any_userdata(std::time::Duration::from_secs(60))?;
        lua.set("minute", minute)?;
        lua.run("assert(minute:plus(1.5).seconds == 61.5)").map(drop)
    });
}

#[test]
fn values_shared_with_the_host_are_arcs() {
    use std::sync::{Arc, Mutex};
    with(|lua| {
        let score = Arc::new(Mutex::new(0));
        lua.register_userdata_type::<Arc<Mutex<i32>>>(|registry| {
            registry.add_method("add", |_: &mut State, this: &Arc<Mutex<i32>>, n: i32| -> Result<i32> {
                let mut score = this.lock().map_err(|_| Error::runtime("the score is poisoned"))?;
                *score += n;
                Ok(*score)
            });
        })?;
        let shared = lua.create_any_userdata(Arc::clone(&score))?;
        lua.set("score", &shared)?;
        assert_eq!(lua.load("score:add(40) return score:add(2)").eval::<i32>()?, 42);
        assert_eq!(*score.lock().unwrap(), 42);
        shared.destroy(lua)?;
        assert_eq!(Arc::strong_count(&score), 1);
        Ok(())
    });
}

#[test]
fn operators_take_operands_on_either_side() {
    #[derive(Clone, Copy)]
    struct Metres(f64);
    impl UserData for Metres {
        fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
            methods.add_meta_function(MetaMethod::Mul, |_: &mut State, (a, b): (Value, Value)| Ok((a.as_number(), b.as_number())));
            methods.add_meta_method(MetaMethod::Lt, |_: &mut State, a: &Self, b: UserDataRef<Self>| Ok(a.0 < b.0));
            methods.add_meta_method(MetaMethod::Unm, |_: &mut State, a: &Self, _: Value| Ok(Self(-a.0)));
        }
    }
    let mut lua = Lua::new().unwrap();
    lua.set("m", Metres(2.0)).unwrap();
    assert_eq!(lua.load("return (m * 3)").eval::<Option<f64>>().unwrap(), None);
    assert_eq!(lua.load("return (3 * m)").eval::<Option<f64>>().unwrap(), Some(3.0));
    lua.run("assert(-m < m and not (m < m) and m > -m)").unwrap();
    assert!(lua.run("return m < 3").is_err());
}
