//! Promise: a Rust type is a Lua value with fields, methods, functions and metamethods;
//! whatever a script does with it, the value is only ever used as its own type, and
//! nobody changes what somebody else reads.

mod common;

use common::{check, is_luajit, quietly, settled, with};
use perilune::{
    AnyUserData, Error, FromLua, Function, IntoLua, Lua, MetaMethod, Result, State, UserData, UserDataError, UserDataFields,
    UserDataMethods, UserDataRef, UserDataRefMut, UserDataRegistry, Value, Variadic,
};

/// A type with everything.
#[derive(Debug, Clone, PartialEq)]
struct Vec2 {
    x: f64,
    y: f64,
}

impl UserData for Vec2 {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("ORIGIN", Self { x: 0.0, y: 0.0 });
        fields.add_field("DIMENSIONS", 2);
        fields.add_field_method_get("x", |_, this| Ok(this.x));
        fields.add_field_method_set("x", |_, this, x| {
            this.x = x;
            Ok(())
        });
        fields.add_field_method_get("y", |_, this| Ok(this.y));
        fields.add_field_function_get("label", |state, object| object.named_user_value::<Value>(state, "label"));
        fields.add_field_function_set("label", |state, object, label: String| object.set_named_user_value(state, "label", label));
        fields.add_meta_field("__unit", "metre");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("new", |_: &mut State, (x, y): (f64, f64)| Ok(Self { x, y }));
        methods.add_method("length", |_: &mut State, this: &Self, (): ()| Ok(this.x.hypot(this.y)));
        methods.add_method("named", |_: &mut State, this: &Self, (name, end): (&str, Option<&str>)| -> Result<String> {
            Ok(format!("{name}({}, {}){}", this.x, this.y, end.unwrap_or_default()))
        });
        methods.add_method("sum", |_: &mut State, this: &Self, all: Variadic<f64>| Ok(this.x + all.iter().sum::<f64>()));
        methods.add_method("both", |_: &mut State, this: &Self, (): ()| Ok((this.x, this.y)));
        methods.add_method("dot", |_: &mut State, this: &Self, to: UserDataRef<Self>| Ok(this.x * to.x + this.y * to.y));
        methods.add_method_mut("scale", |_: &mut State, this: &mut Self, by: f64| -> Result<()> {
            this.x *= by;
            this.y *= by;
            Ok(())
        });
        methods.add_method_mut("add", |_: &mut State, this: &mut Self, other: UserDataRef<Self>| -> Result<()> {
            this.x += other.x;
            this.y += other.y;
            Ok(())
        });
        methods.add_method("reading", |state: &mut State, this: &Self, work: Function| -> Result<f64> {
            work.call::<()>(state, ())?;
            Ok(this.x)
        });
        methods.add_method_mut("changing", |state: &mut State, this: &mut Self, work: Function| -> Result<()> {
            work.call::<()>(state, ())?;
            this.x += 1.0;
            Ok(())
        });
        let mut made = 0;
        methods.add_function_mut("count", move |_: &mut State, (): ()| -> Result<i32> {
            made += 1;
            Ok(made)
        });
        methods.add_method("boom", |_: &mut State, _: &Self, (): ()| -> Result<()> { panic!("boom") });
        methods.add_method_mut("boom_mut", |_: &mut State, _: &mut Self, (): ()| -> Result<()> { panic!("boom") });
        methods.add_meta_method(MetaMethod::Add, |_: &mut State, a: &Self, b: UserDataRef<Self>| Ok(Self { x: a.x + b.x, y: a.y + b.y }));
        methods.add_meta_function(MetaMethod::Mul, |_: &mut State, (factor, v): (f64, UserDataRef<Self>)| {
            Ok(Self { x: factor * v.x, y: factor * v.y })
        });
        methods.add_meta_method(MetaMethod::Unm, |_: &mut State, a: &Self, (): ()| Ok(Self { x: -a.x, y: -a.y }));
        methods.add_meta_method(MetaMethod::Eq, |_: &mut State, a: &Self, b: UserDataRef<Self>| Ok(*a == *b));
        methods.add_meta_method(MetaMethod::Lt, |_: &mut State, a: &Self, b: UserDataRef<Self>| Ok(a.x < b.x));
        methods.add_meta_method(MetaMethod::Le, |_: &mut State, a: &Self, b: UserDataRef<Self>| Ok(a.x <= b.x));
        methods.add_meta_method(MetaMethod::Len, |_: &mut State, _: &Self, (): ()| Ok(2));
        methods.add_meta_method(MetaMethod::Concat, |_: &mut State, a: &Self, b: String| Ok(format!("{}{b}", a.x)));
        methods.add_meta_method_mut(MetaMethod::Call, |_: &mut State, this: &mut Self, x: f64| -> Result<f64> {
            Ok(std::mem::replace(&mut this.x, x))
        });
        methods.add_meta_method(MetaMethod::ToString, |_: &mut State, this: &Self, (): ()| Ok(format!("<{}, {}>", this.x, this.y)));
    }
}

/// Methods and nothing else.
struct Plain;

impl UserData for Plain {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("seven", |_: &mut State, _: &Self, (): ()| Ok(7));
    }
}

/// A VM in which `v` is (3, 4), `p` a [`Plain`], and `Vec2` stands for the type.
fn world() -> Lua {
    let mut lua = Lua::new().unwrap();
    let proxy = lua.create_proxy::<Vec2>().unwrap();
    lua.set("Vec2", proxy).unwrap();
    lua.set("v", Vec2 { x: 3.0, y: 4.0 }).unwrap();
    lua.set("p", Plain).unwrap();
    lua
}

fn passes(script: &str) {
    let mut lua = world();
    lua.run(script).unwrap_or_else(|error| panic!("{script}: {error:#}"));
    check(&mut lua);
    lua.close().unwrap();
}

fn fails(script: &str, message: &str) -> Error {
    let mut lua = world();
    let error = lua.run(script).unwrap_err();
    assert!(error.to_string().contains(message), "{script}: {error}");
    check(&mut lua);
    lua.close().unwrap();
    error
}

#[test]
fn methods_take_and_give_what_functions_do() {
    passes("assert(v:length() == 5 and v:dot(v) == 25)");
    passes("assert(v:named('v') == 'v(3, 4)' and v:named('v', '!') == 'v(3, 4)!')");
    passes("assert(v:sum() == 3 and v:sum(1, 2, 3) == 9)");
    passes("local x, y = v:both() assert(x == 3 and y == 4)");
    passes("v:scale(2) assert(v:length() == 10)");
    passes("v:add(Vec2.new(1, 1)) assert(v.x == 4 and v.y == 5)");
    passes("assert(Vec2.count() == 1 and v.count() == 2)");
    passes("assert(p:seven() == 7 and p.six == nil)");
}

#[test]
fn fields_are_read_and_written() {
    passes("v.x = v.x + 1 assert(v.x == 4 and v.y == 4)");
    passes("assert(v.DIMENSIONS == 2 and Vec2.DIMENSIONS == 2)");
    passes("assert(v.ORIGIN.x == 0 and v.ORIGIN.ORIGIN == v.ORIGIN and v.ORIGIN:length() == 0)");
    passes("assert(v.label == nil) v.label = 'home' assert(v.label == 'home' and Vec2.new(1, 1).label == nil)");
}

#[test]
fn metamethods_are_called() {
    passes("local sum = v + Vec2.new(1, 1) assert(sum.x == 4 and sum.y == 5)");
    passes("assert((-v).x == -3 and #v == 2 and v .. 'm' == '3m')");
    passes("assert(v == Vec2.new(3, 4) and v ~= Vec2.new(3, 5) and v < Vec2.new(4, 0) and v <= v)");
    passes("assert(v(7) == 3 and v.x == 7)");
    passes("assert(tostring(v) == '<3, 4>')");
    passes("assert(tostring(p):find('^Plain: ') and tostring(Vec2):find('^class Vec2: '))");
    passes("assert((2 * v).x == 6)");
    fails("return v * 2", "bad argument #1 to 'Vec2.__mul': expected a number, got Vec2");
}

#[test]
fn what_is_not_there_is_an_error_that_names_it() {
    fails("return v.z", "a Vec2 has no field or method 'z'");
    fails("v.z = 1", "cannot set field 'z' of a Vec2: it has no such field");
    fails("v.y = 1", "cannot set field 'y' of a Vec2: it can only be read");
    fails("p.x = 1", "cannot set field 'x' of a Plain: it has no such field");
    fails("v[{}] = 1", "cannot set field '(table)'");
    fails("return v[nil]", "'(nil)'");
    fails("p:six()", "six");
    fails("Vec2.new = nil", "cannot set field 'new' of a class Vec2");
}

#[test]
fn arguments_are_counted_as_scripts_write_them() {
    fails("v:scale('much')", "bad argument #1 to 'Vec2:scale': expected a number, got string \"much\"");
    fails("v:dot(1)", "bad argument #1 to 'Vec2:dot': expected a Vec2, got number 1");
    fails("v:dot(p)", "bad argument #1 to 'Vec2:dot': expected a Vec2, got Plain");
    fails("Vec2.new(1, {})", "bad argument #2 to 'Vec2.new': expected a number, got table");
    fails("v.x = {}", "cannot set 'Vec2.x': expected a number, got table");
    fails("return v + 1", "bad argument #1 to 'Vec2:__add': expected a Vec2, got number 1");
}

/// The one thing that must never happen: a method that runs with a value of another type.
#[test]
fn a_method_runs_with_its_own_type_only() {
    for wrong in ["p", "nil", "1", "'v'", "{}", "print", "Vec2", "select(2, pcall(v.boom, v))", "coroutine.create(print)"] {
        let error = quietly(|| fails(&format!("local length = v.length length({wrong})"), "bad self to 'Vec2:length': expected a Vec2"));
        assert!(matches!(error, Error::Runtime(_)));
    }
    fails("v.length()", "expected a Vec2 (methods are called with ':'), got nil");
    fails("p.seven(v)", "bad self to 'Plain:seven': expected a Plain, got Vec2");
    fails("return 1 + v", "bad self to 'Vec2:__add': expected a Vec2, got number 1");
}

/// Long enough to be compiled, and with another type every third time.
#[test]
fn loops_use_whatever_type_comes() {
    passes(
        "local objects, sum, wrong = { v, Vec2.new(1, 2), p }, 0, 0
        for i = 1, 3000 do
            local o = objects[i % 3 + 1]
            if rawequal(o, p) then sum = sum + o:seven() else o.x = o.x + 1 sum = sum + o.y end
            if not pcall(v.length, o) then wrong = wrong + 1 end
        end
        assert(sum == 1000 * (7 + 4 + 2) and wrong == 1000 and v.x == 1003)",
    );
    fails("for i = 1, 300 do local o = i < 200 and v or p local x = o.x + 1 end", "");
    fails("for i = 1, 300 do if i == 200 then v.z = 1 end v.x = i end", "cannot set field 'z'");
}

#[test]
fn a_light_userdata_is_no_constant_where_it_could_not_be_told_from_a_field() {
    let mut lua = Lua::new().unwrap();
    // SAFETY: one value is pushed, and popped by storing it.
    unsafe {
        lua.with_raw(|l| {
            perilune::lua_sys::lua_pushlightuserdata(l, l.cast());
            perilune::lua_sys::lua_setglobal(l, c"light".as_ptr());
        })
        .unwrap();
    }
    let light: Value = lua.get("light").unwrap();
    let result = lua.register_userdata_type::<u8>(|registry| {
        registry.add_field("LIGHT", light);
        registry.add_field_method_get("x", |_, this| Ok(*this));
    });
    if is_luajit() {
        return result.unwrap();
    }
    assert!(matches!(result, Err(Error::Unsupported(_))), "{result:?}");
}

#[test]
fn the_metatable_is_hidden() {
    passes("assert(getmetatable(v) == false and not pcall(setmetatable, v, {}))");
    passes("assert(not pcall(rawget, v, 'x') and not pcall(rawset, v, 'x', 1) and not pcall(next, v))");
    passes("assert(type(v) == 'userdata' and not rawequal(v, Vec2.new(3, 4)))");
}

#[test]
fn what_is_read_cannot_be_changed_meanwhile() {
    fails("v:reading(function() v:scale(2) end)", "cannot use this Vec2 in 'Vec2:scale': it is in use further up");
    fails("v:changing(function() v:length() end)", "cannot use this Vec2 in 'Vec2:length': it is being changed further up");
    fails("v:changing(function() v.x = 1 end)", "it is being changed");
    fails("v:add(v)", "it is being changed");
    passes("assert(v:reading(function() assert(v:length() == 5) end) == 3)");
    passes("v:changing(function() Vec2.new(1, 1):changing(print) end)");
    let error = fails("v:changing(function() v:scale(2) end)", "");
    assert_eq!(error.downcast_ref(), Some(&UserDataError::BorrowedMut));
}

#[test]
fn a_borrow_ends_however_its_method_does() {
    quietly(|| {
        for end in ["error('x')", "error({})", "v:boom()", "v.z = 1", "v:scale({})"] {
            passes(&format!("assert(not pcall(v.reading, v, function() {end} end)) v:scale(2) assert(v.x == 6)"));
            passes(&format!("assert(not pcall(v.changing, v, function() {end} end)) v:scale(2) assert(v.x == 6)"));
        }
        passes("assert(not pcall(v.boom, v) and not pcall(v.boom_mut, v)) v:scale(2)");
        passes("assert(not pcall(v.dot, v, 1) and not pcall(v.add, v, 1)) v:scale(2)");
    });
}

#[test]
fn a_method_in_a_coroutine_that_is_left_behind_holds_nothing() {
    passes(
        "local co = coroutine.wrap(function() v:scale(2) coroutine.yield() v:scale(2) end)
        co() v:scale(2) assert(v.x == 12) co = nil collectgarbage() v:scale(0.5) assert(v.x == 6)",
    );
    // No method can be left behind half-way: it would have to yield across the host.
    passes(
        "local co = coroutine.create(function() v:changing(function() coroutine.yield() end) end)
        local ok, e = coroutine.resume(co) assert(not ok, e) v:scale(2) assert(v.x == 6)",
    );
}

#[test]
fn a_panic_in_a_method_is_the_hosts_again() {
    let mut lua = world();
    let error = quietly(|| lua.run("v:boom()")).unwrap_err();
    assert!(matches!(&error, Error::Panic(panic) if panic.message() == "boom"), "{error}");
    lua.run("v:scale(2)").unwrap();
    check(&mut lua);
}

/// Panics where an argument is converted, by when the values before it are borrowed.
struct Explosive;

impl FromLua for Explosive {
    fn from_lua(_: Value, _: &mut State) -> Result<Self> {
        panic!("explosive")
    }
}

#[test]
fn a_panic_in_an_arguments_conversion_lets_go_of_what_was_borrowed() {
    with(|lua| {
        lua.register("take", |_: &mut State, (_, _): (UserDataRefMut<Vec2>, Explosive)| Ok(()))?;
        lua.register_userdata_type::<u8>(|registry| {
            registry.add_method_mut("take", |_: &mut State, _: &mut u8, _: Explosive| Ok(()));
            registry.add_field_method_set("x", |_, _, _: Explosive| Ok(()));
            registry.add_method_mut("use", |_: &mut State, _: &mut u8, (): ()| Ok(()));
        })?;
        let byte = lua.create_any_userdata(7_u8)?;
        lua.set("byte", byte)?;
        lua.set("v", Vec2 { x: 1.0, y: 1.0 })?;
        for script in ["take(v)", "byte:take(1)", "byte.x = 1"] {
            let error = quietly(|| lua.run(script)).unwrap_err();
            assert!(matches!(&error, Error::Panic(panic) if panic.message() == "explosive"), "{script}: {error}");
        }
        lua.run("v:scale(2) byte:use()").map(drop)
    });
}

#[test]
fn the_host_uses_the_value_in_place() {
    with(|lua| {
        let v = lua.create_userdata(Vec2 { x: 1.0, y: 2.0 })?;
        v.borrow_mut::<Vec2>(lua)?.x = 5.0;
        assert_eq!(*v.borrow::<Vec2>(lua)?, Vec2 { x: 5.0, y: 2.0 });
        assert!(v.is::<Vec2>(lua) && !v.is::<Plain>(lua) && !v.is::<u8>(lua));
        let error = v.borrow::<Plain>(lua).map(drop).unwrap_err();
        assert_eq!(error.to_string(), "expected a Plain, got a userdata of another type");
        assert_eq!(v.type_name(lua)?.as_deref(), Some("Vec2"));
        v.set(lua, "x", 6)?;
        assert_eq!(v.get::<f64>(lua, "x")?, 6.0);
        v.call_method::<()>(lua, "scale", 2)?;
        assert_eq!(v.call_method::<(f64, f64)>(lua, "both", ())?, (12.0, 4.0));
        assert_eq!(v.call_function::<AnyUserData>(lua, "new", (1, 2))?.get::<f64>(lua, "y")?, 2.0);
        assert!(v.call_method::<()>(lua, "DIMENSIONS", ()).is_err());
        assert!(v.get::<Value>(lua, "z").is_err() && v.set(lua, "z", 1).is_err());
        assert_eq!(v.metatable(lua)?.get::<String>(lua, "__unit")?, "metre");
        Ok(())
    });
}

#[test]
fn the_host_cannot_get_around_a_borrow() {
    let mut lua = world();
    lua.register("peek", |state: &mut State, v: AnyUserData| Ok(v.borrow::<Vec2>(state)?.x)).unwrap();
    lua.register("poke", |state: &mut State, v: AnyUserData| -> Result<()> {
        v.borrow_mut::<Vec2>(state)?.x = 0.0;
        Ok(())
    })
    .unwrap();
    lua.register("take", |state: &mut State, v: AnyUserData| v.take::<Vec2>(state)).unwrap();
    lua.register("destroy", |state: &mut State, v: AnyUserData| v.destroy(state)).unwrap();
    lua.run("assert(v:reading(function() assert(peek(v) == 3) end) == 3)").unwrap();
    for (how, what) in [("reading", "poke"), ("reading", "take"), ("reading", "destroy"), ("changing", "peek"), ("changing", "poke")] {
        let error = lua.load(&format!("v:{how}(function() {what}(v) end)")).exec().unwrap_err();
        assert!(error.downcast_ref::<UserDataError>().is_some(), "{how}, {what}: {error}");
    }
    lua.run("assert(v.x == 3)").unwrap();
    check(&mut lua);
}

#[test]
fn the_host_uses_the_value_while_scripts_run() {
    with(|lua| {
        let v = lua.create_userdata(Vec2 { x: 1.0, y: 2.0 })?;
        lua.set("v", &v)?;
        let x = v.with(lua, |lua, this: &Vec2| {
            lua.run("assert(v.x == 1)")?;
            let error = lua.run("v.x = 2").unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&UserDataError::Borrowed));
            Ok(this.x)
        })?;
        assert_eq!(x, 1.0);
        v.with_mut(lua, |lua, this: &mut Vec2| {
            assert!(lua.run("return v.x").is_err());
            this.x = 3.0;
            Ok(())
        })?;
        let failed: Result<()> = v.with_mut(lua, |lua, _: &mut Vec2| lua.run("error('x')").map(drop));
        assert!(failed.is_err());
        lua.run("assert(v.x == 3)").map(drop)
    });
}

#[test]
fn userdata_are_arguments() {
    with(|lua| {
        lua.register("add", |_: &mut State, (a, b): (UserDataRef<Vec2>, UserDataRef<Vec2>)| Ok(Vec2 { x: a.x + b.x, y: a.y + b.y }))?;
        lua.register("move", |_: &mut State, (mut a, b): (UserDataRefMut<Vec2>, Option<UserDataRef<Vec2>>)| -> Result<()> {
            a.x += b.map_or(1.0, |b| b.x);
            Ok(())
        })?;
        lua.set("a", Vec2 { x: 1.0, y: 1.0 })?;
        lua.set("b", Vec2 { x: 2.0, y: 2.0 })?;
        lua.run("local c = add(a, a) assert(c.x == 2) move(a, b) assert(a.x == 3) move(a) assert(a.x == 4)")?;
        for (script, message) in [
            ("move(a, a)", "cannot use this Vec2: it is being changed"),
            ("add(a, 1)", "bad argument #2 to 'add': expected a Vec2, got number 1"),
            ("add()", "bad argument #1 to 'add': expected a Vec2, got nil"),
        ] {
            let error = lua.run(script).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
        // What failed half-way holds nothing.
        lua.run("move(a, b)").map(drop)
    });
}

#[test]
fn a_guard_that_is_forgotten_locks_the_value_and_breaks_nothing() {
    with(|lua| {
        lua.register("forget", |_: &mut State, v: UserDataRefMut<Vec2>| -> Result<()> {
            std::mem::forget(v);
            Ok(())
        })?;
        lua.set("v", Vec2 { x: 1.0, y: 1.0 })?;
        lua.run("forget(v) assert(not pcall(v.length, v)) v = nil")?;
        settled(lua);
        Ok(())
    });
}

/// What is inherited, and two levels of it.
struct Animal {
    legs: i32,
}

struct Dog {
    animal: Animal,
    name: &'static str,
}

struct Puppy {
    dog: Dog,
}

impl UserData for Animal {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("KIND", "animal");
        fields.add_field_method_get("legs", |_, this| Ok(this.legs));
        fields.add_field_method_set("legs", |_, this, legs| {
            this.legs = legs;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("create", |_: &mut State, legs: i32| Ok(Self { legs }));
        methods.add_method("speak", |_: &mut State, _: &Self, (): ()| Ok("…"));
        methods.add_method("double", |_: &mut State, this: &Self, times: i32| Ok(this.legs * times));
        methods.add_meta_method(MetaMethod::Len, |_: &mut State, this: &Self, (): ()| Ok(this.legs));
    }
}

impl UserData for Dog {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("KIND", "dog");
        fields.add_field_method_get("name", |_, this| Ok(this.name));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("speak", |_: &mut State, _: &Self, (): ()| Ok("woof"));
        methods.inherit(|dog| &dog.animal, |dog| &mut dog.animal);
    }
}

impl UserData for Puppy {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.inherit(|puppy: &Puppy| &puppy.dog, |puppy| &mut puppy.dog);
    }
}

#[test]
fn a_part_of_a_value_lends_it_what_it_has() {
    with(|lua| {
        let dog = || Dog { animal: Animal { legs: 4 }, name: "Rex" };
        lua.set("animal", Animal { legs: 6 })?;
        lua.set("dog", dog())?;
        lua.set("puppy", Puppy { dog: dog() })?;
        lua.run(
            "for _, d in ipairs { dog, puppy } do
                assert(d.name == 'Rex' and d.KIND == 'dog' and d:speak() == 'woof' and #d == 4 and d:double(2) == 8)
                d.legs = 3
                assert(d.legs == 3 and d.create(5).legs == 5)
            end
            assert(animal:speak() == '…' and animal.KIND == 'animal')
            assert(not pcall(animal.double, dog, 1) and not pcall(dog.double, animal, 1) and not pcall(dog.double, puppy, 1))",
        )?;
        let dog = lua.get::<AnyUserData>("puppy")?.take::<Puppy>(lua)?.dog;
        assert_eq!((dog.animal.legs, dog.name), (3, "Rex"));
        Ok(())
    });
}

/// A part whose registry is exchanged for one of another VM's while it is lent to the whole.
#[repr(C)]
struct Part {
    hp: i32,
    rest: [i32; 63],
}

#[repr(C)]
struct Whole {
    before: [i32; 16],
    part: Part,
}

fn part() -> Part {
    Part { hp: 7, rest: [-1; 63] }
}

fn add_hp(registry: &mut UserDataRegistry<Part>) {
    registry.add_field_method_get("hp", |_, this| Ok(this.hp));
}

impl UserData for Part {
    fn register(registry: &mut UserDataRegistry<Self>) {
        let mut other = Lua::new().unwrap();
        let exchange = |others: &mut UserDataRegistry<Self>| {
            std::mem::swap(registry, others);
            add_hp(others);
        };
        other.register_userdata_type(exchange).unwrap();
        add_hp(registry);
        let part = other.create_any_userdata(part()).unwrap();
        other.set("part", part).unwrap();
        other.run("assert(part.hp == 7, part.hp)").unwrap();
    }
}

impl UserData for Whole {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.inherit(|whole: &Whole| &whole.part, |whole| &mut whole.part);
    }
}

#[test]
fn registries_that_are_exchanged_are_still_of_their_type() {
    with(|lua| {
        let whole = lua.create_userdata(Whole { before: [-2; 16], part: part() })?;
        lua.set("whole", &whole)?;
        lua.run("assert(whole.hp == 7, whole.hp)")?;
        let whole = whole.borrow::<Whole>(lua)?;
        assert_eq!((whole.before[0], whole.part.rest[0]), (-2, -1));
        Ok(())
    });
}

/// Fallbacks for names that are not registered.
struct Bag(Vec<(String, i32)>);

impl UserData for Bag {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("size", |_, this| Ok(this.0.len()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("clear", |_: &mut State, _: &Self, (): ()| Ok("cleared"));
        methods.add_meta_method(MetaMethod::Index, |_: &mut State, this: &Self, key: String| {
            Ok(this.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value))
        });
        methods.add_meta_method_mut(MetaMethod::NewIndex, |_: &mut State, this: &mut Self, (key, value): (String, i32)| -> Result<()> {
            this.0.push((key, value));
            Ok(())
        });
    }
}

#[test]
fn a_types_own_index_is_asked_last() {
    with(|lua| {
        lua.set("bag", Bag(Vec::new()))?;
        lua.run("bag.gold = 7 bag.size = 9 assert(bag.gold == 7 and bag.size == 2 and bag.silver == nil and bag:clear() == 'cleared')")
            .map(drop)
    });
}

/// One refused thing each.
fn refused(register: impl FnOnce(&mut perilune::UserDataRegistry<u8>)) -> Error {
    let mut lua = Lua::new().unwrap();
    let error = lua.register_userdata_type::<u8>(register).unwrap_err();
    // What could not be registered can be registered otherwise.
    lua.register_userdata_type::<u8>(|registry| registry.add_method("get", |_: &mut State, this: &u8, (): ()| Ok(*this))).unwrap();
    let value = lua.create_any_userdata(7_u8).unwrap();
    assert_eq!(value.call_method::<i32>(&mut lua, "get", ()).unwrap(), 7);
    error
}

#[test]
fn what_a_type_cannot_have_is_refused() {
    let nothing = |_: &mut State, (): ()| Ok(());
    for name in ["__gc", "__metatable", "__mode"] {
        let error = refused(|registry| registry.add_meta_function(name, nothing));
        assert!(matches!(error, Error::Unsupported(_)) && error.to_string().contains("implement `Drop`"), "{error}");
        assert!(matches!(refused(|registry| registry.add_meta_field(name, 1)), Error::Unsupported(_)));
    }
    let error = refused(|registry| registry.add_meta_function("add", nothing));
    assert!(error.to_string().contains("a metamethod's name, which begins with '__', got 'add'"), "{error}");
    let error = refused(|registry| registry.add_meta_field("__index", 7));
    assert!(error.to_string().contains("expected a function"), "{error}");
    let mut lua = Lua::new().unwrap();
    lua.register_userdata_type::<u8>(|_| ()).unwrap();
    let error = lua.register_userdata_type::<u8>(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "the type u8 is registered in this VM already");
}

#[test]
fn what_the_backend_never_calls_is_refused() {
    let all = [
        (MetaMethod::IDiv, "return a // a"),
        (MetaMethod::BAnd, "return a & a"),
        (MetaMethod::BOr, "return a | a"),
        (MetaMethod::BXor, "return a ~ a"),
        (MetaMethod::BNot, "return ~a"),
        (MetaMethod::Shl, "return a << a"),
        (MetaMethod::Shr, "return a >> a"),
        (MetaMethod::Pairs, "return pairs(a)"),
        (MetaMethod::Close, "do local b <close> = a end return 'called'"),
    ];
    for (method, script) in all {
        assert_eq!(method.is_supported(), !is_luajit(), "{method}");
        let called = |_: &mut State, _: Variadic<Value>| Ok("called");
        if method.is_supported() {
            let mut lua = Lua::new().unwrap();
            lua.register_userdata_type::<u8>(|registry| registry.add_meta_function(method, called)).unwrap();
            let value = lua.create_any_userdata(7_u8).unwrap();
            lua.set("a", value).unwrap();
            assert_eq!(lua.load(script).eval::<String>().unwrap(), "called", "{method}");
        } else {
            let error = refused(|registry| registry.add_meta_function(method, called));
            assert!(matches!(error, Error::Unsupported(_)), "{method}: {error}");
        }
    }
    let common = [MetaMethod::Add, MetaMethod::Len, MetaMethod::Eq, MetaMethod::Concat, MetaMethod::Index, MetaMethod::ToString];
    assert!(common.into_iter().all(MetaMethod::is_supported));
}

#[test]
fn user_values_belong_to_the_userdata() {
    with(|lua| {
        let v = lua.create_userdata(Plain)?;
        assert!(v.user_value::<Value>(lua)?.is_nil() && v.named_user_value::<Value>(lua, "n")?.is_nil());
        v.set_user_value(lua, "first")?;
        v.set_nth_user_value(lua, 7, "seventh")?;
        v.set_named_user_value(lua, "n", "named")?;
        assert_eq!(v.user_value::<String>(lua)?, "first");
        assert_eq!(v.nth_user_value::<String>(lua, 1)?, "first");
        assert_eq!(v.nth_user_value::<String>(lua, 7)?, "seventh");
        assert_eq!(v.named_user_value::<String>(lua, "n")?, "named");
        v.set_user_value(lua, Value::Nil)?;
        assert!(v.user_value::<Value>(lua)?.is_nil());
        assert!(v.named_user_value::<i32>(lua, "n").is_err());
        // They are its own.
        assert!(lua.create_userdata(Plain)?.named_user_value::<Value>(lua, "n")?.is_nil());
        assert!(lua.globals()?.get::<Value>(lua, "n")?.is_nil());
        Ok(())
    });
}

#[test]
fn user_values_of_what_is_not_ours_are_refused() {
    let mut lua = world();
    let carrier: AnyUserData = quietly(|| lua.load("return select(2, pcall(v.boom, v))").eval()).unwrap();
    assert!(carrier.set_user_value(&mut lua, 1).unwrap_err().to_string().contains("expected a userdata made by the host"));
    assert!(carrier.user_value::<Value>(&mut lua).is_err() && carrier.destroy(&mut lua).is_err());
    assert!(carrier.borrow::<Vec2>(&lua).is_err());
    check(&mut lua);
}

#[test]
fn any_type_can_be_passed_around() {
    with(|lua| {
        let list = lua.create_any_userdata(vec![1, 2, 3])?;
        lua.set("list", &list)?;
        assert_eq!(lua.get::<AnyUserData>("list")?.borrow::<Vec<i32>>(lua)?.len(), 3);
        assert!(lua.run("list.x = 1").is_err() && lua.run("return list.x").is_err());
        assert_eq!(list.type_name(lua)?.as_deref(), Some("Vec<i32>"));
        // Registered later, the values that are there have it too.
        lua.register_userdata_type::<Vec<i32>>(|registry| {
            registry.add_method("len", |_: &mut State, this: &Vec<i32>, (): ()| Ok(this.len()))
        })?;
        lua.run("assert(list:len() == 3)").map(drop)
    });
}

#[test]
fn a_handle_is_its_own_vms() {
    let mut lua = Lua::new().unwrap();
    let mut other = Lua::new().unwrap();
    let v = lua.create_userdata(Plain).unwrap();
    assert!(matches!(v.borrow::<Plain>(&other).map(drop), Err(Error::ForeignHandle)));
    assert!(matches!(v.take::<Plain>(&mut other).map(drop), Err(Error::ForeignHandle)));
    assert!(matches!(other.set("v", &v), Err(Error::ForeignHandle)));
    lua.close().unwrap();
    assert!(matches!(v.borrow::<Plain>(&other).map(drop), Err(Error::Closed)));
}

#[test]
fn types_are_known_in_each_vm_by_itself() {
    let mut all: Vec<Lua> = (0..4).map(|_| world()).collect();
    all.iter_mut().for_each(|lua| drop(lua.run("v:scale(2) assert(v.x == 6)").unwrap()));
    let threads: Vec<_> =
        all.into_iter().map(|mut lua| std::thread::spawn(move || lua.run("v:scale(2) assert(v.x == 12)").map(drop))).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap().unwrap());
}

struct Coin;

impl UserData for Coin {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("class", CoinClass);
        fields.add_field("side", 1);
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("new", |_: &mut State, (): ()| Ok(Self));
    }
}

struct CoinClass;

impl IntoLua for CoinClass {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        state.create_proxy::<Coin>().map(Value::UserData)
    }
}

#[test]
fn a_type_can_have_its_own_proxy_as_a_constant() {
    let mut lua = Lua::new().unwrap();
    lua.set("coin", Coin).unwrap();
    lua.run("local Coin = coin.class assert(Coin.side == 1 and Coin.new().class == Coin and Coin.class == Coin)").unwrap();
    let proxy = lua.create_proxy::<Coin>().unwrap();
    lua.set("Coin", proxy).unwrap();
    lua.run("assert(Coin.side == 1 and Coin.new().class.side == 1)").unwrap();
}

#[test]
fn what_a_script_does_to_the_globals_changes_nothing() {
    let mut lua = world();
    lua.run(
        "local assert, v, p = assert, v, p
        local G = _G for name in next, G do G[name] = nil end
        v.x = 7 assert(v.x == 7 and p:seven() == 7)",
    )
    .unwrap();
    // The first use of a type may come after that.
    let mut lua = Lua::new().unwrap();
    lua.run("next, type, error, pcall, rawget, setmetatable, string, table = nil").unwrap();
    lua.set("v", Vec2 { x: 1.0, y: 2.0 }).unwrap();
    lua.run("v.x = v.x + 1 assert(v.x == 2 and v.y == 2)").unwrap();
}
