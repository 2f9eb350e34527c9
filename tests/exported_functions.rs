//! Promise: an exported function means the same whether compiled code calls it as C, or the
//! VM calls it as a host function; what is wrong is an error of the script's, and the host is
//! unharmed.

mod common;
#[path = "common/views.rs"]
mod world;

use std::backtrace::Backtrace;

use common::is_luajit;
use perilune::{Error, Function, Lua, Result, Slice, State, ViewAccess, c_struct};
use world::paths;

c_struct! {
    /// Whoever walks.
    pub struct Walker {
        /// Hit points.
        pub hp: i32,
        /// Where.
        pub x: f64,
        /// Who.
        #[read_only]
        pub id: i64,
    }
}

c_struct! {
    /// Lies there.
    pub struct Stone {
        /// In grams.
        pub weight: i64,
    }
}

fn walkers() -> Vec<Walker> {
    (0..4).map(|id| Walker { hp: 10, x: f64::from(id), id: i64::from(id) + (1 << 60) }).collect()
}

/// Calls `work` with a VM of each kind, which must be usable afterwards.
fn on_every_path(work: impl Fn(&mut Lua) -> Result<()>) {
    for (path, mut lua) in paths() {
        work(&mut lua).unwrap_or_else(|error| panic!("with {path:?}: {error:#}"));
        common::check(&mut lua);
        lua.close().unwrap();
    }
}

/// Runs a line often enough to be compiled, and gives its last value as text.
fn hot(state: &mut State, line: &str) -> Result<String> {
    let text = format!("local f = function() return {line} end local last for _ = 1, 200 do last = f() end return tostring(last)");
    state.load(&text).name("hot").eval()
}

/// What is wrong with a line that cannot be right, called once and in a loop.
fn wrong(state: &mut State, line: &str) -> String {
    let once = state.load(line).name("once").eval::<()>().unwrap_err().to_string();
    let text = format!(
        "local error for _ = 1, 200 do local ok ok, error = pcall(function() {line} end) assert(not ok) end return tostring(error)"
    );
    let often: String = state.load(&text).name("often").eval().unwrap();
    assert_eq!(once, often, "{line}");
    once
}

#[test]
fn every_type_comes_and_goes() {
    on_every_path(|lua| {
        lua.export("no", || {})?;
        lua.export("flag", |x: bool| -> bool { !x })?;
        lua.export("i8", |x: i8| -> i8 { x.wrapping_add(1) })?;
        lua.export("u8", |x: u8| -> u8 { x.wrapping_add(1) })?;
        lua.export("i16", |x: i16| -> i16 { x.wrapping_add(1) })?;
        lua.export("u16", |x: u16| -> u16 { x.wrapping_add(1) })?;
        lua.export("i32", |x: i32| -> i32 { x.wrapping_add(1) })?;
        lua.export("u32", |x: u32| -> u32 { x.wrapping_add(1) })?;
        lua.export("i64", |x: i64| -> i64 { x.wrapping_add(1) })?;
        lua.export("u64", |x: u64| -> u64 { x.wrapping_add(1) })?;
        lua.export("f32", |x: f32| -> f32 { x + 0.5 })?;
        lua.export("f64", |x: f64| -> f64 { x + 0.25 })?;
        lua.export("size", |text: &[u8]| -> usize { text.len() })?;
        lua.export("letters", |text: &str| -> u32 { u32::try_from(text.chars().count()).unwrap_or(0) })?;
        lua.export("ends", |a: &str, n: i32, b: &[u8]| -> i32 { a.len() as i32 * 100 + n * 10 + b.len() as i32 })?;
        lua.export("all", |a: f64, b: i32, c: f32, d: u8, e: bool, f: &str, g: i64, h: u16| -> f64 {
            a + f64::from(b) + f64::from(c) + f64::from(d) + f64::from(u8::from(e)) + f.len() as f64 + g as f64 + f64::from(h)
        })?;
        lua.export("tried", |x: i32| -> Result<i32> {
            if x < 0 { Err(Error::runtime("below zero")) } else { Ok(x * 2) }
        })?;
        let long = |plain: &str, end: &str| if is_luajit() { format!("{plain}{end}") } else { plain.to_owned() };
        for (line, expected) in [
            ("select('#', no())", "0".to_owned()),
            ("flag(true)", "false".to_owned()),
            ("flag(flag(true))", "true".to_owned()),
            ("i8(127)", "-128".to_owned()),
            ("u8(255)", "0".to_owned()),
            ("i16(32767)", "-32768".to_owned()),
            ("u16(65535)", "0".to_owned()),
            ("i32(2147483647)", "-2147483648".to_owned()),
            ("u32(4294967295)", "0".to_owned()),
            ("i64(41)", long("42", "LL")),
            ("i64(-2)", long("-1", "LL")),
            ("u64(41)", long("42", "ULL")),
            ("f32(1)", "1.5".to_owned()),
            ("f64(0.5)", "0.75".to_owned()),
            ("size('a\\0b')", long("3", "ULL")),
            ("size('')", long("0", "ULL")),
            ("letters('häuser')", "6".to_owned()),
            ("ends('abc', 4, 'fünf')", "345".to_owned()),
            ("all(1, 2, 3, 4, true, 'five', 6, 7) == 28", "true".to_owned()),
            ("tried(21)", "42".to_owned()),
        ] {
            assert_eq!(hot(lua, line)?, expected, "{line}");
        }
        Ok(())
    });
}

/// Numbers written as text, as everywhere.
#[test]
fn what_can_be_converted_is() {
    on_every_path(|lua| {
        lua.export("add", |a: f64, b: f64| -> f64 { a + b })?;
        lua.export("size", |text: &str| -> i32 { text.len() as i32 })?;
        assert_eq!(hot(lua, "add('1', 1.5)")?, "2.5");
        assert_eq!(hot(lua, "add(1, 1.5, 'more')")?, "2.5");
        assert_eq!(hot(lua, "size(12345)")?, "5");
        Ok(())
    });
}

#[test]
fn integers_of_64_bits_are_exact() {
    on_every_path(|lua| {
        lua.export("next", |x: i64| -> i64 { x + 1 })?;
        lua.export("half", |x: u64| -> u64 { x / 2 })?;
        lua.lend("walkers", &mut walkers(), |state| {
            state.run("for i = 1, 200 do big = next(walkers[2].id) end")?;
            let expected = ((1i64 << 60) + 3).to_string();
            let big: String = state.load("return tostring(big)").eval()?;
            assert_eq!(big.trim_end_matches("LL"), expected);
            let half: String = state.load("return tostring(half(walkers[3].id - 1))").eval()?;
            assert_eq!(half.trim_end_matches("ULL"), ((1u64 << 59) + 1).to_string());
            Ok(())
        })?;
        if is_luajit() {
            assert!(wrong(lua, "half(-1LL)").contains("bad argument #1 to 'half': expected an integer from 0 on"));
            assert_eq!(hot(lua, "next(0x7ffffffffffffffeLL)")?, "9223372036854775807LL");
        }
        Ok(())
    });
}

#[test]
fn a_wrong_argument_is_named() {
    on_every_path(|lua| {
        lua.export("i8", |_: i8| {})?;
        lua.export("u32", |_: u32| {})?;
        lua.export("flag", |_: bool| {})?;
        lua.export("pair", |_: f64, _: &str| {})?;
        for (line, expected) in [
            ("i8(128)", "bad argument #1 to 'i8': expected an integer from -128 to 127, got number 128"),
            ("i8(1.5)", "bad argument #1 to 'i8': expected an integer from -128 to 127, got number 1.5"),
            ("i8(0/0)", "bad argument #1 to 'i8': expected an integer from -128 to 127, got number NaN"),
            ("u32(-1)", "bad argument #1 to 'u32': expected an integer from 0 to 4294967295, got number -1"),
            ("u32({})", "bad argument #1 to 'u32': expected an integer from 0 to 4294967295, got table"),
            ("flag(0)", "bad argument #1 to 'flag': expected a boolean, got number 0"),
            ("flag()", "bad argument #1 to 'flag': expected a boolean, got nil"),
            ("pair(1)", "bad argument #2 to 'pair': expected a string, got nil"),
            ("pair('x', 'y')", "bad argument #1 to 'pair': expected a number, got string \"x\""),
            ("pair(1, '\\255')", "bad argument #2 to 'pair': expected"),
        ] {
            let got = wrong(lua, line);
            assert!(got.contains(expected), "{line}: {got}");
        }
        Ok(())
    });
}

#[test]
fn elements_are_worked_on_where_they_are() {
    on_every_path(|lua| {
        lua.export("strike", |walker: &mut Walker, damage: i32| -> bool {
            walker.hp -= damage;
            walker.hp > 0
        })?;
        lua.export("between", |a: &Walker, b: &Walker| -> f64 { (a.x - b.x).abs() })?;
        let mut all = walkers();
        lua.lend("walkers", &mut all, |state| {
            state.run("for i = 1, 200 do strike(walkers[i % 4], 1) end far = between(walkers[0], walkers[3]) same = between(walkers[1], walkers[1])")?;
            state.run("kept = walkers[2]").map(drop)
        })?;
        assert_eq!(all.iter().map(|walker| walker.hp).collect::<Vec<_>>(), [-40; 4]);
        assert_eq!((lua.get::<f64>("far")?, lua.get::<f64>("same")?), (3.0, 0.0));

        assert!(
            wrong(lua, "strike(kept, 1)").contains("bad argument #1 to 'strike'") || wrong(lua, "strike(kept, 1)").contains("view revoked")
        );
        lua.lend("walkers", &all[..2], |state| {
            let error = wrong(state, "strike(walkers[0], 1)");
            assert!(error.contains("can only be read"), "{error}");
            assert!(wrong(state, "strike(kept, 1)").contains("view revoked"));
            assert!(wrong(state, "strike(walkers, 1)").contains("expected an element of a view of Walker"));
            assert!(wrong(state, "strike({}, 1)").contains("expected an element of a view of Walker, got table"));
            assert!(wrong(state, "strike(nil, 1)").contains("expected an element of a view of Walker, got nil"));
            assert_eq!(hot(state, "between(walkers[0], walkers[1])")?, if is_luajit() { "1" } else { "1.0" });
            Ok(())
        })
    });
}

/// Elements whose views were made on the other path, with the compiler switched in between.
#[test]
fn elements_of_the_other_kind_are_taken_too() {
    if !is_luajit() {
        return;
    }
    // SAFETY: the scripts below are the test's own.
    let mut lua = unsafe { Lua::builder().unsafe_libs(perilune::Libs::JIT_UNSAFE) }.build().unwrap();
    lua.export("hp", |walker: &Walker| -> i32 { walker.hp }).unwrap();
    lua.run("jit.off()").unwrap();
    assert_eq!(lua.view_access().unwrap(), ViewAccess::Accessors);
    lua.export("hp_plain", |walker: &Walker| -> i32 { walker.hp }).unwrap();
    let mut all = walkers();
    lua.lend("walkers", &mut all, |state| state.run("assert(hp(walkers[1]) == 10 and hp_plain(walkers[1]) == 10)").map(drop)).unwrap();
    lua.run("jit.on()").unwrap();
    lua.lend("walkers", &mut all, |state| state.run("assert(hp(walkers[1]) == 10 and hp_plain(walkers[1]) == 10)").map(drop)).unwrap();
}

#[test]
fn errors_and_panics_come_back_as_they_were() {
    on_every_path(|lua| {
        lua.export("fail", |n: i32| -> Result<i32> {
            if n > 150 { Err(Error::external(std::fmt::Error)) } else { Ok(n) }
        })?;
        lua.export("panic", |n: i32| -> i32 {
            assert!(n <= 150, "on purpose");
            n
        })?;
        let error = lua.run("for i = 1, 200 do fail(i) end").unwrap_err();
        assert!(error.downcast_ref::<std::fmt::Error>().is_some(), "{error}");
        assert!(error.traceback().is_some());
        let error = lua.run("for i = 1, 200 do panic(i) end").unwrap_err();
        let Error::Panic(payload) = &error else { panic!("{error}") };
        assert!(payload.to_string().contains("on purpose"), "{payload}");
        // A script can catch them, and goes on.
        let caught: i32 = lua.load("local n = 0 for i = 1, 400 do if not pcall(fail, i) then n = n + 1 end end return n").eval()?;
        assert_eq!(caught, 250);
        assert_eq!(hot(lua, "fail(7)")?, "7");
        Ok(())
    });
}

/// What could not be raised, for want of room on the stack or of memory, is not another call's.
#[test]
fn a_failure_that_was_lost_is_not_the_next_calls() {
    on_every_path(|lua| {
        lua.export("fail", || -> Result<()> { Err(Error::runtime("on purpose")) })?;
        lua.export("same", |x: f64| -> Result<f64> { Ok(x) })?;
        // It fails only near the end of the stack: to catch an error takes Lua 5.4 longer the deeper it is.
        let script = "local deepest, from = 0, math.huge
             local function deep(n)
               deepest = math.max(deepest, n)
               if n > from then pcall(fail) end
               local one = deep(n + 1)
               return one
             end
             assert(not pcall(deep, 1))
             from = deepest - 40
             assert(not pcall(deep, 1))
             return same(7)";
        assert_eq!(lua.load(script).eval::<f64>()?, 7.0);
        Ok(())
    });
}

#[test]
fn they_are_grouped_into_tables() {
    on_every_path(|lua| {
        lua.export_to("geo", "hypot", f64::hypot)?;
        lua.export_to("geo", "radians", f64::to_radians)?;
        lua.export("geo.twice", |x: f64| -> f64 { x * 2.0 })?;
        assert_eq!(hot(lua, "geo.hypot(3, 4) == 5 and geo.radians(180) == math.pi and geo.twice(2) == 4")?, "true");
        assert!(wrong(lua, "geo.hypot(3)").contains("bad argument #2 to 'geo.hypot'"));
        lua.set("taken", 1)?;
        let error = lua.export_to("taken", "hypot", f64::hypot).unwrap_err().to_string();
        assert!(error.contains("global 'taken'"), "{error}");
        let held: Function = lua.create_exported("held", |x: i32| -> i32 { -x })?;
        assert_eq!(held.call::<i32>(lua, 5)?, -5);
        Ok(())
    });
}

/// Types are never freed by LuaJIT, so that exporting again must not make new ones.
#[test]
fn exporting_again_takes_nothing_more() {
    let mut lua = common::measurable();
    common::stops_growing(&mut lua, "exports", |lua| {
        for _ in 0..50 {
            lua.export("f", |x: f64, text: &str| -> f64 { x + text.len() as f64 }).unwrap();
        }
    });
    let mut lua = Lua::new().unwrap();
    // More than LuaJIT has types for.
    for _ in 0..70_000 {
        lua.create_exported("f", |x: f64, text: &str| -> f64 { x + text.len() as f64 }).unwrap();
    }
}

/// No slice of a task ends between the check of an element and its use: wherever one ends, the
/// loan may be over when the task goes on.
#[test]
fn no_slice_ends_before_a_checked_element_was_used() {
    on_every_path(|lua| {
        lua.export("strike", |walker: &mut Walker, damage: i32| walker.hp -= damage)?;
        let body: Function = lua.load("return function() for i = 1, 1000 do strike(walkers[i % 4], 1) end end").eval()?;
        for length in 1..60 {
            let mut all = walkers();
            let mut task = None;
            lua.lend("walkers", &mut all, |state| {
                let mut running = state.create_task(&body, ())?;
                running.run(state, Slice::instructions(length))?;
                running.run(state, Slice::instructions(37))?;
                task = Some(running);
                Ok(())
            })?;
            let before: Vec<i32> = all.iter().map(|walker| walker.hp).collect();
            let Some(mut task) = task else { unreachable!() };
            let error = task.run(lua, Slice::instructions(100_000)).unwrap_err().to_string();
            assert!(error.contains("view revoked") || error.contains("walkers"), "{error}");
            assert_eq!(before, all.iter().map(|walker| walker.hp).collect::<Vec<_>>());
        }
        Ok(())
    });
}

/// A panic's message shows the stack; so do error reports that a function makes itself.
#[test]
fn the_stack_can_be_walked_from_inside() {
    on_every_path(|lua| {
        lua.export("walk", |n: u32| -> u32 {
            if n % 50 == 0 { u32::try_from(Backtrace::force_capture().to_string().len()).unwrap_or(0) } else { n }
        })?;
        lua.run("for i = 1, 200 do assert(walk(i) > 0) end").map(drop)
    });
}

/// A view and a function of the same program in two VMs.
#[test]
fn elements_of_another_struct_are_refused() {
    on_every_path(|lua| {
        lua.export("hp", |walker: &Walker| -> i32 { walker.hp })?;
        let mut stones = [Stone { weight: 1 << 40 }; 3];
        let mut all = walkers();
        lua.lend_all((("stones", &mut stones), ("walkers", &mut all)), |state| {
            let error = wrong(state, "hp(stones[1])");
            assert!(error.contains("bad argument #1 to 'hp': expected an element of a view of Walker"), "{error}");
            assert_eq!(hot(state, "hp(walkers[1])")?, "10");
            Ok(())
        })
    });
}
