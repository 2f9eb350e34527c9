//! Which libraries a VM is opened with, and what is taken out of them.
//!
//! The C libraries are opened first, then the *prelude* runs: Lua code of
//! `backend/` and `prelude.lua` that wraps what has to be checked. At last
//! [`allowed`] removes what is not on its lists of names.

use std::ffi::{CStr, c_int, c_void};
use std::ops::{BitOr, Sub};
use std::sync::OnceLock;

use crate::error::{Error, Result};
use crate::sys::{self, lua_State};
use crate::vm::owner::{perilune_bounded, perilune_guard, perilune_guarded, perilune_is_deep, perilune_pairs_of};
use crate::vm::protect::{self, Body, Source};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::trampoline::{self, Invoke};
use crate::vm::{allowed, backend};

/// A set of libraries to open in a VM.
///
/// [`Libs::SAFE`] is what scripts nobody has read may have. The others can break
/// perilune's promises and are opened by
/// [`Builder::unsafe_libs`](crate::Builder::unsafe_libs) only.
///
/// ```
/// use perilune::{Libs, Lua};
///
/// let mut lua = Lua::builder().libs(Libs::SAFE - Libs::OS).build()?;
/// lua.run("assert(os == nil and string ~= nil)")?;
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Libs(u32);

impl Libs {
    /// Nothing at all, not even `print`.
    pub const NONE: Self = Self(0);
    /// The base functions, without files, bytecode, environments and finalizers.
    pub const BASE: Self = Self(1);
    /// `coroutine` (on LuaJIT a part of the base library).
    pub const COROUTINE: Self = Self(1 << 1);
    /// `table`.
    pub const TABLE: Self = Self(1 << 2);
    /// `string`, without `dump`.
    pub const STRING: Self = Self(1 << 3);
    /// `math`.
    pub const MATH: Self = Self(1 << 4);
    /// `bit` (LuaJIT only).
    pub const BIT: Self = Self(1 << 5);
    /// `utf8` (Lua 5.4 only).
    pub const UTF8: Self = Self(1 << 6);
    /// `os.clock`, `os.time`, `os.date` and `os.difftime`.
    pub const OS: Self = Self(1 << 7);
    /// `jit.version`, `jit.version_num`, `jit.os` and `jit.arch` (LuaJIT only).
    pub const JIT: Self = Self(1 << 8);

    /// Unsafe: the rest of the base and string libraries: `dofile`, `loadfile`,
    /// `getfenv`, `setfenv`, `newproxy`, all of `collectgarbage`, `__gc` in
    /// `setmetatable`, `string.dump`, and bytecode in `load`. Bytecode is not
    /// verified by the VM and can corrupt memory; a script's finalizer runs inside
    /// host operations, and in the middle of an access to the memory behind a view.
    pub const UNCHECKED: Self = Self(1 << 16);
    /// Unsafe: `require` and `package`: loads and runs machine code.
    pub const PACKAGE: Self = Self(1 << 17);
    /// Unsafe: `io`: files and processes.
    pub const IO: Self = Self(1 << 18);
    /// Unsafe: all of `os`: processes, files, the environment, `os.exit`.
    pub const OS_UNSAFE: Self = Self(1 << 19);
    /// Unsafe: `debug`: reaches the doors themselves (`debug.setupvalue`).
    pub const DEBUG: Self = Self(1 << 20);
    /// Unsafe: `ffi` (LuaJIT only): any memory, any C function.
    pub const FFI: Self = Self(1 << 21);
    /// Unsafe: all of `jit` and `jit.util` (LuaJIT only).
    pub const JIT_UNSAFE: Self = Self(1 << 22);

    /// What scripts that nobody has read may have.
    pub const SAFE: Self = Self(0x1ff);
    /// Every library, as the stand-alone interpreter opens them.
    pub const ALL: Self = Self(Self::SAFE.0 | 0x7f << 16);

    /// Both sets together, in constants; elsewhere `a | b`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every library of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any library of `other` is in this set.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Libs {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl Sub for Libs {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// One C library.
#[derive(Debug)]
pub(crate) struct Library {
    /// Opened when any of these was asked for.
    pub flag: Libs,
    pub name: &'static CStr,
    pub open: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int,
}

/// Opens `libs` in a new VM. If scripts are to be stopped in it (`limited`), the library functions
/// that may run long are bounded ones.
pub(crate) fn open(state: &mut State, libs: Libs, limited: bool) -> Result<()> {
    let wanted = backend::LIBRARIES.iter().filter(|library| (libs | backend::ALWAYS_OPENED).intersects(library.flag));
    // What is made here stays, so that looking for garbage finds none.
    // SAFETY: stopping the collector and letting it go on raises nothing (I2).
    unsafe { sys::lua_gc(state.raw(), sys::LUA_GCSTOP, 0) };
    for library in wanted {
        open_one(state, library)?;
    }
    state.vm().libs.set(libs);
    if limited {
        run_bounded(state)?;
    }
    run_prelude(state, libs)?;
    // SAFETY: a new state has room for more than this takes (I4); nothing runs.
    unsafe { allowed::restrict(state, libs) };
    // SAFETY: as above.
    unsafe { sys::lua_gc(state.raw(), sys::LUA_GCRESTART, -1) };
    state.vm().settle()
}

fn open_one(state: &mut State, library: &Library) -> Result<()> {
    let (vm, l) = (state.vm(), state.raw());
    // SAFETY: pushes within the room of a new state (I4); opening runs in a body (I2).
    unsafe {
        let _balance = StackGuard::new(l);
        protect::push_body(&vm, l, Body::Open);
        sys::lua_pushcclosure(l, Some(library.open), 0);
        sys::lua_pushlstring(l, library.name.as_ptr(), library.name.count_bytes());
        if library.flag == Libs::FFI {
            // Older LuaJITs crash at close if memory ran out half-way through this.
            vm.memory.unrefused(|| protect::call_body(state, 2, 1))?;
        } else {
            protect::call_body(state, 2, 1)?;
        }
        if library.flag == Libs::FFI {
            // The only library that does not make itself a global.
            backend::push_globals(l);
            sys::lua_pushlstring(l, library.name.as_ptr(), library.name.count_bytes());
            sys::lua_pushvalue(l, -3);
            sys::lua_rawset(l, -3);
        }
    }
    Ok(())
}

/// Opens the library that the parser opens for a literal such as `5LL`, LuaJIT's FFI, if it is not open yet; says whether
/// there is one. `[-0, +0, m]`
///
/// It is done before a script can be refused memory: opened half-way it could not be opened again, and LuaJIT would
/// crash where the script uses such a number.
pub(crate) fn open_for_literals(state: &mut State) -> bool {
    let Some(literal) = backend::LITERAL else { return false };
    let l = state.raw();
    // SAFETY: in the doors' own room (I4); balanced (I5). The VM itself protects the loading of a text (I2), here in grace (I3).
    unsafe {
        let _balance = StackGuard::new(l);
        sys::luaL_loadbufferx(l, literal.as_ptr(), literal.count_bytes(), c"=perilune".as_ptr(), c"t".as_ptr()) == sys::LUA_OK
    }
}

/// A chunk of the library's own that opening a VM runs.
struct Prepared {
    text: &'static str,
    name: &'static CStr,
    /// As this process's own VM has compiled it: compiling is most of what opening a VM
    /// would cost.
    code: OnceLock<Vec<u8>>,
}

static PRELUDE: Prepared = Prepared { text: backend::PRELUDE, name: backend::PRELUDE_NAME, code: OnceLock::new() };

/// Comes before the prelude, which wraps what is here as it wraps the VM's own functions.
static BOUNDED: Prepared = Prepared { text: backend::BOUNDED, name: backend::PRELUDE_NAME, code: OnceLock::new() };

/// Runs the backend's part with the table of functions that `bounded.c` makes.
fn run_bounded(state: &mut State) -> Result<()> {
    let l = state.raw();
    // SAFETY: pushes within the room of a new state (I4); making the table, compiling and running are
    // protected (I2).
    unsafe {
        let _balance = StackGuard::new(l);
        push_prepared(state, &BOUNDED)?;
        sys::lua_pushcclosure(l, Some(perilune_bounded), 0);
        backend::push_globals(l);
        protect::call_body(state, 1, 1)?;
        protect::call_body(state, 1, 0)
    }
}

/// Runs the prelude with `(guard, is_deep, guarded, pairs_of, sink, libraries..., tracked...)`; it says itself what it takes.
/// What it gives is kept.
fn run_prelude(state: &mut State, libs: Libs) -> Result<()> {
    const CHECKS: [unsafe extern "C-unwind" fn(*mut lua_State) -> c_int; 4] =
        [perilune_guard, perilune_is_deep, perilune_guarded, perilune_pairs_of];
    const ASKED: [Libs; 4] = [Libs::UNCHECKED, Libs::BASE, Libs::JIT, Libs::JIT_UNSAFE];
    let l = state.raw();
    // SAFETY: pushes within the room of a new state (I4); compiling and running are protected (I2).
    unsafe {
        let _balance = StackGuard::new(l);
        push_prepared(state, &PRELUDE)?;
        for function in CHECKS {
            sys::lua_pushcclosure(l, Some(function), 0);
        }
        trampoline::push_callback(state, Print);
        for flag in ASKED {
            sys::lua_pushboolean(l, libs.contains(flag).into());
        }
        for function in backend::TRACKED {
            sys::lua_pushcclosure(l, Some(*function), 0);
        }
        protect::call_body(state, super::alloc::to_c_int(CHECKS.len() + 1 + ASKED.len() + backend::TRACKED.len()), 1)?;
        if sys::lua_type(l, -1) == sys::LUA_TTABLE {
            state.vm().kept.set(sys::luaL_ref(l, sys::LUA_REGISTRYINDEX));
        }
    }
    Ok(())
}

/// Pushes a chunk as a function. `[-0, +1, m]`
///
/// # Safety
/// Room for two values.
unsafe fn push_prepared(state: &mut State, chunk: &Prepared) -> Result<()> {
    let (vm, l) = (state.vm(), state.raw());
    let compiled = chunk.code.get();
    let (code, mode) = compiled.map_or((chunk.text.as_bytes(), c"t"), |code| (code.as_slice(), c"b"));
    let mut source = Source {
        text: code.as_ptr().cast(),
        length: code.len(),
        name: chunk.name.as_ptr(),
        mode: mode.as_ptr(),
        environment: 0,
        status: 0,
    };
    // SAFETY: the source outlives the call, whose body compiles it (I2). Bytecode is
    // only what the same library made here, in this process.
    unsafe {
        vm.gate.source.set(&raw mut source);
        protect::push_body(&vm, l, Body::Load);
        protect::call_body(state, 0, 1)?;
        if compiled.is_none() {
            let mut code = Vec::new();
            if backend::dump(l, take_code, (&raw mut code).cast()) == sys::LUA_OK {
                // Another thread may have been quicker; its code is as good.
                let _ = chunk.code.set(code);
            }
        }
    }
    Ok(())
}

/// The `lua_Writer` that fills a vector.
unsafe extern "C-unwind" fn take_code(_: *mut lua_State, piece: *const c_void, length: usize, code: *mut c_void) -> c_int {
    // SAFETY: the vector is `push_prepared`'s, and the piece is valid for the call.
    unsafe { (*code.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(piece.cast(), length)) };
    0
}

/// What the prelude's `print` hands texts to; without any, it is to flush.
struct Print;

impl Invoke for Print {
    const COUNTED: bool = true;

    unsafe fn invoke(&self, state: &mut State, arguments: c_int) -> Result<c_int> {
        let (vm, l) = (state.vm(), state.raw());
        if arguments == 0 {
            vm.output.borrow_mut().flush()?;
        }
        for index in 1..=arguments {
            // SAFETY: the prelude gives strings and numbers only; a number is converted
            // in its own slot, which only wants memory (I3).
            let text = unsafe {
                sys::lua_tolstring(l, index, std::ptr::null_mut());
                stack::text_at(l, index)
            };
            // Borrowed no longer than this: a finalizer that prints may run in between.
            let unfinished = vm.output.borrow_mut().write(text)?;
            vm.unfinished.set(unfinished);
            vm.ending.set(true);
        }
        Ok(0)
    }
}

/// An error if an unsafe library was asked for that the linked Lua does not have.
/// All of them at once means: all there are.
pub(crate) fn check_available(libs: Libs) -> Result<()> {
    let missing = backend::MISSING - Libs::SAFE;
    if libs.contains(Libs::ALL) || !libs.intersects(missing) {
        return Ok(());
    }
    Err(Error::unsupported("opening `ffi` or all of `jit`", "they are LuaJIT's, and this program runs Lua 5.4: see `Backend::current()`"))
}
