//! The front door: `Lua` owns a VM, and `State` is what may be done with it.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::ffi::c_int;
use std::ops::{Deref, DerefMut, Range};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::atomic::AtomicI32;

use crate::builder::Builder;
use crate::error::{Error, MemoryError, Result, RuntimeError};
use crate::lang::{Chunk, FromLua, FromLuaMulti, Function, HostFunction, HostFunctionMut, INTERNAL, IntoLua, IntoLuaMulti};
use crate::path;
use crate::sys::{self, lua_State};
use crate::vm::Vm;
use crate::vm::alloc::Memory;
use crate::vm::stack::StackGuard;
use crate::vm::state::State;
use crate::vm::{backend, charge, trampoline};

/// A Lua VM.
///
/// It dereferences to [`State`], which has everything that can be done with it. A
/// `Lua` can be sent to another thread, but used by one at a time only.
///
/// ```
/// use perilune::Lua;
///
/// let mut lua = Lua::new()?;
/// lua.set("rules.speed", 1.5)?;
/// let speed: f64 = lua.get("rules.speed")?;
/// assert_eq!(speed, 1.5);
///
/// std::thread::spawn(move || lua.run("assert(rules.speed == 1.5)").map(drop)).join().unwrap()?;
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// ```compile_fail,E0277
/// # use perilune::Lua;
/// let lua = Lua::new().unwrap();
/// // Two threads cannot use it at once.
/// std::thread::scope(|scope| { scope.spawn(|| lua.app_data::<u8>()); });
/// ```
pub struct Lua {
    main: NonNull<lua_State>,
}

// SAFETY: a VM has no ties to the thread that made it: its C stack floor and its
// protected calls are set up anew at every outermost call, everything it holds of the
// host's (callbacks, app data, errors) is `Send`, and only its owner can use it (I1).
unsafe impl Send for Lua {}

impl Lua {
    /// Opens a VM with the safe libraries and no limits.
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// Options for opening a VM.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn open(memory: Memory) -> Result<Self> {
        let main = NonNull::new(Vm::open(memory)?).ok_or(MemoryError::new(0))?;
        Ok(Self { main })
    }

    /// Closes the VM, and reports what went wrong in finalizers, which run last.
    /// Dropping it closes it too, without a word.
    ///
    /// ```
    /// perilune::Lua::new()?.close()?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Panic`] if dropping something that Lua held panicked.
    pub fn close(self) -> Result<()> {
        let main = self.main;
        std::mem::forget(self);
        // SAFETY: the owner is gone, hence nothing borrows the VM.
        unsafe { Vm::close(main.as_ptr()) }.map_or(Ok(()), Err)
    }
}

impl Drop for Lua {
    fn drop(&mut self) {
        // SAFETY: the owner is going, hence nothing borrows the VM.
        trampoline::discard(unsafe { Vm::close(self.main.as_ptr()) });
    }
}

impl Deref for Lua {
    type Target = State;

    #[inline]
    fn deref(&self) -> &State {
        // SAFETY: I9: the token borrows the owner.
        unsafe { State::from_raw(self.main.as_ptr()) }
    }
}

impl DerefMut for Lua {
    #[inline]
    fn deref_mut(&mut self) -> &mut State {
        // SAFETY: I9: the token borrows the owner.
        unsafe { State::from_raw(self.main.as_ptr()) }
    }
}

impl std::fmt::Debug for Lua {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lua").field("memory", &self.memory()).finish_non_exhaustive()
    }
}

/// What a VM uses, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// In use now, garbage and charges included.
    pub used: usize,
    /// What of it was charged for memory of the host's; see [`State::charge`].
    pub charged: usize,
    /// The most that was ever in use.
    pub peak: usize,
    /// Allocations, growths and charges so far.
    pub allocations: u64,
}

/// Globals, loading, calling.
impl State {
    /// Sets a global. A dotted name reaches into tables, which are made where they
    /// are missing.
    ///
    /// # Errors
    /// [`Error::Type`] if the name is empty somewhere, or a part of it is not a table.
    pub fn set(&mut self, name: &str, value: impl IntoLua) -> Result<()> {
        path::set(self, name, |state| value.push_into(state, INTERNAL))
    }

    /// The global of this name, which may be dotted. What is absent is nil.
    ///
    /// # Errors
    /// [`Error::Type`] if it is of another kind.
    pub fn get<T: FromLua>(&mut self, name: &str) -> Result<T> {
        path::get(self, name)
    }

    /// Calls the global function of this name, which may be dotted.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// assert_eq!(lua.call::<f64>("math.max", (1, 7, 3))?, 7.0);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Type`] if it is not a function; otherwise as for [`Function::call`].
    pub fn call<R: FromLuaMulti>(&mut self, name: &str, arguments: impl IntoLuaMulti) -> Result<R> {
        match self.get::<Function>(name) {
            Ok(function) => function.call(self, arguments),
            Err(error) => Err(error),
        }
    }

    /// Makes a closure callable from Lua under a name, which may be dotted:
    /// `Fn(&mut State, arguments) -> Result<results>`. Write the types of the state
    /// and the arguments out; `&str` and `&[u8]` borrow from the call.
    ///
    /// ```
    /// use perilune::{Lua, Result, State};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register("text.repeated", |_: &mut State, (text, n): (&str, usize)| -> Result<String> { Ok(text.repeat(n)) })?;
    /// assert_eq!(lua.load("return text.repeated('ab', 2)").eval::<String>()?, "abab");
    ///
    /// let error = lua.run("text.repeated('ab', -1)").unwrap_err();
    /// assert!(error.to_string().contains("bad argument #2 to 'text.repeated': expected an integer from 0 on, got number -1"));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// ```compile_fail
    /// # use perilune::{Lua, State};
    /// # let mut lua = Lua::new().unwrap();
    /// let counter = std::rc::Rc::new(1);
    /// // The closure must be `Send`, because the VM is.
    /// lua.register("count", move |_: &mut State, (): ()| Ok(*counter)).unwrap();
    /// ```
    ///
    /// # Errors
    /// As for [`State::set`].
    pub fn register<M: 'static>(&mut self, name: &str, function: impl HostFunction<M> + Send + 'static) -> Result<()> {
        let function = self.create_named(name, function)?;
        self.set(name, function)
    }

    /// As [`State::register`], for a closure that changes what it captured. Calling it
    /// again while it runs is an error.
    ///
    /// ```
    /// use perilune::{Lua, Result, State};
    ///
    /// let mut lua = Lua::new()?;
    /// let mut turn = 0;
    /// lua.register_mut("next_turn", move |_: &mut State, (): ()| -> Result<u32> { turn += 1; Ok(turn) })?;
    /// assert_eq!(lua.load("return next_turn() + next_turn()").eval::<u32>()?, 3);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::set`].
    pub fn register_mut<M: 'static>(&mut self, name: &str, function: impl HostFunctionMut<M> + Send + 'static) -> Result<()> {
        let function = self.create_named_mut(name, function)?;
        self.set(name, function)
    }

    /// Takes a text as a chunk, to be named, compiled or run.
    pub fn load<'a>(&'a mut self, text: &'a (impl AsRef<[u8]> + ?Sized)) -> Chunk<'a> {
        Chunk::new(self, Cow::Borrowed(text.as_ref()))
    }

    /// Takes a file as a chunk that is named after it.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read.
    pub fn load_file(&mut self, path: impl AsRef<Path>) -> Result<Chunk<'_>> {
        let path = path.as_ref();
        let text = std::fs::read(path).map_err(|error| Error::file(path, error))?;
        Ok(Chunk::new(self, Cow::Owned(text)).of_file(&path.to_string_lossy()))
    }
}

/// The host's own data, by type.
impl State {
    /// Keeps a value of the host's with the VM, one of each type. Gives back the one
    /// that was there.
    ///
    /// ```
    /// use perilune::{Lua, Result, State};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.set_app_data(vec!["gate opened"]);
    /// lua.register("log_length", |state: &mut State, (): ()| -> Result<usize> {
    ///     Ok(state.app_data::<Vec<&str>>().map_or(0, Vec::len))
    /// })?;
    /// assert_eq!(lua.call::<usize>("log_length", ())?, 1);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    pub fn set_app_data<T: Send + 'static>(&mut self, data: T) -> Option<T> {
        // SAFETY: `&mut self` is the only use of the VM.
        let all = unsafe { self.vm().app_data_mut() };
        let old: Box<dyn Any> = all.insert(TypeId::of::<T>(), Box::new(data))?;
        old.downcast().ok().map(|old| *old)
    }

    /// The host's value of this type.
    #[must_use]
    pub fn app_data<T: Send + 'static>(&self) -> Option<&T> {
        // SAFETY: `&self` keeps everybody from changing it.
        unsafe { self.vm().app_data() }.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// The host's value of this type, to be changed.
    pub fn app_data_mut<T: Send + 'static>(&mut self) -> Option<&mut T> {
        // SAFETY: `&mut self` is the only use of the VM.
        unsafe { self.vm().app_data_mut() }.get_mut(&TypeId::of::<T>())?.downcast_mut()
    }

    /// Takes the host's value of this type away.
    pub fn remove_app_data<T: Send + 'static>(&mut self) -> Option<T> {
        // SAFETY: `&mut self` is the only use of the VM.
        let old: Box<dyn Any> = unsafe { self.vm().app_data_mut() }.remove(&TypeId::of::<T>())?;
        old.downcast().ok().map(|old| *old)
    }
}

/// The raw API.
impl State {
    /// Makes a Lua function of one in C, such as the `luaopen_` function of a C library.
    ///
    /// ```
    /// use perilune::{Lua, lua_sys};
    ///
    /// unsafe extern "C-unwind" fn seven(l: *mut lua_sys::lua_State) -> std::ffi::c_int {
    ///     // SAFETY: Lua gives a function room for 20 values.
    ///     unsafe { lua_sys::lua_pushnumber(l, 7.0) };
    ///     1
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// // SAFETY: it pushes the one value that it says it returns, and raises nothing.
    /// let seven = unsafe { lua.create_c_function(seven) }?;
    /// assert_eq!(seven.call::<i32>(&mut lua, ())?, 7);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`].
    ///
    /// # Safety
    /// The function keeps to the rules of the C API, and raises no error past a Rust frame.
    pub unsafe fn create_c_function(&mut self, function: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int) -> Result<Function> {
        let push = |state: &mut Self| {
            // SAFETY: there is room (I4); it only wants memory (I2, I3).
            unsafe { sys::lua_pushcclosure(state.raw(), Some(function), 0) };
            Ok(())
        };
        self.anchor_pushed(1, push).map(Function::new)
    }

    /// What the VM uses.
    #[must_use]
    pub fn memory(&self) -> MemoryUse {
        let vm = self.vm();
        charge::take_back(&vm);
        let memory = &vm.memory;
        MemoryUse { used: memory.used.get(), charged: memory.charged.get(), peak: memory.peak.get(), allocations: memory.count.get() }
    }

    /// Lets the `nth` allocation from now on fail, as if memory had run out; 0 for
    /// none. For testing how a host copes: whatever happens, the answer is
    /// [`Error::Memory`] or success, and the VM goes on working.
    ///
    /// ```
    /// use perilune::{Error, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.fail_allocation(1);
    /// assert!(matches!(lua.create_table(), Err(Error::Memory(_))));
    /// assert!(lua.create_table().is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn fail_allocation(&mut self, nth: u64) {
        self.fail_allocations(nth..nth.saturating_add(nth.min(1)));
    }

    /// As [`State::fail_allocation`], for a range of allocations; an empty one for
    /// none. Lua 5.4 asks again after a full collection, which counts as the next
    /// allocation: `n..n + 2` refuses that too, and `n..u64::MAX` leaves the VM
    /// without memory until further notice.
    pub fn fail_allocations(&mut self, range: Range<u64>) {
        let vm = self.vm();
        let from_now = |nth: u64| vm.memory.count.get().saturating_add(nth);
        vm.memory.fail.set(if range.is_empty() { (0, 0) } else { (from_now(range.start), from_now(range.end)) });
    }

    /// The flag that stops scripts when it is not 0, for tests of those who look at it. It lives as long as
    /// the VM.
    #[doc(hidden)]
    #[must_use]
    pub fn stop_flag(&self) -> *const AtomicI32 {
        &raw const self.vm().gate.stop
    }

    /// Gives the raw `lua_State` to engine code; see [`lua_sys`](crate::lua_sys).
    ///
    /// ```
    /// use perilune::{Lua, lua_sys};
    ///
    /// let mut lua = Lua::new()?;
    /// // SAFETY: pushes and pops one value, and raises nothing.
    /// let number = unsafe {
    ///     lua.with_raw(|l| {
    ///         lua_sys::lua_pushnumber(l, 7.0);
    ///         let number = lua_sys::lua_tonumberx(l, -1, std::ptr::null_mut());
    ///         lua_sys::lua_settop(l, -2);
    ///         number
    ///     })?
    /// };
    /// assert_eq!(number, 7.0);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Runtime`] if the stack is not as high as before; it is put right.
    ///
    /// # Safety
    /// The closure keeps to the API's rules: it asks for stack space beyond 16 slots,
    /// lets no error be raised past itself (`lua_pcall` what may raise), leaves the
    /// values below the top it finds alone, and does not touch the allocator, the
    /// panic function or the registry's foreign entries, nor close the state. A debug hook
    /// that it sets neither yields nor takes memory back from a view: it may be called in the
    /// middle of an access to that memory.
    pub unsafe fn with_raw<T>(&mut self, work: impl FnOnce(*mut lua_State) -> T) -> Result<T> {
        let vm = self.vm();
        vm.begin(self)?;
        let l = self.raw();
        if vm.depth.get() == 0 {
            vm.gate.enter_stack();
        }
        // SAFETY: the raw code is not to change what is below; a panic of its own leaves
        // through the guard (I5).
        let balance = unsafe { StackGuard::new(l) };
        let top = balance.top;
        let result = work(l);
        // SAFETY: raises nothing (I2).
        let found = unsafe { sys::lua_gettop(l) };
        drop(balance);
        let handler = vm.frame.get().handler;
        if found < top && handler != 0 {
            // SAFETY: the handler is put back in case its slot was popped; one slot of room is kept (I4).
            unsafe {
                backend::registry_get(l, vm.fixtures.handler);
                sys::lua_replace(l, handler);
            }
        }
        vm.settle()?;
        if found == top {
            return Ok(result);
        }
        let message = format!("raw code left the stack at height {found} instead of {top}: pop what you push, and nothing else");
        Err(RuntimeError { message, ..RuntimeError::default() }.into())
    }
}
