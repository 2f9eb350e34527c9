//! Memory that the host lends to scripts while a closure runs.
//!
//! The borrow that the closure holds up is what makes it safe: nobody in Rust can use the
//! memory until the view is revoked, and it is revoked before the borrow ends, whatever
//! happens. That it is revoked by a guard that nobody can hold on to is why lending takes a
//! closure.

use std::marker::PhantomData;

use crate::error::Result;
use crate::share::control::Slot;
use crate::share::fields::{CView, check_safe_to_lend};
use crate::share::views::{self, Views};
use crate::vm::state::State;

/// Memory that can be lent: `&mut [T]`, `&[T]`, and vectors and arrays behind such
/// references.
pub trait Lend: sealed::Sealed {
    /// What it consists of.
    type Element: CView;

    #[doc(hidden)]
    fn memory(self) -> Memory;
}

/// Where lent memory is.
#[doc(hidden)]
#[derive(Debug)]
pub struct Memory {
    start: *mut u8,
    count: usize,
    is_writable: bool,
}

/// Memory to be lent whose pointers the caller answers for: what structs have to be wrapped in that
/// are [`UNSAFE_TO_LEND`](CView::UNSAFE_TO_LEND), as the game's own are.
///
/// ```
/// use perilune::game::Unit;
/// use perilune::{Lua, Vouched};
///
/// let mut units = [Unit { hp: [7, 9], ..Unit::default() }; 3];
/// let mut lua = Lua::new()?;
/// // SAFETY: all pointers in a unit by default are NULL.
/// let loan = unsafe { Vouched::new(&mut units) };
/// lua.lend("units", loan, |state| state.run("units[1].hp[0] = 8 assert(units[1].gear[0] == nil)").map(drop))?;
/// assert_eq!(units[1].hp, [8, 9]);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// Without it they cannot be lent:
///
/// ```compile_fail,E0080
/// # use perilune::{Lua, game::Unit};
/// # let mut lua = Lua::new().unwrap();
/// lua.lend("units", &mut [Unit::default()], |_| Ok(())).unwrap();
/// ```
#[derive(Debug)]
pub struct Vouched<'a, T> {
    memory: Memory,
    borrow: PhantomData<&'a mut [T]>,
}

impl<'a, T: CView> Vouched<'a, T> {
    /// # Safety
    /// While they are lent, each of the values keeps to what [`CView`] says of pointers, whatever
    /// host functions do meanwhile; and so do the values behind the pointers.
    pub unsafe fn new(memory: &'a mut [T]) -> Self {
        // SAFETY: borrowed for as long.
        unsafe { Self::from_raw(memory.as_mut_ptr(), memory.len()) }
    }

    /// The same for memory that is not Rust's, or to which other pointers lead as well.
    ///
    /// # Safety
    /// As for [`Vouched::new`], and `start` points to `count` values, which nobody but scripts
    /// uses in `'a`, but by pointers that may be used between two accesses of a script.
    #[must_use]
    pub unsafe fn from_raw(start: *mut T, count: usize) -> Self {
        Self { memory: Memory { start: start.cast(), count, is_writable: true }, borrow: PhantomData }
    }
}

impl<T> sealed::Sealed for Vouched<'_, T> {}

impl<T: CView> Lend for Vouched<'_, T> {
    type Element = T;

    fn memory(self) -> Memory {
        self.memory
    }
}

/// One or several loans: a name and its memory, or a tuple of such pairs.
pub trait Loans: sealed::Sealed {
    #[doc(hidden)]
    fn open(self, lending: &mut Lending<'_>) -> Result<()>;
}

mod sealed {
    pub trait Sealed {}
}

impl<T> sealed::Sealed for &mut [T] {}
impl<T> sealed::Sealed for &[T] {}
impl<T> sealed::Sealed for &mut Vec<T> {}
impl<T> sealed::Sealed for &Vec<T> {}
impl<T, const N: usize> sealed::Sealed for &mut [T; N] {}
impl<T, const N: usize> sealed::Sealed for &[T; N] {}

macro_rules! lendable {
    ($([$($generics:tt)*] $Memory:ty, |$memory:ident| $start:expr, $is_writable:literal;)*) => {$(
        impl<$($generics)*> Lend for $Memory {
            type Element = T;

            fn memory(self) -> Memory {
                const { check_safe_to_lend::<T>() };
                let $memory = self;
                Memory { count: $memory.len(), start: $start.cast(), is_writable: $is_writable }
            }
        }
    )*};
}

lendable! {
    [T: CView] &mut [T], |memory| memory.as_mut_ptr(), true;
    [T: CView] &[T], |memory| memory.as_ptr().cast_mut(), false;
    [T: CView] &mut Vec<T>, |memory| memory.as_mut_ptr(), true;
    [T: CView] &Vec<T>, |memory| memory.as_ptr().cast_mut(), false;
    [T: CView, const N: usize] &mut [T; N], |memory| memory.as_mut_ptr(), true;
    [T: CView, const N: usize] &[T; N], |memory| memory.as_ptr().cast_mut(), false;
}

/// Loans on their way; those that were made end when this is dropped.
#[doc(hidden)]
#[derive(Debug)]
pub struct Lending<'a> {
    state: &'a mut State,
    slots: Vec<Slot>,
}

impl Lending<'_> {
    /// # Safety
    /// The memory is borrowed for longer than `self` lives.
    unsafe fn add<T: CView>(&mut self, name: &str, memory: Memory) -> Result<()> {
        let maker = views::prepare::<T>(self.state)?;
        self.slots.reserve(1);
        let Memory { start, count, is_writable } = memory;
        let slot = Views::of(self.state).controls().take(start, count, is_writable)?;
        self.slots.push(slot);
        let view = views::open(self.state, &maker, slot)?;
        self.state.set(name, view)
    }
}

impl Drop for Lending<'_> {
    fn drop(&mut self) {
        let controls = Views::of(self.state).controls();
        self.slots.drain(..).for_each(|slot| controls.revoke(slot));
    }
}

impl<M: Lend> sealed::Sealed for (&str, M) {}

impl<M: Lend> Loans for (&str, M) {
    fn open(self, lending: &mut Lending<'_>) -> Result<()> {
        let (name, memory) = self;
        // SAFETY: whoever calls this (`lend_all`) holds the loans, and with them the borrow,
        // for longer than the lending.
        unsafe { lending.add::<M::Element>(name, memory.memory()) }
    }
}

macro_rules! tuples {
    ($(($($Loan:ident)*))*) => {$(
        impl<$($Loan: Loans),*> sealed::Sealed for ($($Loan,)*) {}

        impl<$($Loan: Loans),*> Loans for ($($Loan,)*) {
            #[allow(non_snake_case)]
            fn open(self, lending: &mut Lending<'_>) -> Result<()> {
                let ($($Loan,)*) = self;
                $($Loan.open(lending)?;)*
                Ok(())
            }
        }
    )*};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) (A B C D E F G) (A B C D E F G H) }

/// Lending memory.
impl State {
    /// Lends memory to scripts under a global name, which may be dotted, while `work` runs.
    ///
    /// Scripts get a *checked view*: `units[3].hp[0] = 7` works on the host's own memory,
    /// from 0 on, and whatever does not exist, or is not allowed, is an error. `&mut [T]`
    /// can be changed, `&[T]` only read. When `work` returns, or panics, the view is revoked:
    /// whatever scripts kept of it (elements, iterators, suspended coroutines) raises "view
    /// revoked" from then on, and the global does too.
    ///
    /// ```
    /// use perilune::{Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Soldier {
    ///         pub hp: [i32; 2],
    ///         pub x: f32,
    ///     }
    /// }
    ///
    /// let mut army = vec![Soldier { hp: [7, 9], x: 0.0 }; 100];
    /// let mut lua = Lua::new()?;
    /// lua.lend("units", &mut army, |state| {
    ///     state.run("for i, unit in units:each() do unit.x = unit.x + i * 0.5 end").map(drop)?;
    ///     let error = state.run("units[100].x = 1").unwrap_err();
    ///     assert!(error.to_string().contains("index 100 is out of range"));
    ///     state.run("kept = units[3]").map(drop)
    /// })?;
    /// assert_eq!(army[99].x, 49.5);
    ///
    /// let error = lua.run("kept.x = 1").unwrap_err();
    /// assert!(error.to_string().contains("view revoked"));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// What scripts can do with a view, here `units`, and with an element of it:
    ///
    /// - `units[i].field`, `units[i].array[k]`, `units[i].inner.field`, from 0 on; `#units`,
    ///   `#units[i].array`; `for i, unit in units:each() do`.
    /// - `units[i] = units[j]`, and the same with arrays and structs inside: copies what
    ///   scripts may write. `units[i] = { field = value }` sets the fields that are named.
    ///   `units:totable(i)` gives a table, in which arrays are sequences from 1 on.
    /// - `units:column "hp[0]"`: `hp[i]` is that field of every element;
    ///   `get = units:getter("x", "y")`, `x, y = get(i)`; `set = units:setter("x", "y")`,
    ///   `set(i, x, y)`. Where nothing is compiled these are much the quickest way.
    /// - Text and structs behind pointers, where [`c_struct!`](crate::c_struct) says so:
    ///   `units[i].name`, `units[i].leader.hp`; nil where the pointer is NULL.
    /// - `==` says whether two are the same place, reached in the same way. `pairs(units[i])` walks the fields.
    ///
    /// What stores several values (a setter, a table) stores all of them or, if one is wrong,
    /// none. Only what a table has itself counts, not what its metatable would give.
    ///
    /// The memory cannot be used while scripts have it:
    ///
    /// ```compile_fail,E0502
    /// # use perilune::{Lua, c_struct};
    /// # c_struct! { pub struct Soldier { pub hp: i32 } }
    /// # let mut lua = Lua::new().unwrap();
    /// let mut army = vec![Soldier { hp: 7 }];
    /// lua.lend("units", &mut army, |state| { state.set("hp", army[0].hp) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// What `work` says; [`Error::Type`](crate::Error::Type) for what cannot be shown (too many
    /// elements, a C type that was declared otherwise in this VM), and as for [`State::set`].
    pub fn lend<M: Lend, R>(&mut self, name: &str, memory: M, work: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        self.lend_all((name, memory), work)
    }

    /// As [`State::lend`], for several loans at once: a tuple of up to eight, each a name and
    /// its memory.
    ///
    /// ```
    /// use perilune::{Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Place { pub x: f32 }
    ///     pub struct Prize { pub value: i32 }
    /// }
    ///
    /// let (mut places, prizes) = ([Place { x: 1.0 }; 2], vec![Prize { value: 5 }]);
    /// let mut lua = Lua::new()?;
    /// lua.lend_all((("places", &mut places), ("prizes", &prizes)), |state| {
    ///     state.run("places[1].x = prizes[0].value").map(drop)
    /// })?;
    /// assert_eq!(places[1].x, 5.0);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::lend`].
    pub fn lend_all<L: Loans, R>(&mut self, loans: L, work: impl FnOnce(&mut Self) -> Result<R>) -> Result<R> {
        let mut lending = Lending { state: self, slots: Vec::new() };
        loans.open(&mut lending)?;
        work(lending.state)
    }
}
