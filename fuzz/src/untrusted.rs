//! Scripts of a grammar in VMs opened as `untrusted`: whatever they do, the VM keeps to its limits and is usable afterwards.

use std::cell::Cell;
use std::panic;
use std::sync::Once;
use std::time::Duration;

use perilune::{Error, Function, Lua, MultiValue, Output, Result, State, Value, c_struct};

use crate::grammar;

/// Whether library functions of C that take long can be stopped; where not, scripts do not call them.
const LIBRARIES_ARE_BOUNDED: bool = true;

const MEMORY: usize = 4 << 20;

/// What the host's own pushes may take beyond the limit.
const GRACE: usize = 64 << 10;

/// Loaded before the script: it works whatever becomes of the globals.
const INSPECTION: &str = "
    local pcall, error, rawequal, wrap, yield = pcall, error, rawequal, coroutine.wrap, coroutine.yield
    return function()
        local s, thrown = 'aXb', {}
        if s:upper() ~= 'AXB' or s:gsub('X', function() return 'y' end) ~= 'ayb' then error('texts') end
        if pcall(function() return (5).x end) then error('metatables of types') end
        local ok, caught = pcall(error, thrown)
        if ok or not rawequal(caught, thrown) then error('errors') end
        local co = wrap(function(a) return yield(a + 1) * 2 end)
        if co(1) ~= 2 or co(21) ~= 42 then error('coroutines') end
        local x = 0
        for i = 1, 1000 do x = x + i % 7 end
        return x
    end
";

c_struct! {
    /// What scripts may write to.
    #[derive(Debug, Default)]
    struct Unit {
        hp: [i32; 2],
    }
}

thread_local! {
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Panics of the host's own functions are a part of the game.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !EXPECTED.get() {
                loud(info);
            }
        }));
    });
}

fn open() -> Result<(Lua, Function)> {
    let mut lua = Lua::builder().untrusted().memory_limit(MEMORY).output(Output::discard()).build()?;
    lua.register("host.call", |state: &mut State, (f, rest): (Function, MultiValue)| -> Result<Value> { f.call(state, rest) })?;
    lua.register("host.swallow", |state: &mut State, f: Function| -> Result<bool> { Ok(f.call::<()>(state, ()).is_ok()) })?;
    lua.register("host.fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("the host says no")) })?;
    lua.register("host.panic", |_: &mut State, (): ()| -> Result<()> { panic!("on purpose") })?;
    lua.share("units", (0..10).map(|_| Unit::default()).collect())?;
    let inspect = lua.load(INSPECTION).eval()?;
    Ok((lua, inspect))
}

/// Runs the script that the bytes stand for, and says whether it was stopped.
///
/// # Panics
/// If the VM does not keep to its limits, or is not usable afterwards.
pub fn run(bytes: &[u8]) -> bool {
    hush();
    let text = grammar::script(bytes, LIBRARIES_ARE_BOUNDED);
    let (mut lua, inspect) = open().expect("a VM");
    lua.set_limit(Duration::from_millis(10)).expect("limits");
    EXPECTED.set(true);
    let result = lua.run(&text).map(drop);
    EXPECTED.set(false);
    let peak = lua.memory().peak;
    assert!(peak <= MEMORY + GRACE, "{peak} bytes were in use:\n{text}");
    // Globals may keep alive what fills the VM.
    lua.set_memory_limit(usize::MAX);
    lua.set_limit(Duration::from_secs(600)).expect("limits");
    lua.gc_collect().expect("a collection");
    let sum = inspect.call::<i32>(&mut lua, ());
    assert!(matches!(sum, Ok(3003)), "the VM is not usable: {sum:?}\n{text}");
    lua.close().expect("the VM is closed");
    matches!(result, Err(Error::Timeout(_) | Error::Memory(_)))
}

/// The text of the script that the bytes stand for.
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    grammar::script(bytes, LIBRARIES_ARE_BOUNDED)
}
