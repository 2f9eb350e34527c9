//! Functions of the host that compiled code calls as C.
//!
//! A function that captures nothing and whose arguments are C's is reached in two ways. On a
//! LuaJIT that compiles, a wrapper in Lua, made for its types (`wrapper`), looks at the
//! arguments and calls it through the FFI; whatever is not plainly right is handed on to the
//! other way, an ordinary host function, which converts it or says what is wrong. Elsewhere
//! there is only that. A function called through the FFI must not come back to Lua: it cannot,
//! because it has no way to a [`State`].

mod types;
mod wrapper;

use std::ffi::{c_int, c_void};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use crate::error::{Error, PanicPayload, Result};
use crate::lang::{Function, INTERNAL, Internal, Table};
use crate::share::views::{Pointer, ViewAccess};
use crate::vm::state::State;
use crate::vm::trampoline::{self, Invoke};

use types::CType;
pub use types::{ExportArg, ExportResult};
pub(super) use wrapper::Wrappers;

/// Arguments that an exported function can have.
const MOST_ARGUMENTS: usize = 8;

/// What the wrappers and the functions tell each other beside the arguments, one for a VM.
/// The wrapper's declaration of it is in `wrapper`.
#[doc(hidden)]
#[repr(C)]
#[derive(Debug, Default)]
pub struct Call {
    failed: i32,
    /// How many bytes a text has, by the place among the arguments.
    lengths: [usize; MOST_ARGUMENTS],
    /// What went wrong. Not the wrapper's.
    error: Option<Error>,
}

/// A function or closure that [`State::export`] takes: it captures nothing, takes up to
/// eight [`ExportArg`]s and gives an [`ExportResult`].
///
/// `M` is inferred; it tells the compiler which arguments and result it has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be exported",
    note = "it has to be a function or closure that captures nothing, with up to eight arguments that are numbers, `bool`, `&str`, `&[u8]`, `&T` or `&mut T`, \
            whose types are written out; `State::register` takes all others"
)]
pub trait ExportFunction<M>: Copy + Send + 'static {
    #[doc(hidden)]
    const ARGUMENTS: &'static [CType];

    #[doc(hidden)]
    const RESULT: CType;

    /// The C function.
    #[doc(hidden)]
    fn address(_: Internal) -> *const c_void;

    /// What finds the elements among the arguments.
    #[doc(hidden)]
    fn pointers(state: &mut State, _: Internal) -> Result<Vec<Pointer>>;

    /// # Safety
    /// As for [`Invoke::invoke`].
    #[doc(hidden)]
    unsafe fn call(self, state: &mut State, _: Internal) -> Result<c_int>;
}

/// A value of a type without size.
///
/// # Safety
/// There has been one, which was given away.
unsafe fn conjured<F: Copy + 'static>() -> F {
    const { assert!(size_of::<F>() == 0, "a function that is exported cannot capture anything, nor be a function pointer") };
    // SAFETY: it has no bytes to read and is `Copy`; that there can be one is the caller's.
    unsafe { NonNull::<F>::dangling().read() }
}

/// Runs an exported function and gives what C gives back.
///
/// # Safety
/// `call` is the VM's.
#[inline]
unsafe fn caught<R: ExportResult>(call: *mut Call, work: impl FnOnce() -> Result<R::Abi>) -> R::Abi {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => {
            // The wrapper may have had no room or memory to raise what failed before.
            // SAFETY: the caller's.
            unsafe { (*call).failed = 0 };
            value
        }
        // SAFETY: the caller's.
        Ok(Err(error)) => unsafe { failed(call, error, R::NOTHING) },
        // SAFETY: the caller's.
        Err(payload) => unsafe { failed(call, Error::Panic(PanicPayload::new(payload)), R::NOTHING) },
    }
}

/// Makes the calling function the last one for whoever walks the stack, such as a panic's
/// backtrace: the unwind information of LuaJIT's compiled code is for its own errors only, and
/// the system's unwinder aborts the process at it.
#[inline(always)]
fn end_of_walk() {
    // SAFETY: a directive for the unwind tables, no instruction: that there is no caller.
    #[cfg(all(unix, target_arch = "x86_64"))]
    unsafe {
        std::arch::asm!(".cfi_undefined rip", options(nomem, nostack, preserves_flags));
    }
    // SAFETY: as above.
    #[cfg(all(unix, target_arch = "aarch64"))]
    unsafe {
        std::arch::asm!(".cfi_undefined x30", options(nomem, nostack, preserves_flags));
    }
}

/// # Safety
/// `call` is the VM's.
#[cold]
unsafe fn failed<T>(call: *mut Call, error: Error, nothing: T) -> T {
    // SAFETY: the VM waits for the function, and nobody else has it.
    unsafe {
        (*call).failed = 1;
        (*call).error = Some(error);
    }
    nothing
}

/// Refuses, when the program is compiled, two elements of which one can be written: they may
/// be the same.
const fn check(arguments: &[CType]) {
    let (mut elements, mut writable, mut at) = (0, false, 0);
    while at < arguments.len() {
        if let CType::Element { writable: this } = arguments[at] {
            elements += 1;
            writable |= this;
        }
        at += 1;
    }
    assert!(elements < 2 || !writable, "a `&mut T` has to be the only element among the arguments: two could be the same one");
}

macro_rules! functions {
    ($($count:literal: $($A:ident $a:ident $at:literal)*;)*) => {$(
        impl<F, R, $($A),*> ExportFunction<fn($($A),*) -> R> for F
        where
            F: Copy + Send + 'static + Fn($($A),*) -> R + for<'a> Fn($($A::Item<'a>),*) -> R,
            R: ExportResult,
            $($A: ExportArg,)*
        {
            const ARGUMENTS: &'static [CType] = {
                const { check(&[$($A::C),*]) };
                &[$($A::C),*]
            };
            const RESULT: CType = R::C;

            fn address(_: Internal) -> *const c_void {
                /// # Safety
                /// The wrapper that was made for these types calls it, with the VM's `Call`.
                unsafe extern "C" fn entry<F, R, $($A),*>(call: *mut Call, $($a: $A::Abi),*) -> R::Abi
                where
                    F: Copy + 'static + for<'a> Fn($($A::Item<'a>),*) -> R,
                    R: ExportResult,
                    $($A: ExportArg,)*
                {
                    end_of_walk();
                    let work = || {
                        // SAFETY: `export` was given one.
                        let function = unsafe { conjured::<F>() };
                        // SAFETY: the wrapper's promise; nothing else uses the `Call` meanwhile.
                        $(let $a = unsafe { $A::from_c($a, (*call).lengths[$at], INTERNAL) }.map_err(|error| error.at_argument($at + 1))?;)*
                        function($($a),*).into_c(INTERNAL)
                    };
                    // SAFETY: as above.
                    unsafe { caught::<R>(call, work) }
                }
                entry::<F, R, $($A),*> as *const c_void
            }

            fn pointers(_state: &mut State, _internal: Internal) -> Result<Vec<Pointer>> {
                let all: [Option<Pointer>; $count] = [$($A::pointer(_state, _internal)?),*];
                Ok(all.into_iter().flatten().collect())
            }

            unsafe fn call(self, state: &mut State, internal: Internal) -> Result<c_int> {
                // SAFETY: the arguments stay in their slots until the call returns (I6), and
                // what they refer to is neither revoked nor used by others: the function
                // cannot reach the state.
                $(let $a = unsafe { $A::take(state, $at + 1, internal) }.map_err(|error| error.at_argument($at + 1))?;)*
                self($($a),*).give(state, internal)
            }
        }
    )*};
}

functions! {
    0: ;
    1: A a 0;
    2: A a 0 B b 1;
    3: A a 0 B b 1 C c 2;
    4: A a 0 B b 1 C c 2 D d 3;
    5: A a 0 B b 1 C c 2 D d 3 E e 4;
    6: A a 0 B b 1 C c 2 D d 3 E e 4 G g 5;
    7: A a 0 B b 1 C c 2 D d 3 E e 4 G g 5 H h 6;
    8: A a 0 B b 1 C c 2 D d 3 E e 4 G g 5 H h 6 I i 7;
}

/// An exported function as an ordinary host function.
struct Plain<F, M> {
    name: Box<str>,
    function: F,
    marker: PhantomData<fn() -> M>,
}

impl<F: ExportFunction<M>, M> Invoke for Plain<F, M> {
    const COUNTED: bool = false;

    #[inline]
    unsafe fn invoke(&self, state: &mut State, _: c_int) -> Result<c_int> {
        // SAFETY: the caller's.
        unsafe { self.function.call(state, INTERNAL) }.map_err(|error| error.in_function(&self.name))
    }
}

/// The VM's [`Call`], which stays where it is.
#[derive(Debug)]
pub(super) struct CallBlock(NonNull<Call>);

// SAFETY: it is its own, and what is in it is `Send`.
unsafe impl Send for CallBlock {}

impl CallBlock {
    fn new() -> Self {
        Self(NonNull::from(Box::leak(Box::default())))
    }

    fn address(&self) -> usize {
        self.0.as_ptr().expose_provenance()
    }

    /// What went wrong in the call that has just ended.
    fn take(&mut self) -> Option<Error> {
        // SAFETY: no exported function runs: none can come here.
        let call = unsafe { self.0.as_mut() };
        call.failed = 0;
        call.error.take()
    }
}

impl Drop for CallBlock {
    fn drop(&mut self) {
        // SAFETY: made by `new`; the VM is closed, or closing and past its scripts.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Exported functions.
impl State {
    /// Makes a function or closure that captures nothing callable from scripts at the speed
    /// of a C function: on LuaJIT it is called by compiled code, without a detour through the
    /// VM. It sees its arguments and nothing else, and so cannot come back to Lua;
    /// [`State::register`] is for all that has to.
    ///
    /// It has up to eight arguments, each a number, `bool`, `&str`, `&[u8]` or an element of a
    /// view as `&T` or `&mut T`, and gives a number, `bool`, `()`, or a
    /// [`Result`] of these. Arguments are checked and converted as
    /// those of host functions are, except that integers of 64 bits are exact also on LuaJIT, where
    /// they are `int64_t` and `uint64_t`. A `&mut T` is the only element of a call.
    ///
    /// ```
    /// use perilune::{Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Place { pub x: f64, pub y: f64 }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// lua.export("distance", |a: &Place, b: &Place| -> f64 { (a.x - b.x).hypot(a.y - b.y) })?;
    /// lua.export("push", |place: &mut Place, x: f64, y: f64| { place.x += x; place.y += y })?;
    ///
    /// let mut places = [Place { x: 0.0, y: 0.0 }, Place { x: 3.0, y: 0.0 }];
    /// lua.lend("places", &mut places, |state| {
    ///     state.run("push(places[1], 0, 4) far = distance(places[0], places[1])").map(drop)
    /// })?;
    /// assert_eq!(lua.get::<f64>("far")?, 5.0);
    ///
    /// let error = lua.run("push(places[1], 'far', 4)").unwrap_err();
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// An error that it returns, or a panic, is raised where the script called it, as for every
    /// host function; in programs built with `panic = "abort"` a panic ends the process.
    ///
    /// What captures something is refused when the program is compiled, as are a function
    /// pointer and two elements of which one can be written.
    ///
    /// ```compile_fail
    /// # use perilune::Lua;
    /// # let mut lua = Lua::new().unwrap();
    /// let factor = 2.0;
    /// lua.export("twice", move |x: f64| -> f64 { x * factor }).unwrap();
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use perilune::{Lua, c_struct};
    /// # c_struct! { pub struct Place { pub x: f64 } }
    /// # let mut lua = Lua::new().unwrap();
    /// lua.export("swap", |a: &mut Place, b: &mut Place| std::mem::swap(a, b)).unwrap();
    /// ```
    ///
    /// The name may be dotted, as for [`State::set`]; [`State::export_to`] makes the tables too.
    /// Whether it is called through the FFI is decided here and now, as for views: see [`State::view_access`].
    ///
    /// # Errors
    /// As for [`State::set`]; [`Error::Type`] for the C types of elements, as for [`State::lend`].
    pub fn export<M: 'static>(&mut self, name: &str, function: impl ExportFunction<M>) -> Result<()> {
        let function = self.create_exported(name, function)?;
        self.set(name, function)
    }

    /// As [`State::export`], into a table that is a global, or is made one. Its name may be dotted.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// lua.export_to("geo", "radians", f64::to_radians)?;
    /// lua.export_to("geo", "hypot", f64::hypot)?;
    /// lua.run("assert(geo.hypot(3, 4) == 5)")?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::export`]; [`Error::Type`] if the global is there and no table.
    pub fn export_to<M: 'static>(&mut self, table: &str, name: &str, function: impl ExportFunction<M>) -> Result<()> {
        let function = self.create_exported(&format!("{table}.{name}"), function)?;
        let group = match self.get::<Option<Table>>(table)? {
            Some(group) => group,
            None => {
                let group = self.create_table()?;
                self.set(table, &group)?;
                group
            }
        };
        group.set(self, name, function)
    }

    /// As [`State::export`], but the function is given back and no global. Errors call it by the name.
    ///
    /// # Errors
    /// As for [`State::export`].
    pub fn create_exported<M: 'static, F: ExportFunction<M>>(&mut self, name: &str, function: F) -> Result<Function> {
        const { assert!(size_of::<F>() == 0, "a function that is exported cannot capture anything, nor be a function pointer") };
        const { assert!(F::ARGUMENTS.len() <= MOST_ARGUMENTS) };
        let plain = Plain { name: name.into(), function, marker: PhantomData };
        let plain = self.anchor_pushed(2, |state| {
            trampoline::push_callback(state, plain);
            Ok(())
        })?;
        let plain = Function::new(plain);
        if self.view_access()? == ViewAccess::Accessors {
            return Ok(plain);
        }
        let pointers = F::pointers(self, INTERNAL)?;
        let address = F::address(INTERNAL).expose_provenance();
        wrapper::make(self, name, F::ARGUMENTS, F::RESULT, address, plain, pointers)
    }
}
