//! Promise: whatever allocation fails in whatever operation, the answer is
//! `Error::Memory` or success; nothing is lost, and the VM goes on working.
//!
//! Every operation of the public API is run with its 1st, 2nd, 3rd, … allocation
//! failing until it makes no more than those: at the outermost level, inside a
//! callback, inside a callback under the script's own `pcall`, and in a coroutine. Then it is done again and again, and
//! memory must not grow; but not where `PERILUNE_BRIEF` is set, because a sanitizer looks for leaks or a processor is emulated.

mod charges;
#[path = "../common/mod.rs"]
mod common;
mod operations;
mod world;

use std::ops::Range;
use std::time::Duration;

use common::{check, compiling, height, is_luajit, measurable, stops_growing};
use operations::Op;
use perilune::game::Unit;
use perilune::{Error, Function, Libs, Limit, Lua, Result, State, Table, Value};
use world::{Gauge, World};

/// Where an operation is run.
#[derive(Clone, Copy, Debug)]
enum Place {
    Outermost,
    Callback,
    ScriptsPcall,
    Coroutine,
}

const PLACES: [Place; 4] = [Place::Outermost, Place::Callback, Place::ScriptsPcall, Place::Coroutine];

/// Which allocations fail, when the `n`th is the first of them.
const KINDS: [fn(u64) -> Range<u64>; 3] = [
    |n| n..n + 1,
    // Also the second try of Lua 5.4, after its emergency collection.
    |n| n..n + 2,
    |n| n..u64::MAX,
];

/// Runs each operation everywhere, with each of its allocations failing.
fn survive(ops: &[(&str, Op)]) {
    for &(name, op) in ops {
        for place in PLACES {
            once(name, place, op);
            if std::env::var_os("PERILUNE_BRIEF").is_some() {
                continue;
            }
            let mut lua = measurable();
            let mut round = rounds(&mut lua, name, place, op);
            stops_growing(&mut lua, name, |lua| round(lua));
        }
    }
}

/// With the compiler on, where there is one.
fn once(name: &str, place: Place, op: Op) {
    let mut lua = compiling();
    rounds(&mut lua, name, place, op)(&mut lua);
}

/// What fails each allocation of an operation in its place.
fn rounds(lua: &mut Lua, name: &str, place: Place, op: Op) -> impl FnMut(&mut Lua) + use<> {
    let what = format!("{name} in {place:?}");
    let world = World::new(lua).unwrap();
    let run = placed(lua, &world, place, op);
    run(lua).unwrap_or_else(|error| panic!("{what} without failures: {error}"));
    move |lua: &mut Lua| {
        KINDS.iter().for_each(|kind| fail_everywhere(lua, &what, &run, *kind));
        run(lua).unwrap();
    }
}

/// An operation as something that can be run from outside.
type Run = Box<dyn Fn(&mut Lua) -> Result<()>>;

/// The operation in its place.
fn placed(lua: &mut Lua, world: &World, place: Place, op: Op) -> Run {
    let world = world.clone();
    if matches!(place, Place::Outermost) {
        return Box::new(move |lua| op(lua, &world));
    }
    let inside = lua.create_function(move |state: &mut State, (): ()| op(state, &world)).unwrap();
    let script = match place {
        Place::ScriptsPcall => "local f = ... return function() local ok, e = pcall(f) return ok, tostring(e) end",
        Place::Coroutine => {
            "local f = ... return function()
                local ok, e = coroutine.resume(coroutine.create(function(f) f() end), f)
                return ok, tostring(e)
            end"
        }
        _ => "local f = ... return function() f() return true, '' end",
    };
    let outer: Function = lua.load(script).call(inside).unwrap();
    Box::new(move |lua| {
        let (ok, message) = outer.call::<(bool, String)>(lua, ())?;
        assert!(ok || message.starts_with("not enough memory"), "the script caught: {message}");
        Ok(())
    })
}

fn fail_everywhere(lua: &mut Lua, what: &str, run: &Run, kind: fn(u64) -> Range<u64>) {
    let top = height(lua);
    for n in 1..100_000 {
        let before = lua.memory().allocations;
        lua.fail_allocations(kind(n));
        let result = run(lua);
        lua.fail_allocations(0..0);
        let made = lua.memory().allocations - before;
        match result {
            Ok(()) | Err(Error::Memory(_)) => {}
            Err(other) => panic!("{what}, allocations {:?} failing: {other:#?}", kind(n)),
        }
        assert_eq!(height(lua), top, "{what}, allocation {n}: the stack's height");
        check(lua);
        if made < n {
            return;
        }
    }
    panic!("{what} never comes to an end");
}

#[test]
fn making_values() {
    survive(operations::MAKING_VALUES);
}

#[test]
fn globals_by_name() {
    survive(operations::GLOBALS_BY_NAME);
}

#[test]
fn running_text() {
    survive(operations::RUNNING_TEXT);
}

#[test]
fn calls() {
    survive(operations::CALLS);
}

#[test]
fn tables() {
    survive(operations::TABLES);
}

#[test]
fn values() {
    survive(operations::VALUES);
}

#[test]
fn conversions() {
    survive(operations::CONVERSIONS);
}

#[test]
fn coroutines() {
    survive(operations::COROUTINES);
}

#[test]
fn userdata() {
    survive(operations::USERDATA);
}

#[test]
fn scopes() {
    survive(operations::SCOPES);
}

#[test]
fn the_collector_and_raw_code() {
    survive(operations::THE_COLLECTOR_AND_RAW_CODE);
}

#[test]
fn metatables_and_weak_references() {
    survive(operations::METATABLES_AND_WEAK_REFERENCES);
}

#[test]
fn comparing_and_showing() {
    survive(operations::COMPARING_AND_SHOWING);
}

#[test]
fn output() {
    survive(operations::OUTPUT);
}

/// A VM keeps its loaders for good, hence a new one for each failure.
#[test]
fn modules() {
    for (name, op) in operations::MODULES {
        for (place, kind) in PLACES.into_iter().flat_map(|place| KINDS.map(|kind| (place, kind))) {
            let mut n = 1;
            while !one_of_a_new_vm(name, *op, place, kind(n)) {
                n += 1;
            }
        }
    }
}

/// Whether the operation made fewer allocations than those that were to fail.
fn one_of_a_new_vm(name: &str, op: Op, place: Place, range: Range<u64>) -> bool {
    let mut lua = compiling();
    let world = World::new(&mut lua).unwrap();
    let run = placed(&mut lua, &world, place, op);
    let before = lua.memory().allocations;
    lua.fail_allocations(range.clone());
    let result = run(&mut lua);
    lua.fail_allocations(0..0);
    let made = lua.memory().allocations - before;
    assert!(matches!(result, Ok(()) | Err(Error::Memory(_))), "{name} in {place:?}, allocations {range:?} failing: {result:#?}");
    check(&mut lua);
    run(&mut lua).unwrap_or_else(|error| panic!("{name} in {place:?} after allocations {range:?} had failed: {error:#?}"));
    lua.close().unwrap();
    made < range.start
}

#[test]
fn closures() {
    survive_with_closures(operations::CLOSURES);
}

#[test]
fn classes() {
    survive_with_closures(operations::CLASSES);
}

/// LuaJIT loses count of the bytes of closures that could not be completed.
fn survive_with_closures(ops: &[(&str, Op)]) {
    if is_luajit() {
        ops.iter().for_each(|&(name, op)| PLACES.iter().for_each(|&place| once(name, place, op)));
    } else {
        survive(ops);
    }
}

/// A class that could not be made is made the next time.
#[test]
fn the_first_value_of_a_type() {
    for kind in KINDS {
        let mut n = 1;
        while !typed_without(kind(n)) {
            n += 1;
        }
        assert!(n > 30, "{n}");
    }
}

/// Whether fewer allocations were made than to fail.
fn typed_without(range: Range<u64>) -> bool {
    let mut lua = compiling();
    let before = lua.memory().allocations;
    lua.fail_allocations(range.clone());
    let result = lua.create_userdata(Gauge::new(1)).and_then(|gauge| lua.create_proxy::<Gauge>().and(lua.set("gauge", gauge)));
    lua.fail_allocation(0);
    let made = lua.memory().allocations - before;
    assert!(matches!(result, Ok(()) | Err(Error::Memory(_))), "allocations {range:?} failing: {result:#?}");
    lua.set("gauge", Gauge::new(2)).unwrap();
    lua.run("gauge.text = gauge.text .. '!' assert(gauge.text == 'gauge 2.!.' and #gauge.UNITS == 2 and gauge:texts(2)[2])").unwrap();
    check(&mut lua);
    made < range.start
}

/// Every step of opening a VM can fail; the debug build asserts that nothing is left.
#[test]
fn an_operation_answers_for_its_own_allocations_only() {
    let mut lua = measurable();
    let text = Value::String(lua.create_string("text").unwrap());
    lua.fail_allocation(1);
    let error = lua.create_table_from([(Value::Nil, 1)]).unwrap_err();
    assert!(matches!(error, Error::Type(_)), "it failed for a reason of its own: {error:?}");
    assert_eq!(text.to_text(&mut lua).unwrap(), "text");
    lua.close().unwrap();
}

#[test]
fn opening_a_vm() {
    // SAFETY: no script is run.
    let builders = [Lua::builder, || Lua::builder().libs(Libs::NONE), || unsafe { Lua::builder().unsafe_libs(Libs::ALL) }];
    for (builder, kind) in builders.into_iter().flat_map(|builder| KINDS.map(|kind| (builder, kind))) {
        let mut n = 1;
        loop {
            match builder().fail_allocations(kind(n)).build() {
                Ok(mut lua) if lua.memory().allocations < n => break check_bare(&mut lua),
                Ok(mut lua) => check_bare(&mut lua),
                Err(Error::Memory(_)) => {}
                Err(other) => panic!("allocations {:?}: {other:#?}", kind(n)),
            }
            n += 1;
        }
        assert!(n > 100, "{n}");
    }
}

/// What a VM without libraries can do as well.
fn check_bare(lua: &mut Lua) {
    lua.fail_allocation(0);
    assert_eq!(lua.load("local t = { 1, 2 } return t[1] + #t").eval::<i32>().unwrap(), 3);
}

/// A declaration that LuaJIT could not take in is taken in the next time.
#[test]
fn exposing_a_struct() {
    if !is_luajit() {
        return;
    }
    for kind in KINDS {
        let mut n = 1;
        while !exposed_without(kind(n)) {
            n += 1;
        }
        assert!(n > 100, "{n}");
    }
}

/// Whether fewer allocations were made than to fail.
fn exposed_without(range: Range<u64>) -> bool {
    let mut lua = Lua::new().unwrap();
    let mut units = vec![Unit::default(), Unit::default()];
    let before = lua.memory().allocations;
    lua.fail_allocations(range.clone());
    // SAFETY: the script below stays within the vector, which outlives the VM's last script.
    let result = unsafe { lua.expose_raw("units", units.as_mut_ptr(), units.len()) };
    lua.fail_allocation(0);
    let made = lua.memory().allocations - before;
    assert!(matches!(result, Ok(()) | Err(Error::Memory(_))), "allocations {range:?} failing: {result:#?}");
    // SAFETY: as above.
    unsafe { lua.expose_raw("units", units.as_mut_ptr(), units.len()) }
        .unwrap_or_else(|error| panic!("after allocations {range:?} had failed: {error:#?}"));
    lua.run("units[1].hp[0] = units[0].hp[1] + 7").unwrap();
    lua.close().unwrap();
    assert_eq!(units[1].hp[0], 7);
    made < range.start
}

#[test]
fn charges() {
    survive_with_closures(charges::CHARGES);
}

#[test]
fn views() {
    survive_with_closures(operations::VIEWS);
}

/// What a struct needs for its first view and could not get is made the next time.
#[test]
fn the_first_view_of_a_struct() {
    let vms: [fn() -> Lua; 2] = [compiling, measurable];
    for (open, kind) in vms.into_iter().flat_map(|open| KINDS.map(|kind| (open, kind))) {
        let mut n = 1;
        while !viewed_without(open(), kind(n)) {
            n += 1;
        }
        assert!(n > 40, "{n}");
    }
}

/// Whether fewer allocations were made than to fail.
fn viewed_without(mut lua: Lua, range: Range<u64>) -> bool {
    let mut bodies = vec![operations::Body::default(); 2];
    let before = lua.memory().allocations;
    lua.fail_allocations(range.clone());
    let result = lua.lend("bodies", &mut bodies, |_| Ok(()));
    lua.fail_allocation(0);
    let made = lua.memory().allocations - before;
    assert!(matches!(result, Ok(()) | Err(Error::Memory(_))), "allocations {range:?} failing: {result:#?}");
    lua.lend("bodies", &mut bodies, |state| state.run("bodies[1].id = 7 assert(bodies[1].id == bodies[1].id)").map(drop))
        .unwrap_or_else(|error| panic!("after allocations {range:?} had failed: {error:#?}"));
    assert_eq!(bodies[1].id, 7);
    check(&mut lua);
    lua.close().unwrap();
    made < range.start
}

/// Lua 5.4 raises past whoever resumes, in the main thread, where the words are wanting that say why it did not; which coroutine
/// is to be stopped is known all the same.
#[test]
fn a_limit_holds_when_a_dead_coroutine_could_not_be_resumed() {
    let script = "
        local dead = coroutine.create(function() end)
        local function nested() return coroutine.resume(coroutine.create(nested)) end
        return function() coroutine.resume(dead) pcall(coroutine.resume, dead) for _ = 1, 1e9 do end end,
               function() pcall(nested) for _ = 1, 1e9 do end end";
    for (n, which) in (1..12).flat_map(|n| [(n, 0), (n, 1)]) {
        let mut lua = Lua::builder().time_limit(Duration::from_millis(50)).build().unwrap();
        let runs: (Function, Function) = lua.load(script).eval().unwrap();
        let run = if which == 0 { runs.0 } else { runs.1 };
        lua.fail_allocations(n..u64::MAX);
        let result = run.call::<()>(&mut lua, ());
        lua.fail_allocation(0);
        assert!(matches!(result, Err(Error::Timeout(_) | Error::Memory(_))), "{which}, allocation {n}: {result:?}");
        check(&mut lua);
    }
}

/// Each time that a loop could not be compiled, LuaJIT changes its table of instructions; the signal comes while it does, too.
#[test]
fn a_limit_holds_whenever_its_signal_comes() {
    let mut lua = Lua::new().unwrap();
    let endless: Function = lua.load("return function() while true do end end").eval().unwrap();
    lua.set_limit(Duration::from_millis(1)).unwrap();
    for round in 0..2000 {
        lua.fail_allocations(1..u64::MAX);
        let result = endless.call::<()>(&mut lua, ());
        lua.fail_allocation(0);
        assert!(matches!(result, Err(Error::Timeout(_) | Error::Memory(_))), "{round}: {result:?}");
    }
    lua.set_limit(Limit::NONE).unwrap();
    check(&mut lua);
}

/// LuaJIT punishes the loop that it compiled before, or none at all, where it has no memory to begin with a loop.
#[test]
fn loops_that_cannot_be_compiled_for_want_of_memory() {
    let busy = "return function() local x = 0 for _ = 1, 5000 do for i = 1, 60 do x = x + i end end return x end";
    for compiled in 0..40 {
        let mut lua = compiling();
        let busy: Function = lua.load(busy).eval().unwrap();
        // The last loop that was compiled, or given up, is garbage.
        let script = "
            local n, kept = ..., {}
            for i = 1, n do
                kept[i] = load('local x = 0 for i = 1, 100 do x = x + i end return x')
                kept[i]()
            end
            load('for i = 1, 100 do local f = function() return i end end')()
            collectgarbage() collectgarbage()
            return kept";
        let kept: Table = lua.load(script).call(compiled).unwrap();
        lua.fail_allocations(1..u64::MAX);
        let sum = busy.call::<i64>(&mut lua, ());
        lua.fail_allocation(0);
        assert!(matches!(sum, Ok(9_150_000)), "{compiled}: {sum:?}");
        assert_eq!(kept.raw_len(&mut lua).unwrap(), compiled);
        check(&mut lua);
    }
}

/// `debug.getinfo` of Lua 5.4 makes a table in the coroutine that it looks at, which has nobody to catch an error: it would pass
/// whatever coroutine runs, and Rust frames.
#[test]
fn a_limit_holds_when_lines_of_another_coroutine_could_not_be_listed() {
    let script = "
        local target = coroutine.create(function()
            coroutine.yield()
            return 1
        end)
        coroutine.resume(target)
        local lines = coroutine.create(function() return debug.getinfo(target, 1, 'SL') end)
        return function() pcall(coroutine.resume, lines) for _ = 1, 1e9 do end end,
               function() return coroutine.status(target), coroutine.resume(target) end,
               function() return debug.getinfo(target, 1, 'SL') end";
    for n in 1..12 {
        // SAFETY: the library looks at a coroutine only.
        let builder = unsafe { Lua::builder().unsafe_libs(Libs::DEBUG) };
        let mut lua = builder.time_limit(Duration::from_millis(50)).build().unwrap();
        let (run, ask, list): (Function, Function, Function) = lua.load(script).eval().unwrap();
        let info: Table = list.call(&mut lua, ()).unwrap();
        assert!(info.get::<Option<Value>>(&mut lua, "func").unwrap().is_none());
        assert!(info.get::<Table>(&mut lua, "activelines").unwrap().get::<bool>(&mut lua, 3).unwrap());
        lua.fail_allocations(n..u64::MAX);
        let result = run.call::<()>(&mut lua, ());
        lua.fail_allocation(0);
        assert!(matches!(result, Err(Error::Timeout(_) | Error::Memory(_))), "allocation {n}: {result:?}");
        // LuaJIT takes it for one that runs, from then on.
        if !is_luajit() {
            let (status, ok, value): (String, bool, i32) = ask.call(&mut lua, ()).unwrap();
            assert_eq!((status.as_str(), ok, value), ("suspended", true, 1), "allocation {n}");
        }
        check(&mut lua);
    }
}

/// A long life of random operations, each with a random allocation failing.
#[test]
fn anything_in_any_order() {
    live_long(&mut compiling());
    let mut lua = measurable();
    stops_growing(&mut lua, "anything", live_long);
}

/// So many operations that most pairs of them meet.
fn live_long(lua: &mut Lua) {
    let world = World::new(lua).unwrap();
    // What is made once a VM is there: LuaJIT loses count of closures that it could not complete.
    for (name, op) in operations::ALL.iter().copied().flatten() {
        op(lua, &world).unwrap_or_else(|error| panic!("{name} without failures: {error}"));
    }
    let mut random = Random(0x5eed);
    (0..1000).for_each(|_| one_of_all(lua, &world, &mut random));
}

fn one_of_all(lua: &mut Lua, world: &World, random: &mut Random) {
    let group = operations::ALL[random.below(operations::ALL.len())];
    let (name, op) = group[random.below(group.len())];
    let n = 1 + random.below(60) as u64;
    let range = KINDS[random.below(KINDS.len())](n);
    lua.fail_allocations(range.clone());
    let result = op(lua, world);
    lua.fail_allocations(0..0);
    assert!(matches!(result, Ok(()) | Err(Error::Memory(_))), "{name}, allocations {range:?} failing: {result:#?}");
    check(lua);
}

/// Xorshift: the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}
