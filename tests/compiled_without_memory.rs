//! Promise: where memory is refused while LuaJIT begins to compile, opens its FFI, reads from a function, or runs a library function
//! of its assembler, it neither crashes nor touches what is not concerned. (Lua 5.4 has neither; it runs the same scripts.)
mod common;

use std::time::Duration;

use common::{check, height};
use perilune::{Backend, Error, Function, Lua, State, Value};

const LIMIT: usize = 1 << 20;

/// LuaJIT 2.1.0-beta3 crashes where compiled code runs out of memory: SECURITY.md says so.
fn is_beta() -> bool {
    Backend::current().version.contains("beta")
}

/// Statements that leave hardly a byte, without a loop that would be compiled.
fn to_the_brim() -> String {
    let mut text = String::from(
        "local rep, pcall, collect = string.rep, pcall, collectgarbage
         local k, n, ok, s = { nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
           nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil,
           nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil, nil }, 1\n",
    );
    for bits in (1..=20).rev() {
        for letter in ["a", "b", "c"] {
            text += &format!("ok, s = pcall(rep, '{letter}', {}) if ok then k[n] = s n = n + 1 end\n", 1 << bits);
        }
        if bits == 6 {
            text += "collect() collect()\n";
        }
    }
    text
}

fn run_under_a_limit(text: &str) {
    let mut lua = Lua::builder().untrusted().time_limit(Duration::from_secs(60)).memory_limit(LIMIT).build().unwrap();
    let before = height(&mut lua);
    assert_eq!(lua.load(text).eval::<i32>().unwrap(), 7);
    assert!(lua.memory().peak <= LIMIT);
    assert_eq!(height(&mut lua), before);
    check(&mut lua);
    lua.close().unwrap();
}

#[test]
fn the_first_trace_without_memory() {
    if !is_beta() {
        run_under_a_limit(&format!("{} for i = 1, 100000 do end return 7", to_the_brim()));
    }
}

/// LuaJIT's list of traces is full, and there is no memory for a longer one. What it compiled last is not to suffer.
#[test]
fn one_trace_more_without_memory() {
    if is_beta() {
        return;
    }
    for traces in 3..32 {
        let loops: String = (0..traces).map(|i| format!("do local x = {i} for i = 1, 200 do x = x + i end end\n")).collect();
        run_under_a_limit(&format!(
            "{loops}
             local function last() local s = 0 for i = 1, 300 do s = s + i end return s end
             if last() ~= 45150 then return 0 end
             {}
             for i = 1, 100000 do end
             return last() == 45150 and 7",
            to_the_brim()
        ));
    }
}

/// Each allocation of a loop that becomes hot fails, and all after it.
#[test]
fn compiling_with_each_allocation_failing() {
    if is_beta() {
        return;
    }
    let text = "return function()
        local t, s = {}, 0
        for i = 1, 5000 do t[i % 7] = i s = s + #t end
        for i = 1, 5000 do local u = { i } s = s + u[1] end
        return s
    end";
    for (n, last) in (1..60).flat_map(|n| [(n, n + 1), (n, n + 30), (n, u64::MAX)]) {
        let mut lua = Lua::new().unwrap();
        let run: Function = lua.load(text).eval().unwrap();
        lua.fail_allocations(n..last);
        let result = run.call::<i64>(&mut lua, ());
        lua.fail_allocation(0);
        assert!(matches!(result, Ok(_) | Err(Error::Memory(_))), "{n}..{last}: {result:?}");
        assert!(run.call::<i64>(&mut lua, ()).unwrap() > 0);
        check(&mut lua);
    }
}

/// A literal opens the FFI, which is not to be left half open.
#[test]
fn literals_that_open_the_ffi_without_memory() {
    if !Backend::current().has_ffi || is_beta() {
        return;
    }
    let builders: [fn() -> Lua; 2] = [
        || Lua::builder().memory_limit(LIMIT).build().unwrap(),
        || {
            let mut lua = Lua::new().unwrap();
            lua.set_memory_limit(LIMIT);
            lua
        },
    ];
    for (n, open) in (1..400).flat_map(|n| builders.map(|open| (n, open))) {
        let mut lua = open();
        lua.fail_allocations(n..u64::MAX);
        let _ = lua.load("return 5LL").eval::<Value>();
        lua.fail_allocation(0);
        let text = "local n, all = 5LL, {}
            for _, key in ipairs { 'ptr', 0, -1 } do
                all[#all + 1] = tostring(pcall(function() return n[key] end))
                all[#all + 1] = tostring(pcall(function() n[key] = 1 end))
            end
            return table.concat(all, ' ') .. tostring(n + 2LL)";
        assert_eq!(lua.load(text).eval::<String>().unwrap(), "false false false false false false7LL", "allocation {n}");
        check(&mut lua);
    }
}

/// The parser catches what is raised where it reads, for instance by the hook that collects, when the table of texts cannot shrink.
#[test]
fn a_limit_holds_when_a_function_that_is_read_from_is_refused_memory() {
    let text = "
        local function greedy() return { {} } end
        local function piece()
            for i = 1, 5000 do local _ = 'text ' .. i end
            starve()
            for _ = 1, 10 do pcall(greedy) end
        end
        return function()
            pcall(load, piece)
            for _ = 1, 1e9 do end
        end";
    for n in 1..30 {
        let mut lua = Lua::builder().time_limit(Duration::from_millis(100)).build().unwrap();
        lua.register("starve", move |state: &mut State, (): ()| {
            state.fail_allocations(n..u64::MAX);
            Ok(())
        })
        .unwrap();
        let run: Function = lua.load(text).eval().unwrap();
        let result = run.call::<()>(&mut lua, ());
        lua.fail_allocation(0);
        assert!(matches!(result, Err(Error::Timeout(_) | Error::Memory(_))), "allocation {n}: {result:?}");
        check(&mut lua);
    }
}

/// Frames stand above the place where the last function of C's has left off; there LuaJIT's own functions would put
/// their error.
#[test]
fn a_library_function_that_runs_out_of_memory_leaves_other_frames_alone() {
    if is_beta() {
        return;
    }
    let functions = [
        "function(x) return (tostring(x)) end",
        "function(x) return (('a long text that is cut'):sub(x % 10, 9 + x % 5)) end",
        "function(x) return (string.char(x % 200)) end",
        "function(x) return (long[x % 8 + 1]:upper()) end",
        "function(x) return (long[x % 8 + 1]:reverse()) end",
    ];
    for function in functions {
        let text = format!(
            "local long = {{}}
             for i = 1, 8 do long[i] = ('some text'):rep(i * 3) .. i end
             local pcall, work = pcall, {function}
             local function nested(depth, x)
                 if depth == 0 then return (work(x)) end
                 local a, b, c = depth, x, depth
                 local result = nested(depth - 1, x)
                 if a ~= depth or b ~= x or c ~= depth then error('changed') end
                 return result
             end
             local function run(depth, x)
                 local a, b, c, d = 'a', 'b', 'c', 'd'
                 local ok, e = pcall(nested, depth, x)
                 return a, b, c, d, ok, e
             end
             return function(depth, x)
                 local e, f, g, h = 'e', 'f', 'g', 'h'
                 local a, b, c, d, ok, result = run(depth, x)
                 return a == 'a' and b == 'b' and c == 'c' and d == 'd' and e == 'e' and f == 'f' and g == 'g' and h == 'h', ok, result
             end"
        );
        let mut lua = Lua::new().unwrap();
        let run: Function = lua.load(&text).eval().unwrap();
        let mut failed = 0;
        for (depth, x) in (0..12).flat_map(|depth| (1..20).map(move |x| (depth, f64::from(x * 12 + depth)))) {
            lua.fail_allocations(1..u64::MAX);
            let result = run.call::<(bool, bool, String)>(&mut lua, (depth, x));
            lua.fail_allocation(0);
            match result {
                Ok((same, ok, text)) => {
                    assert!(same, "{function}, at depth {depth}: other variables have changed");
                    assert!(ok || text == "not enough memory", "{function}: {text}");
                    failed += u32::from(!ok);
                }
                Err(error) => assert!(matches!(error, Error::Memory(_)), "{function}: {error}"),
            }
        }
        assert!(failed > 0, "{function}: nothing was refused");
        check(&mut lua);
    }
}
