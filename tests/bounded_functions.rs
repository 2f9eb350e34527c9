//! The library functions of a VM whose scripts can be stopped: they do what the linked Lua's own
//! functions do, and go on for a short while only when they are to stop.

mod common;

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use common::is_luajit;
use perilune::{Bytes, Function, Lua, Result, State, Value};

/// What a chunk of `tests/bounded` answers in a VM with the linked Lua's functions, and in a bounded one.
fn answers(chunk: &str, arguments: (u32, u32)) -> [Vec<Bytes>; 2] {
    [Lua::builder(), Lua::builder().bounded()].map(|builder| {
        let mut lua = builder.build().unwrap();
        lua.load(chunk).name("=cases").call(arguments).unwrap()
    })
}

fn assert_same(chunk: &str, arguments: (u32, u32)) {
    let [theirs, ours] = answers(chunk, arguments);
    assert!(!theirs.is_empty() && theirs.len() == ours.len());
    for (theirs, ours) in theirs.iter().zip(&ours) {
        let (theirs, ours) = (theirs.0.escape_ascii(), ours.0.escape_ascii());
        assert_eq!(ours.to_string(), theirs.to_string(), "seed and count: {arguments:?}");
    }
}

#[test]
fn calls_with_much_to_do_are_answered_as_by_the_linked_lua() {
    assert_same(include_str!("bounded/library.lua"), (0, 0));
}

#[test]
fn chosen_patterns_are_answered_as_by_the_linked_lua() {
    assert_same(include_str!("bounded/patterns_chosen.lua"), (0, 0));
}

#[test]
fn random_patterns_are_answered_as_by_the_linked_lua() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    for seed in (1..20).chain([now | 1]) {
        println!("seed {seed}");
        assert_same(concat!(include_str!("bounded/random.lua"), include_str!("bounded/patterns_random.lua")), (seed, 4000));
    }
}

#[test]
fn lists_are_sorted_as_by_the_linked_lua() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    for seed in (1..12).chain([now | 1]) {
        println!("seed {seed}");
        assert_same(concat!(include_str!("bounded/random.lua"), include_str!("bounded/sort_random.lua")), (seed, 1500));
    }
}

/// The linked Lua's own function takes 40 ms for this list on LuaJIT; Lua 5.4 divides by chance in the end.
#[test]
fn a_list_in_the_worst_order_is_no_way_to_go_on() {
    let (mut lua, set) = bounded();
    let list: Value = lua.load(include_str!("bounded/worst_order.lua")).call(4000).unwrap();
    lua.set("list", list).unwrap();
    let sort = lua.load("table.sort(list)").into_function().unwrap();
    set(1);
    let error = sort.call::<()>(&mut lua, ()).unwrap_err();
    set(0);
    assert!(error.to_string().contains("stopped"), "{error}");
    sort.call::<()>(&mut lua, ()).unwrap();
    lua.run("for i = 2, #list do assert(list[i - 1] <= list[i]) end").unwrap();
}

/// Calls that take from a second to years, each with what makes ready for it. Functions of both backends.
const LONG: &[(&str, &str)] = &[
    ("find with many choices", "local s, p = ('a'):rep(60), ('a-'):rep(40) .. 'b' return function() return s:find(p) end"),
    ("match with runs in runs", "local s = ('a'):rep(1e5) return function() return s:match('.*.*.*b') end"),
    ("match with runs of a class", "local s = ('a'):rep(1e5) return function() return s:match('%a+%a+%a+b') end"),
    ("match with short runs", "local s = ('a'):rep(1e5) return function() return s:match('.-.-.-b') end"),
    (
        "a plain text nearly everywhere",
        "local s, p = ('a'):rep(2e6), ('a'):rep(1e6) .. 'b' return function() return s:find(p, 1, true) end",
    ),
    ("a plain pattern nearly everywhere", "local s, p = ('a'):rep(2e6), ('a'):rep(1e6) .. 'b' return function() return s:find(p) end"),
    ("a long set", "local s, p = ('a'):rep(1e6), '[' .. ('b'):rep(1e6) .. ']' return function() return s:find(p) end"),
    ("a long set in a run", "local s, p = ('a'):rep(1e6), '[' .. ('b'):rep(1e6) .. 'a]*c' return function() return s:find(p) end"),
    ("a long set at a frontier", "local s, p = ('a'):rep(1e6), '%f[' .. ('b'):rep(1e6) .. ']' return function() return s:find(p) end"),
    ("pairs that never close", "local s = ('('):rep(1e6) return function() return s:find('%b()') end"),
    ("a capture again and again", "local s = ('a'):rep(1e5) return function() return s:find('^(.*)%1(.*)%2(.*)%3b') end"),
    ("gsub with runs", "local s = ('a'):rep(1e5) return function() return s:gsub('.*.*b', '') end"),
    ("gsub of everything", "local s, r = ('a'):rep(1e6), ('%0'):rep(1e4) return function() return s:gsub('', r) end"),
    ("gsub by much of what was found", "local s, r = ('a'):rep(1e6), ('%0'):rep(300) return function() return s:gsub('.*', r) end"),
    ("a set that never ends", "local p = '[' .. ('%a'):rep(1e6) return function() return ('x'):find(p) end"),
    ("the same, a byte later", "local p = '.[' .. ('%a'):rep(1e6) return function() return ('x'):find(p) end"),
    ("a long pattern for nothing", "local p = ('a'):rep(1e6) return function() return (''):find(p) end"),
    ("gmatch with runs", "local s = ('a'):rep(1e5) return function() for a in s:gmatch('.*.*b') do end end"),
    ("rep", "return function() return ('x'):rep(2^26) end"),
    ("rep of a long text", "local s = ('x'):rep(300) return function() return s:rep(60000) end"),
    ("rep with a long text between", "local s = ('x'):rep(300) return function() return ('y'):rep(60000, s) end"),
    ("lower", "local s = ('X'):rep(2^22) return function() return s:lower() end"),
    ("upper", "local s = ('x'):rep(2^22) return function() return s:upper() end"),
    ("reverse", "local s = ('x'):rep(2^22) return function() return s:reverse() end"),
    ("concat", "local t = {} for i = 1, 2^18 do t[i] = '' end return function() return table.concat(t) end"),
    ("concat of numbers", "local t = {} for i = 1, 2^18 do t[i] = i / 7e300 end return function() return table.concat(t) end"),
    ("concat of a part", "local t = {} for i = 1, 2^18 do t[i] = '' end return function() return table.concat(t, '', 1, 2^18) end"),
    ("sort", "local t = {} for i = 1, 2^18 do t[i] = i * 7919 % 65537 end return function() return table.sort(t) end"),
    ("sort by C", "local t = {} for i = 1, 2^18 do t[i] = i end return function() return table.sort(t, rawequal) end"),
    ("insert", "local t = {} for i = 1, 2^18 do t[i] = i end return function() return table.insert(t, 1, 0) end"),
    ("load", "local s = ('x = 1 '):rep(2e5) return function() return load(s) end"),
    ("load of one large piece", "local s = ('x = 1 '):rep(2e5) return function() return load(function() return s end) end"),
    ("collectgarbage", "local t = {} for i = 1, 2e5 do t[i] = { i } end return function() return collectgarbage() end"),
    ("a step of the collector", "local t = {} for i = 1, 2e5 do t[i] = { i } end return function() return collectgarbage('step', 1e6) end"),
];

/// Far places: LuaJIT's own function shifts from the end to wherever it is told.
const LONG_ON_LUAJIT: &[(&str, &str)] = &[
    ("insert far below", "return function() return table.insert({}, -2^31, 0) end"),
    ("insert where no number is", "return function() return table.insert({}, 0/0, 0) end"),
    ("insert far below, as a text", "return function() return table.insert({}, '-2e9', 0) end"),
];

/// Lists that say they are long.
const LONG_ON_LUA54: &[(&str, &str)] = &[
    (
        "insert into a liar",
        "local t = setmetatable({}, { __len = function() return 2^53|0 end }) return function() return table.insert(t, 1, 0) end",
    ),
    (
        "the same, as a text",
        "local t = setmetatable({}, { __len = function() return 2^53|0 end }) return function() return table.insert(t, '1', 0) end",
    ),
    (
        "remove from a liar",
        "local t = setmetatable({}, { __len = function() return 2^53|0 end }) return function() return table.remove(t, 1) end",
    ),
    ("concat of a liar", "local t = setmetatable({}, { __index = type }) return function() return table.concat(t, '', 1, 2^53) end"),
    ("move nothing far", "return function() return table.move({}, 1, 2^53, 2) end"),
    ("move nothing back", "return function() return table.move({}, 2, 2^53, 1) end"),
    (
        "sort of a liar",
        "local t = setmetatable({}, { __len = function() return 2^30|0 end }) return function() return table.sort(t, rawequal) end",
    ),
    ("utf8.len", "local s = ('x'):rep(2^22) return function() return utf8.len(s) end"),
];

fn long_calls() -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = if is_luajit() { LONG_ON_LUAJIT } else { LONG_ON_LUA54 };
    LONG.iter().chain(own).copied()
}

/// A bounded VM, and a function that sets its flag.
fn bounded() -> (Lua, Arc<dyn Fn(i32) + Send + Sync>) {
    let lua = Lua::builder().bounded().build().unwrap();
    let flag = lua.stop_flag().expose_provenance();
    // SAFETY: the flag lives as long as the VM, which every test keeps for longer than this function is used.
    let set = move |value| unsafe { (*std::ptr::with_exposed_provenance::<AtomicI32>(flag)).store(value, Ordering::Relaxed) };
    (lua, Arc::new(set))
}

/// Runs the call in a thread of its own, which must come back: what is not stopped goes on for minutes at least.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(100)).unwrap_or_else(|error| panic!("{what}: {error}"))
}

#[test]
fn every_long_call_looks_at_the_flag() {
    for (what, code) in long_calls() {
        let outcome = in_time(what, move || {
            let (mut lua, set) = bounded();
            let call: Function = lua.load(code).eval().unwrap();
            let set_it = Arc::clone(&set);
            lua.register("stop", move |_: &mut State, (): ()| -> Result<()> {
                set_it(1);
                Ok(())
            })
            .unwrap();
            let begin: Function = lua.load("local call = ... stop() local result = call() return result").into_function().unwrap();
            let outcome = begin.call::<Value>(&mut lua, &call).map(|value| value.type_name());
            set(0);
            common::check(&mut lua);
            outcome
        });
        let error = outcome.expect_err(what);
        assert!(error.to_string().contains("stopped"), "{what}: {error}");
    }
}

#[test]
fn a_long_match_is_stopped_by_another_thread() {
    for (what, code) in long_calls().take(12) {
        let outcome = in_time(what, move || {
            let (mut lua, set) = bounded();
            let call: Function = lua.load(code).eval().unwrap();
            let running = Arc::new(AtomicI32::new(0));
            let seen = Arc::clone(&running);
            lua.register("begin", move |_: &mut State, (): ()| -> Result<()> {
                seen.store(1, Ordering::Release);
                Ok(())
            })
            .unwrap();
            let begin: Function = lua.load("local call = ... begin() local result = call() return result").into_function().unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    while running.load(Ordering::Acquire) == 0 {
                        thread::yield_now();
                    }
                    thread::sleep(Duration::from_millis(5));
                    set(1);
                });
                begin.call::<Value>(&mut lua, &call).map(|value| value.type_name())
            })
        });
        let error = outcome.expect_err(what);
        assert!(error.to_string().contains("stopped"), "{what}: {error}");
    }
}

#[test]
fn what_was_stopped_leaves_no_memory_behind() {
    let (mut lua, set) = bounded();
    lua.run("s = ('a'):rep(1e5) t = {} for i = 1, 1e5 do t[i] = 'x' end").unwrap();
    let round = |lua: &mut Lua| {
        for code in ["s:gsub('', 'x')", "s:rep(1e5)", "table.concat(t, s, 1, 1e5)", "s:gsub('.*.*b', '')", "load(s)"] {
            let call = lua.load(code).into_function().unwrap();
            set(1);
            assert!(call.call::<()>(lua, ()).is_err(), "{code}");
            set(0);
        }
    };
    common::stops_growing(&mut lua, "stopped calls", round);
}

#[test]
fn formats_beyond_all_measure_are_refused() {
    let (mut lua, _) = bounded();
    for code in [
        "string.format(('%'):rep(2^20))",
        "os.date(('%c'):rep(2^20))",
        "string.pack and string.pack((' '):rep(2^20)) or string.format(('x'):rep(2^16))",
    ] {
        let error = lua.run(&format!("local x = {code}")).unwrap_err();
        assert!(error.to_string().contains("bad argument #1 to") && error.to_string().contains("bytes"), "{error}");
    }
}

/// Ways from the library back into Lua, each within itself.
const NESTED: &[&str] = &[
    "local function f() return (('x'):gsub('x', f)) end return f",
    "local t t = setmetatable({}, { __index = function() return (('x'):gsub('x', t)) end }) return function() return ('x'):gsub('x', t) end",
    "local function f() table.sort({ 1, 2, 3 }, f) return true end return f",
    "local function f() return load(f) end return f",
    "local function f() return string.format('%s', setmetatable({}, { __tostring = f })) end return f",
];

const NESTED_ON_LUA54: &[&str] = &[
    "local t t = setmetatable({}, { __index = function() return table.concat(t, '', 1, 2) end }) return function() return table.concat(t, '', 1, 2) end",
    "local t t = setmetatable({}, { __len = function() table.insert(t, 1, 1) return 1 end }) return function() table.insert(t, 1, 1) end",
    "local t t = setmetatable({}, { __index = function() table.insert(t, 1, 1) end, __len = function() return 3 end }) return function() table.insert(t, 1, 1) end",
    "local t t = setmetatable({}, { __index = function() table.remove(t, 1) end, __len = function() return 3 end }) return function() table.remove(t, 1) end",
    "local t t = setmetatable({}, { __index = function() table.move(t, 1, 3, 2) end }) return function() table.move(t, 1, 3, 2) end",
    "local t t = setmetatable({}, { __lt = function() table.sort({ t, t, t }) end }) return function() table.sort({ t, t, t }) end",
];

#[test]
fn nested_calls_end_in_an_error_on_stacks_of_every_size() {
    for kib in [192, 512, 2048] {
        let work = move || {
            let own = if is_luajit() { &[] } else { NESTED_ON_LUA54 };
            for code in NESTED.iter().chain(own) {
                let (mut lua, _) = bounded();
                let call: Function = lua.load(*code).eval().unwrap();
                // What `load` is told of, it answers; all else raises.
                let _ = call.call::<Value>(&mut lua, ());
                common::check(&mut lua);
            }
        };
        thread::Builder::new().stack_size(kib << 10).spawn(work).unwrap().join().unwrap();
    }
}
