//! What happens in a process that runs hostile scripts, and what it checks of itself.

use std::time::Duration;

use perilune::{Error, Function, Lua, MultiValue, Result, State, UserData, UserDataFields, UserDataMethods, Value, lua_sys};

use crate::common::{check, height, quietly};
use crate::script::{Expected, Script};
use crate::world::army;

const MEMORY: usize = 8 << 20;

/// What a VM may take beyond its limit: the host's own pushes are never refused. All that
/// happens here is small.
const GRACE: usize = 64 << 10;

/// What the process may take beside the VM's memory: C stacks, machine code, printed text, what the allocator keeps.
const BESIDE: usize = 64 << 20;

/// Is loaded before the script and captures what it uses: it works whatever becomes of the globals.
const INSPECTION: &str = "
    local next, pairs, type, rawequal, pcall, error, tostring = next, pairs, type, rawequal, pcall, error, tostring
    local wrap, yield, G, getmetatable = coroutine.wrap, coroutine.yield, _G, getmetatable
    local function walk()
        local all = { [''] = getmetatable(G) }
        for name, value in next, G do
            all[name] = value
            if type(value) == 'table' and not rawequal(value, G) then
                for key, inner in next, value do all[name .. '.' .. tostring(key)] = inner end
            end
        end
        return all
    end
    local before = walk()
    return function(globals)
        if globals then
            local now = walk()
            for name, value in next, before do if not rawequal(now[name], value) then error('changed: ' .. name) end end
            for name in next, now do if before[name] == nil then error('new: ' .. name) end end
        end
        local s = 'aXb'
        if s:upper() ~= 'AXB' or s:rep(2) ~= 'aXbaXb' or s:find('X', 1, true) ~= 2 then error('texts') end
        if pcall(function() return (5).x end) or pcall(function() return (nil).x end) then error('metatables of types') end
        if ('%d'):format(7) ~= '7' or s:gsub('X', function() return 'y' end) ~= 'ayb' then error('callbacks') end
        local thrown = {}
        local ok, caught = pcall(error, thrown)
        if ok or not rawequal(caught, thrown) then error('errors') end
        local co = wrap(function(a) local b = yield(a + 1) return b * 2 end)
        if co(1) ~= 2 or co(21) ~= 42 then error('coroutines') end
        local x = 0
        for i = 1, 5000 do x = x + i % 7 end
        return x
    end
";

struct Object(i64);

impl UserData for Object {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("value", |_, this| Ok(this.0));
        fields.add_field_method_set("value", |_, this, value| {
            this.0 = value;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method_mut("add", |_: &mut State, this: &mut Self, n: i64| -> Result<i64> {
            this.0 = this.0.wrapping_add(n);
            Ok(this.0)
        });
    }
}

/// What a script is given to misuse.
fn give_host(lua: &mut Lua) -> Result<()> {
    let call = |state: &mut State, (function, rest): (Function, MultiValue)| -> Result<Value> { function.call(state, rest) };
    lua.register("host.call", call)?;
    let swallow = |state: &mut State, function: Function| -> Result<bool> { Ok(function.call::<()>(state, ()).is_ok()) };
    lua.register("host.swallow", swallow)?;
    lua.register("host.fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("the host says no")) })?;
    lua.register("host.panic", |_: &mut State, (): ()| -> Result<()> { panic!("the host panics") })?;
    lua.set("host.object", Object(0))?;
    // Ends the process: whatever the script swallows, this is seen.
    lua.register("escaped", |_: &mut State, how: String| -> Result<()> {
        eprintln!("ESCAPED: {how}");
        std::process::exit(7)
    })?;
    Ok(())
}

/// A VM for scripts that nobody has read, and what inspects it later.
fn open(time: Duration, memory: usize) -> (Lua, Function) {
    open_with(time, memory, true)
}

/// The same with or without a view: that makes much code, which runs before the script.
fn open_with(time: Duration, memory: usize, has_views: bool) -> (Lua, Function) {
    let mut lua = Lua::builder().untrusted().time_limit(Duration::from_secs(600)).memory_limit(memory).build().unwrap();
    give_host(&mut lua).unwrap();
    if has_views {
        lua.share("units", army()).unwrap();
    }
    let inspect = lua.load(INSPECTION).eval().unwrap();
    // Only now: on a machine that is busy even this takes time.
    lua.set_limit(time).unwrap();
    (lua, inspect)
}

fn assert_ended(what: &str, result: &Result<impl Sized>, expected: Expected) {
    let as_expected = matches!(
        (result, expected),
        (_, Expected::Any)
            | (Ok(_), Expected::Ok)
            | (Err(Error::Timeout(_)), Expected::Timeout)
            | (Err(Error::Memory(_)), Expected::Memory)
            | (Err(Error::Runtime(_) | Error::Syntax(_)), Expected::Error)
    );
    let how = result.as_ref().map(drop).map_err(|error| error.to_string().chars().take(300).collect::<String>());
    assert!(as_expected, "{what}: {expected:?} was expected, not {how:?}");
}

/// For whoever reads what the processes write: by how much the limit was passed.
fn tell_overrun(result: &Result<impl Sized>) {
    if let Err(Error::Timeout(stopped)) = result {
        println!("OVERRUN {}", stopped.elapsed.saturating_sub(stopped.limit.unwrap_or_default()).as_micros());
    }
}

/// Nothing of a script that has run is in the VM's way.
fn inspect(lua: &mut Lua, inspect: &Function, before: i32, globals: bool) {
    assert_eq!(height(lua), before, "the stack's height");
    // SAFETY: it only reads which hook is set.
    let hook = unsafe { lua.with_raw(|l| lua_sys::lua_gethook(l)) }.unwrap();
    assert!(hook.is_none(), "a hook is left");
    // A script may have left the VM full to the brim of what is still alive: that is its own business.
    lua.set_memory_limit(usize::MAX);
    lua.set_limit(Duration::from_secs(600)).unwrap();
    lua.gc_collect().unwrap();
    assert_eq!(inspect.call::<i32>(lua, globals).expect("the VM is usable"), 14997);
    if globals {
        check(lua);
    }
}

fn assert_memory(lua: &Lua, limit: usize) {
    let peak = lua.memory().peak;
    assert!(peak <= limit + GRACE, "{peak} bytes at most, {limit} are allowed");
    // A sanitizer keeps much for itself.
    if std::env::var_os("ASAN_OPTIONS").is_some() || std::env::var_os("TSAN_OPTIONS").is_some() {
        return;
    }
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { return };
    let resident = line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10;
    assert!(resident <= limit + BESIDE, "the process has {resident} bytes, of which a VM may have {limit}");
}

pub fn run_hostile(script: &Script) {
    if script.is_foreign {
        return;
    }
    // What has to end by itself is given all the time that it wants.
    let ends = matches!(script.expected, Expected::Memory | Expected::Error | Expected::Ok);
    let (mut lua, inspection) = open(Duration::from_millis(if ends { 60_000 } else { 150 }), MEMORY);
    let before = height(&mut lua);
    let result = quietly(|| lua.run(&script.text));
    tell_overrun(&result);
    assert_ended(&script.name, &result, script.expected);
    assert_memory(&lua, MEMORY);
    drop(result);
    if let Some((text, expected)) = &script.later {
        lua.set_limit(Duration::from_secs(600)).unwrap();
        let result = lua.run(text);
        assert_ended("later", &result, *expected);
    }
    inspect(&mut lua, &inspection, before, !script.leaves_globals);
    // Another VM on the same thread.
    let (mut other, inspection) = open(Duration::from_secs(600), MEMORY);
    let before = height(&mut other);
    inspect(&mut other, &inspection, before, true);
    other.close().unwrap();
    lua.close().unwrap();
}

pub fn run_random(text: &str) {
    // What ends the process ends it after this.
    println!("---- {text}");
    let (mut lua, inspection) = open(Duration::from_millis(15), MEMORY / 2);
    let before = height(&mut lua);
    let result = quietly(|| lua.run(text));
    tell_overrun(&result);
    if let Err(Error::Syntax(error)) = &result {
        panic!("a program that is no Lua: {error}");
    }
    drop(result);
    assert_memory(&lua, MEMORY / 2);
    inspect(&mut lua, &inspection, before, true);
    lua.close().unwrap();
}

/// Scripts one after the other in a VM that refuses them memory at some moment, for once, for a while, or from then on.
pub fn run_starved(texts: &[String], mut choose: impl FnMut(usize) -> usize) {
    let (mut lua, inspection) = open_with(Duration::from_secs(600), MEMORY / 2, choose(4) == 0);
    // What scripts take for an escape may be an error for want of memory.
    lua.register("escaped", |_: &mut State, _: Value| Ok(())).unwrap();
    let before = height(&mut lua);
    for text in texts {
        println!("---- {text}");
        starve(&mut lua, text, &mut choose);
        inspect(&mut lua, &inspection, before, false);
    }
    lua.close().unwrap();
}

fn starve(lua: &mut Lua, text: &str, choose: &mut impl FnMut(usize) -> usize) {
    lua.set_limit(Duration::from_millis(choose(4) as u64 + 1)).unwrap();
    lua.set_memory_limit_is_final(choose(3) == 0).unwrap();
    let most = [150, 150, 150, 2000][choose(4)];
    let first = choose(most) as u64 + 1;
    let end = [first + 1, first + 2, first + 1 + choose(100) as u64, u64::MAX][choose(4)];
    let free = if choose(3) == 0 { first as usize * 100 } else { MEMORY / 2 };
    println!("with {free} bytes, and allocations {first}..{end} failing");
    let used = lua.memory().used;
    lua.set_memory_limit(used + free);
    lua.fail_allocations(first..end);
    drop(quietly(|| lua.run(text)));
    lua.fail_allocation(0);
    lua.set_memory_limit_is_final(false).unwrap();
}

pub fn run_well_behaved(script: &Script) {
    // The time that it takes is the machine's business; the memory is the usual one.
    let mut lua = Lua::builder().untrusted().time_limit(Duration::from_secs(200)).build().unwrap();
    give_host(&mut lua).unwrap();
    lua.share("units", army()).unwrap();
    let value: String = lua.run(&script.text).and_then(|outcome| outcome.first(&mut lua)).unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(value, script.returns);
    check(&mut lua);
    lua.close().unwrap();
}
