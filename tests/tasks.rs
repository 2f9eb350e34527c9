//! Promise: a task runs until it yields, ends, or its slice is up, in compiled code too; then it goes on where it was, and
//! nothing of the slice is left in the VM.

mod common;

use std::time::{Duration, Instant};

use common::{check, is_luajit, quietly, with};
use perilune::{
    Coroutine, CoroutineStatus, Error, Function, Limit, Lua, MetaMethod, MultiValue, Progress, Result, Slice, State, Task, UserData,
    UserDataFields, UserDataMethods, Value, Variadic, Yield, lua_sys,
};

fn task(state: &mut State, body: &str) -> Result<Task> {
    let function: Function = state.load(&format!("return function(...) {body} end")).name("task").eval()?;
    state.create_task(&function, ())
}

/// Runs a task to its end, and says in how many slices.
fn finish(state: &mut State, task: &mut Task, slice: Slice) -> Result<(MultiValue, usize)> {
    for slices in 1.. {
        if let Progress::Done(values) = task.run(state, slice)? {
            return Ok((values, slices));
        }
    }
    unreachable!()
}

const SLICES: [fn() -> Slice; 3] = [|| Slice::instructions(1), || Slice::instructions(97), || Slice::time(Duration::ZERO)];

#[test]
fn any_slice_gives_the_same_result() {
    with(|lua| {
        let body = "local sum, text = 0, {}
            local object = setmetatable({}, { __index = function(_, k) return k * 2 end, __add = function(a, b) return b end })
            for i = 1, 300 do
                sum = sum + object[i] + (object + i)
                text[#text + 1] = select('#', (unpack or table.unpack)(text, 1, i % 7)) .. ''
                local ok, e = pcall(function() if i % 50 == 0 then error('x', 0) end return i end)
                sum = sum + (ok and 1 or 2)
            end
            return sum, #table.concat(text, ' ')";
        let expected = lua.load(body).eval::<(i64, i64)>()?;
        for slice in SLICES {
            let mut task = task(lua, body)?;
            let (values, slices) = finish(lua, &mut task, slice())?;
            assert_eq!((values[0].to::<i64>(lua)?, values[1].to::<i64>(lua)?), expected);
            assert!(slices > 2, "{slices}");
            assert!(task.is_done(lua)?);
            assert!(task.run(lua, slice()).unwrap_err().to_string().contains("finished"));
        }
        Ok(())
    });
}

struct Object(i32);

impl UserData for Object {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("x", |_, this| Ok(this.0));
        fields.add_field_method_set("x", |_, this, x| {
            this.0 = x;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("get", |_: &mut State, this: &Self, (): ()| Ok(this.0));
        methods.add_meta_method(MetaMethod::Call, |_: &mut State, this: &Self, rest: MultiValue| Ok((this.0, rest.len())));
        methods.add_meta_method(MetaMethod::Index, |_: &mut State, this: &Self, key: String| Ok(format!("{key}{}", this.0)));
    }
}

/// Runs `tasks/everything.lua` in slices and answers each of its questions with the question.
fn everything(lua: &mut Lua, mut slice: impl FnMut() -> Slice) -> Result<String> {
    let function = lua.load(include_str!("tasks/everything.lua")).name("everything").into_function()?;
    let mut task = lua.create_task(&function, ())?;
    let mut answer = Variadic(Vec::new());
    loop {
        answer = match task.run_with(lua, slice(), answer)? {
            Progress::Done(values) => return values[0].to(lua),
            Progress::Yielded(question) => question,
            Progress::SliceUp => Variadic(Vec::new()),
        };
        // What runs in between is none of the task's.
        lua.run("local n = 0 for i = 1, 50 do n = n + i end assert(n == 1275)")?;
    }
}

#[test]
fn whatever_a_script_does_it_does_in_any_slices() {
    with(|lua| {
        lua.set("object", Object(0))?;
        lua.register("call", |state: &mut State, (value, f): (i32, Function)| f.call::<i32>(state, value))?;
        lua.register("ask", |_: &mut State, question: i32| Ok(Yield(question)))?;
        lua.register("ask_twice", |_: &mut State, question: i32| Ok(Yield(question).then(|_: &mut State, answer: i32| Ok(answer * 2))))?;
        let expected = everything(lua, || Slice::UNLIMITED)?;
        for most in [1, 2, 3, 5, 7, 13, 50, 1001] {
            assert_eq!(everything(lua, || Slice::instructions(most))?, expected, "{most}");
            let mut n = 0;
            let mixed = || {
                n += 1;
                Slice::instructions(n * 7919 % most + 1)
            };
            assert_eq!(everything(lua, mixed)?, expected, "up to {most}");
        }
        assert_eq!(everything(lua, || Slice::time(Duration::ZERO))?, expected);
        Ok(())
    });
}

/// LuaJIT gives up compiling each of these loops, within a call: one argument more is what a signal could make of that.
#[test]
fn slices_that_end_while_a_script_is_compiled_change_no_arguments() {
    let mut lua = Lua::new().unwrap();
    let body = "local loop = [[
            local select, wrong = select, 0
            local function count(depth, ...) if depth == 0 then return select('#', ...) end return (count(depth - 1, ...)) end
            for i = 1, 60 do if i > 54 and count(5, i, i) ~= 2 then wrong = wrong + 1 end end
            return wrong
        ]]
        local load, wrong = loadstring or load, 0
        while not enough do wrong = wrong + load(loop)() end
        return wrong";
    let mut task = task(&mut lua, body).unwrap();
    for _ in 0..25_000 {
        assert!(matches!(task.run(&mut lua, Slice::time(Duration::from_micros(10))).unwrap(), Progress::SliceUp));
    }
    lua.set("enough", true).unwrap();
    let (values, _) = finish(&mut lua, &mut task, Slice::UNLIMITED).unwrap();
    assert_eq!(values[0].to::<i64>(&mut lua).unwrap(), 0);
}

#[test]
fn a_slice_of_instructions_is_about_that_long() {
    with(|lua| {
        let mut task = task(lua, "for i = 1, 100000 do end return 1")?;
        let (_, slices) = finish(lua, &mut task, Slice::instructions(10_000))?;
        assert!((9..=45).contains(&slices), "{slices}");
        Ok(())
    });
}

#[test]
fn the_same_slices_every_time() {
    with(|lua| {
        let mut counts = (0..3).map(|_| {
            let mut task = task(lua, "n = 0 while true do n = n + 1 end")?;
            (0..4)
                .map(|_| {
                    assert!(matches!(task.run(lua, Slice::instructions(5_000))?, Progress::SliceUp));
                    lua.get::<u32>("n")
                })
                .collect::<Result<Vec<_>>>()
        });
        let first = counts.next().unwrap()?;
        assert!(first.windows(2).all(|pair| pair[0] < pair[1]), "{first:?}");
        assert!(counts.all(|other| other.unwrap() == first));
        Ok(())
    });
}

#[test]
fn an_endless_loop_comes_back_even_when_it_was_compiled() {
    with(|lua| {
        lua.run("function spin(n) local i = 0 while i < n do i = i + 1 end return i end for _ = 1, 200 do spin(1000) end")?;
        let mut task = task(lua, "return spin(math.huge)")?;
        let start = Instant::now();
        for _ in 0..5 {
            assert!(matches!(task.run(lua, Slice::time(Duration::from_millis(5)))?, Progress::SliceUp));
        }
        assert!(start.elapsed() >= Duration::from_millis(25), "{:?}", start.elapsed());
        assert!(matches!(task.run(lua, Slice::instructions(1000))?, Progress::SliceUp));
        // What was compiled goes on being so.
        assert_eq!(lua.call::<u32>("spin", 100_000)?, 100_000);
        Ok(())
    });
}

#[test]
fn it_yields_and_takes_values() {
    with(|lua| {
        let function: Function = lua.load("return function(a, b) local c = coroutine.yield(a + b) return c, 'end' end").eval()?;
        let mut task = lua.create_task(&function, (1, 2))?;
        let Progress::Yielded(values) = task.run(lua, Slice::instructions(1000))? else { panic!("{task:?}") };
        assert!(matches!(values[..], [Value::Integer(3)]));
        let Progress::Done(values) = task.run_with(lua, Slice::time(Duration::from_secs(1)), 7)? else { panic!("{task:?}") };
        assert!(matches!(values[..], [Value::Integer(7), Value::String(_)]));
        Ok(())
    });
}

#[test]
fn a_task_that_did_not_yield_takes_no_values() {
    with(|lua| {
        let mut task = task(lua, "local n = 0 for i = 1, 1000 do n = n + i end return n")?;
        assert!(matches!(task.run(lua, Slice::instructions(100))?, Progress::SliceUp));
        let error = task.run_with(lua, Slice::UNLIMITED, 7).unwrap_err();
        assert!(error.to_string().contains("slice was up"), "{error}");
        // Nor does its coroutine, in whose middle nobody waits for any.
        assert_eq!(task.coroutine().resume::<u32>(lua, (1, 2, 3))?, 500_500);
        Ok(())
    });
}

#[test]
fn errors_and_panics_end_it() {
    with(|lua| {
        let mut failing = task(lua, "local function inner() error('on purpose') end\n inner() return 1")?;
        let error = failing.run(lua, Slice::instructions(1_000_000)).unwrap_err();
        assert!(error.traceback().unwrap().contains("task:2:"), "{error:#}");
        assert!(failing.is_done(lua)?);
        lua.register("boom", |_: &mut State, (): ()| -> Result<()> { panic!("a panic") })?;
        let mut panicking = task(lua, "boom()")?;
        assert!(matches!(quietly(|| panicking.run(lua, Slice::instructions(1000))), Err(Error::Panic(_))));
        assert_eq!(no_hook(lua), 0);
        Ok(())
    });
}

/// The mask of the hook that is set in the main state.
fn no_hook(lua: &mut Lua) -> i32 {
    // SAFETY: only reads.
    unsafe { lua.with_raw(|l| lua_sys::lua_gethookmask(l)) }.unwrap()
}

#[test]
fn it_waits_for_what_cannot_be_left() {
    with(|lua| {
        lua.register("call", |state: &mut State, f: Function| -> Result<i32> { f.call(state, ()) })?;
        for inner in [
            "call(work)",
            "coroutine.wrap(work)()",
            "select(2, coroutine.resume(coroutine.create(work)))",
            "(function() local n table.sort({ 1, 2 }, function() n = work() end) return n end)()",
        ] {
            let mut task = task(
                lua,
                &format!(
                    "local function work() local n = 0 for i = 1, 2000 do n = n + 1 end return n end local n = {inner} for i = 1, 1000 do n = n + 1 end return n"
                ),
            )?;
            let (values, slices) = finish(lua, &mut task, Slice::instructions(50))?;
            assert_eq!(values[0].to::<i32>(lua)?, 3000, "{inner}");
            assert!(slices > 5, "{inner}: {slices}");
        }
        Ok(())
    });
}

/// Nothing asks for the time while the task runs: it is the watchdog that ends the slice.
#[test]
fn a_slice_of_time_needs_no_hook_before_its_end() {
    with(|lua| {
        lua.register("hook", |state: &mut State, (): ()| {
            // SAFETY: only reads.
            unsafe { state.with_raw(|l| lua_sys::lua_gethookmask(l)) }
        })?;
        let mut task = task(lua, "return hook()")?;
        let Progress::Done(values) = task.run(lua, Slice::time(Duration::from_secs(600)))? else { panic!() };
        assert_eq!(values[0].to::<i32>(lua)?, 0);
        Ok(())
    });
}

#[test]
fn a_slice_of_time_ends_as_soon_as_it_can_be_left() {
    for slice in [Slice::time(Duration::from_millis(1)), Slice::cpu_time(Duration::from_millis(1))] {
        with(|lua| {
            register_patience(lua)?;
            lua.register("elsewhere", |_: &mut State, (): ()| -> Result<()> {
                Lua::new()?.run("local x = 0 for i = 1, 5e4 do x = x + i % 7 end").map(drop)
            })?;
            lua.register("call", |state: &mut State, f: Function| f.call::<()>(state, ()))?;
            for inner in [
                "",
                "elsewhere()",
                "call(function() for i = 1, 5e4 do end end)",
                "coroutine.wrap(function() for i = 1, 5e4 do end end)()",
                "coroutine.wrap(function() for i = 1, 10 do coroutine.yield() end end)()",
                "table.sort({ 3, 2, 1 }, function(a, b) for i = 1, 1e4 do end return a < b end)",
            ] {
                let mut task = task(lua, &format!("while patient() do {inner} end"))?;
                for _ in 0..3 {
                    assert!(matches!(task.run(lua, slice)?, Progress::SliceUp), "{inner}");
                }
                assert_eq!(no_hook(lua), 0);
            }
            Ok(())
        });
    }
}

#[test]
fn what_a_slice_cannot_leave_a_limit_ends() {
    with(|lua| {
        for (inner, is_cut) in [
            ("while true do end", true),
            ("pcall(function() while true do end end)", true),
            ("coroutine.wrap(function() while true do end end)()", false),
            ("table.sort({ 2, 1 }, function() while true do end end)", false),
        ] {
            let mut task = task(lua, inner)?;
            // A busy machine may let both pass at once, so that the limit is far away where it is the slice that ends it.
            let limit = if is_cut { Duration::from_secs(600) } else { Duration::from_millis(20) };
            let result = lua.limit(limit, |state| task.run(state, Slice::time(Duration::from_millis(2))));
            assert_eq!(matches!(result, Ok(Progress::SliceUp)), is_cut, "{inner}");
            assert_eq!(matches!(result, Err(Error::Timeout(_))), !is_cut, "{inner}: {result:?}");
            assert_eq!(task.is_done(lua)?, !is_cut, "{inner}");
            check(lua);
        }
        Ok(())
    });
}

#[test]
fn a_coroutine_made_in_a_slice_is_free_of_it_afterwards() {
    with(|lua| {
        let mut task = task(
            lua,
            "return coroutine.create(function() local n = 0 while true do for i = 1, 5000 do n = n + 1 end coroutine.yield(n) end end)",
        )?;
        let Progress::Done(values) = task.run(lua, Slice::instructions(100_000))? else { panic!() };
        let made: Coroutine = values[0].to(lua)?;
        assert_eq!(made.resume::<i32>(lua, ())?, 5000);
        assert_eq!(made.resume::<i32>(lua, ())?, 10_000);
        assert_eq!(made.status(lua)?, CoroutineStatus::Resumable);
        Ok(())
    });
}

#[test]
fn tasks_within_tasks() {
    with(|lua| {
        lua.register("run_inner", |state: &mut State, (): ()| -> Result<usize> {
            let mut inner = task(state, "for i = 1, 1000 do end")?;
            finish(state, &mut inner, Slice::instructions(100)).map(|(_, slices)| slices)
        })?;
        let mut outer = task(lua, "local slices = run_inner() for i = 1, 3000 do end return slices")?;
        let (values, slices) = finish(lua, &mut outer, Slice::instructions(500))?;
        assert!(values[0].to::<usize>(lua)? >= 9);
        assert!(slices >= 5, "{slices}");
        assert_eq!(no_hook(lua), 0);
        Ok(())
    });
}

/// Fails instead of hanging.
fn register_patience(lua: &mut State) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(120);
    lua.register("patient", move |_: &mut State, (): ()| Ok(Instant::now() < end))
}

#[test]
fn a_task_that_runs_others_comes_to_its_end() {
    for slice in [Slice::instructions(1000), Slice::instructions(50_000), Slice::time(Duration::from_millis(2))] {
        with(|lua| {
            register_patience(lua)?;
            lua.register("run_inner", move |state: &mut State, (): ()| -> Result<()> {
                let mut inner = task(state, "for i = 1, 10 do end")?;
                inner.run(state, Slice::instructions(100)).map(drop)
            })?;
            let mut outer = task(lua, "while patient() do run_inner() end")?;
            let progress = outer.run(lua, slice)?;
            assert!(matches!(progress, Progress::SliceUp), "{slice:?}: {progress:?}");
            Ok(())
        });
    }
}

#[test]
fn a_task_that_resumes_generators_comes_to_its_end() {
    for length in [1, 13, 14, 20, 40, 41, 95, 200] {
        with(|lua| {
            register_patience(lua)?;
            let step = "n = n + 1 ".repeat(length);
            let mut task = task(
                lua,
                &format!(
                    "local patient, next = patient, coroutine.wrap(function() local n = 0 while true do {step} coroutine.yield(n) end end)
                    while next() < 1e7 or patient() do end"
                ),
            )?;
            let progress = task.run(lua, Slice::instructions(50))?;
            assert!(matches!(progress, Progress::SliceUp), "{length}: {progress:?}");
            Ok(())
        });
    }
}

#[test]
fn many_tasks_take_turns() {
    with(|lua| {
        let function: Function = lua.load("return function(n) local sum = 0 for i = 1, n do sum = sum + i if i % 100 == 0 then coroutine.yield() end end return sum end").eval()?;
        let mut tasks = (1..=100_u64).map(|n| lua.create_task(&function, n * 10)).collect::<Result<Vec<_>>>()?;
        let mut sums = Vec::new();
        while !tasks.is_empty() {
            let mut rest = Vec::new();
            for mut task in tasks {
                match task.run(lua, Slice::instructions(150))? {
                    Progress::Done(values) => sums.push(values[0].to::<u64>(lua)?),
                    _ => rest.push(task),
                }
            }
            tasks = rest;
        }
        sums.sort_unstable();
        assert_eq!(sums, (1..=100).map(|n| n * 10 * (n * 10 + 1) / 2).collect::<Vec<u64>>());
        Ok(())
    });
}

unsafe extern "C-unwind" fn own_hook(_: *mut lua_sys::lua_State, _: *mut lua_sys::lua_Debug) {}

#[test]
fn a_hook_of_raw_code_is_not_replaced() {
    let mut lua = Lua::new().unwrap();
    let set = |lua: &mut Lua, hook: lua_sys::lua_Hook| {
        // SAFETY: the hook does nothing.
        unsafe { lua.with_raw(|l| lua_sys::lua_sethook(l, hook, lua_sys::LUA_MASKCOUNT, 1_000_000)) }.unwrap();
    };
    set(&mut lua, Some(own_hook));
    let mut task = task(&mut lua, "coroutine.yield() for i = 1, 1000 do end").unwrap();
    let error = task.run(&mut lua, Slice::instructions(10)).unwrap_err();
    assert!(error.to_string().contains("debug hook"), "{error}");
    assert!(matches!(task.run(&mut lua, Slice::UNLIMITED).unwrap(), Progress::Yielded(_)));
    set(&mut lua, None);
    if is_luajit() {
        assert!(matches!(task.run(&mut lua, Slice::instructions(10)).unwrap(), Progress::SliceUp));
    }
    check(&mut lua);
}

#[test]
fn an_abandoned_task_is_collected() {
    let mut lua = common::measurable();
    common::stops_growing(&mut lua, "abandoned tasks", |lua| {
        for _ in 0..100 {
            let mut task = task(lua, "local t = {} while true do t[#t % 100 + 1] = {} end").unwrap();
            assert!(matches!(task.run(lua, Slice::instructions(200)).unwrap(), Progress::SliceUp));
        }
    });
}

/// A hook that comes after the same number of instructions each time meets some loops in the same place each time.
#[test]
fn a_slice_ends_whatever_the_length_of_the_loop() {
    with(|lua| {
        for filling in 0..100 {
            let (inside, outside) = ("n = 1 ".repeat(40), "n = 1 ".repeat(filling));
            let body = format!("local n return function() while true do ('x'):gsub('.', function() {inside} end) {outside} end end");
            let body: Function = lua.load(&*body).eval()?;
            let mut task = lua.create_task(&body, ())?;
            lua.limit(Limit::instructions(200_000), |state| {
                for _ in 0..20 {
                    assert!(matches!(task.run(state, Slice::instructions(1000))?, Progress::SliceUp), "{filling}");
                }
                Ok(())
            })?;
        }
        check(lua);
        Ok(())
    });
}
