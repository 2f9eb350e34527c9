//! A VM tells what it is and uses, keeps the host's data, and collects when told.

mod common;

use perilune::{Backend, BackendKind, Error, Libs, Linkage, Lua, Result, State};

#[test]
fn the_backend_is_the_one_that_runs() {
    let backend = Backend::current();
    let mut lua = Lua::new().unwrap();
    let version: String = lua.load("return jit and jit.version or _VERSION").eval().unwrap();
    match backend.kind {
        BackendKind::LuaJit => {
            assert!(version.starts_with("LuaJIT 2.1"), "{version}");
            assert!(backend.has_jit && backend.has_ffi && backend.has_profiler);
        }
        _ => {
            assert_eq!(version, "Lua 5.4");
            assert!(!backend.has_jit && !backend.has_ffi && !backend.has_profiler);
        }
    }
    assert!(backend.version.starts_with(version.split('-').next().unwrap_or("").split(" 2").next().unwrap_or("")));
    assert_eq!(backend.interruptible_compiled_code, backend.linkage == Linkage::Vendored || !backend.has_jit);
    assert_eq!(backend.to_string().contains("interprets under limits"), !backend.interruptible_compiled_code);
    assert!(backend.to_string().contains("bindings"));
}

#[test]
fn what_the_linked_lua_lacks_is_unsupported_with_a_sentence() {
    if Backend::current().has_ffi {
        return;
    }
    for libs in [Libs::FFI, Libs::JIT_UNSAFE] {
        // SAFETY: nothing is run.
        let error = unsafe { Lua::builder().unsafe_libs(libs) }.build().unwrap_err();
        assert!(matches!(error, Error::Unsupported { .. }));
        assert!(error.to_string().contains("Lua 5.4"), "{error}");
    }
}

#[test]
fn memory_is_counted_and_given_back() {
    let mut lua = Lua::new().unwrap();
    lua.gc_collect().unwrap();
    let before = lua.memory();
    lua.run("big = string.rep('x', 1000000)").unwrap();
    let with = lua.memory();
    assert!(with.used >= before.used + 1_000_000);
    assert!(with.peak >= with.used);
    assert!(with.allocations > before.allocations);
    lua.run("big = nil").unwrap();
    lua.gc_collect().unwrap();
    lua.gc_collect().unwrap();
    // LuaJIT keeps a quarter of its string buffer for the next one.
    assert!(lua.memory().used < before.used + 500_000, "{:?} {before:?}", lua.memory());
}

#[test]
fn the_collector_is_steered() {
    let mut lua = Lua::new().unwrap();
    assert!(lua.gc_is_running().unwrap());
    lua.gc_stop().unwrap();
    assert!(!lua.gc_is_running().unwrap());
    lua.run("for i = 1, 20000 do local t = { i } end").unwrap();
    let full = lua.memory().used;
    lua.gc_restart().unwrap();
    assert!(lua.gc_is_running().unwrap());
    let mut steps = 0;
    while !lua.gc_step(100).unwrap() {
        steps += 1;
        assert!(steps < 10_000, "a cycle ends");
    }
    lua.gc_collect().unwrap();
    assert!(lua.memory().used < full);
    let pause = lua.gc_set_pause(160).unwrap();
    assert_eq!(lua.gc_set_pause(u16::try_from(pause).unwrap()).unwrap(), 160);
    lua.gc_set_step_multiplier(400).unwrap();
    assert_eq!(lua.gc_set_step_multiplier(200).unwrap(), 400);
}

#[test]
fn large_parameters_of_the_collector_are_not_cut_to_small_ones() {
    let mut lua = Lua::new().unwrap();
    for percent in [1020, 1024, 2000, u16::MAX] {
        lua.gc_set_pause(percent).unwrap();
        assert!(lua.gc_set_pause(200).unwrap() >= 1020);
        lua.gc_set_step_multiplier(percent).unwrap();
        assert!(lua.gc_set_step_multiplier(200).unwrap() >= 1020);
    }
}

#[test]
fn a_collector_that_was_stopped_stays_so_until_it_is_told_to_go_on() {
    let mut lua = Lua::new().unwrap();
    lua.gc_stop().unwrap();
    lua.gc_collect().unwrap();
    assert!(!lua.gc_is_running().unwrap(), "after a full collection");
    lua.gc_step(1).unwrap();
    assert!(!lua.gc_is_running().unwrap(), "after a step");
    lua.run("collectgarbage() collectgarbage('step', 1) assert(collectgarbage('count') > 0)").unwrap();
    assert!(!lua.gc_is_running().unwrap(), "after a script's collections");
    lua.gc_restart().unwrap();
    lua.gc_collect().unwrap();
    assert!(lua.gc_is_running().unwrap());
}

#[test]
fn the_hosts_data_is_kept_by_type() {
    struct Score(u32);
    let mut lua = Lua::new().unwrap();
    assert!(lua.set_app_data(Score(1)).is_none());
    assert_eq!(lua.set_app_data(Score(2)).unwrap().0, 1);
    lua.register("score", |state: &mut State, add: u32| -> Result<u32> {
        let score = state.app_data_mut::<Score>().ok_or_else(|| Error::runtime("no score"))?;
        score.0 += add;
        Ok(score.0)
    })
    .unwrap();
    assert_eq!(lua.load("score(3) return score(4)").eval::<u32>().unwrap(), 9);
    assert_eq!(lua.app_data::<Score>().unwrap().0, 9);
    assert_eq!(lua.remove_app_data::<Score>().unwrap().0, 9);
    assert!(lua.app_data::<Score>().is_none());
    assert_eq!(lua.run("score(1)").unwrap_err().to_string(), "no score");
}

#[test]
fn a_callback_may_use_everything_of_the_state() {
    let mut lua = Lua::new().unwrap();
    lua.register("define", |state: &mut State, (name, code): (String, &str)| -> Result<()> {
        let value: perilune::Value = state.load(code).name("defined").eval()?;
        state.set(&name, value)
    })
    .unwrap();
    lua.run("define('a.b', 'return function(n) return n * 2 end') assert(a.b(21) == 42)").unwrap();
    assert_eq!(lua.call::<i32>("a.b", 4).unwrap(), 8);
    let error = lua.run("define('c', 'return +')").unwrap_err();
    assert!(error.downcast_ref::<perilune::SyntaxError>().is_some() || error.to_string().contains("defined:1:"), "{error:?}");
}

/// LuaJIT makes its table of texts smaller at the end of a collection, for which it takes memory; where there was none, no
/// later collection would ever come to its end.
#[test]
fn a_vm_without_a_free_byte_can_be_collected() {
    let mut lua = common::measurable();
    lua.run("local t = {} for i = 1, 40000 do t[i] = 's' .. i end").unwrap();
    lua.fail_allocation(1);
    let _ = lua.gc_collect();
    lua.fail_allocation(0);
    let used = lua.memory().used;
    lua.set_memory_limit(used);
    lua.gc_collect().unwrap();
    lua.set_memory_limit(usize::MAX);
    common::check(&mut lua);
}
