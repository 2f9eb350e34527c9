//! What the tests of the promises share: a VM that is checked, measured memory,
//! panics without noise.
#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod endless;

use std::cell::Cell;
use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;
use std::sync::Once;
use std::time::{SystemTime, UNIX_EPOCH};

use perilune::{Backend, BackendKind, Function, Libs, Lua, Result, State, lua_sys};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` on this thread without a word about its panics.
pub fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    let before = QUIET.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    outcome.unwrap_or_else(|payload| panic::resume_unwind(payload))
}

pub fn is_luajit() -> bool {
    Backend::current().kind == BackendKind::LuaJit
}

/// Makes a table of a few entries that says it has millions: each step finds the length,
/// and puts entries at twice, four times … as much.
pub const SPARSE: &str = "
    local t = { 1, 2, 3, 4 }
    for _ = 1, 20 do
        local n = #t
        if n > 1e6 then break end
        for i = n, n + 2 do
            while i < 2^30 do t[i] = i i = i * 2 end
        end
    end
    return t";

/// This very test program, to be run once more in a process of its own.
pub fn this_program() -> Command {
    let program = env::current_exe().unwrap();
    // Under an emulator, the child needs it too.
    let runner = env::var("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER").ok().filter(|_| cfg!(target_arch = "aarch64"));
    let mut words = runner.iter().flat_map(|runner| runner.split_whitespace());
    let Some(emulator) = words.next() else { return Command::new(program) };
    let mut command = Command::new(emulator);
    command.args(words).arg(program);
    command
}

/// Runs the test `child` of this program in a process of its own, with a seed in `PERILUNE_ATTACK`: another
/// one each time, or that in `PERILUNE_SEED`.
pub fn attack_in_a_child() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let seed = env::var("PERILUNE_SEED").map_or(now % 1_000_000_007, |seed| seed.parse().unwrap());
    println!("PERILUNE_SEED={seed}");
    let child = this_program().args(["--exact", "child", "--nocapture"]).env("PERILUNE_ATTACK", seed.to_string()).output().unwrap();
    assert!(
        child.status.success(),
        "seed {seed}: {}\n{}{}",
        child.status,
        String::from_utf8_lossy(&child.stdout),
        String::from_utf8_lossy(&child.stderr)
    );
}

/// How high the stack stands: an operation must not change it.
pub fn height(state: &mut State) -> i32 {
    // SAFETY: only reads the top.
    unsafe { state.with_raw(|l| lua_sys::lua_gettop(l)) }.unwrap()
}

/// Bytes in use once everything that is garbage is gone.
pub fn settled(state: &mut State) -> usize {
    state.gc_collect().unwrap();
    state.gc_collect().unwrap();
    state.memory().used
}

const USABLE: &str = r"
    local words = {}
    for i = 1, 20 do words[i] = i .. 'x' end
    assert(table.concat(words, ' '):find('20x', 1, true))
    local thrown = {}
    local ok, caught = pcall(error, thrown)
    assert(not ok and caught == thrown)
    local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)
    assert(co(1) == 2 and co(21) == 42)
    return #words
";

/// Panics unless the VM does what a VM has to do.
pub fn check(state: &mut State) {
    fn usable(state: &mut State) -> Result<()> {
        assert_eq!(state.load(USABLE).eval::<i32>()?, 20);
        let double: Function = state.create_function(|_: &mut State, n: i32| Ok(n * 2))?;
        assert_eq!(double.call::<i32>(state, 4)?, 8);
        let table = state.create_table()?;
        table.set(state, "key", "value")?;
        assert_eq!(table.get::<String>(state, "key")?, "value");
        let error = state.run("error('on purpose')").unwrap_err();
        assert!(error.to_string().ends_with("on purpose"), "{error}");
        assert!(error.traceback().is_some());
        Ok(())
    }
    usable(state).expect("the VM is usable");
}

/// A VM with the compiler, where there is one that survives running out of memory:
/// LuaJIT 2.1.0-beta3 does not, on the way out of compiled code.
pub fn compiling() -> Lua {
    if Backend::current().version.contains("beta") { measurable() } else { Lua::new().unwrap() }
}

/// A VM without the compiler, whose traces take memory when they please.
pub fn measurable() -> Lua {
    if !is_luajit() {
        return Lua::new().unwrap();
    }
    // SAFETY: the library is there for the line below.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::JIT_UNSAFE) }.build().unwrap();
    lua.run("jit.off()").unwrap();
    lua
}

/// Asserts that what `round` leaves behind stops growing. Growth by itself is no
/// leak (the registry and the string table find their size), but
/// growth in every single round is.
///
/// `lua` should be [`measurable`].
pub fn stops_growing(lua: &mut Lua, what: &str, mut round: impl FnMut(&mut Lua)) {
    let mut sizes = Vec::new();
    for _ in 0..8 {
        round(lua);
        let size = settled(lua);
        if sizes.iter().any(|&before| size <= before) {
            return;
        }
        sizes.push(size);
    }
    panic!("{what}: memory grows with every round: {sizes:?}");
}

/// Runs `work` on a new VM, whose stack must be as high as before afterwards, and which must be usable.
pub fn with(work: impl FnOnce(&mut Lua) -> Result<()>) {
    let mut lua = Lua::new().unwrap();
    let before = height(&mut lua);
    work(&mut lua).unwrap();
    assert_eq!(height(&mut lua), before, "the stack's height");
    check(&mut lua);
    lua.close().unwrap();
}
