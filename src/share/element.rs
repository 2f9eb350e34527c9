//! An element of a view, as host functions get it from a script.
//!
//! It is a place, not a reference: every use asks the control block, as scripts do, and
//! values are copied in and out. So two that mean the same element do no harm. A reference
//! to one is there only while the VM is borrowed, so that nothing else leads to the memory.

use std::ffi::c_int;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::lang::{FromArgs, FromLua, HostFunction, HostResult, Internal, Value};
use crate::share::control::Slot;
use crate::share::fields::{CView, check_safe_to_lend};
use crate::share::views::{self, Views};
use crate::vm::state::State;

/// An element of a checked view of `T`s, as an argument of a host function.
///
/// ```
/// use perilune::{Elem, Lua, State, c_struct};
///
/// c_struct! {
///     pub struct Soldier { pub hp: i32, pub armour: i32 }
/// }
///
/// let mut lua = Lua::new()?;
/// lua.register("strike", |state: &mut State, (unit, damage): (Elem<Soldier>, i32)| {
///     let mut soldier = unit.get(state)?;
///     soldier.hp -= (damage - soldier.armour).max(0);
///     unit.set(state, soldier)
/// })?;
/// let mut army = [Soldier { hp: 10, armour: 2 }; 3];
/// lua.lend("units", &mut army, |state| state.run("strike(units[1], 5)").map(drop))?;
/// assert_eq!(army[1].hp, 7);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// It can be kept; once the view is revoked, using it is an error.
pub struct Elem<T> {
    /// Whose slot it is.
    vm: u64,
    slot: Slot,
    index: usize,
    element: PhantomData<fn() -> T>,
}

impl<T> Clone for Elem<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Elem<T> {}

impl<T> std::fmt::Debug for Elem<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Elem").field("index", &self.index).finish_non_exhaustive()
    }
}

impl<T: CView> Elem<T> {
    /// Its index in the view.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// A copy of it.
    ///
    /// # Errors
    /// [`Error::Runtime`] if the view is revoked, or has fewer elements now;
    /// [`Error::ForeignHandle`] with another VM than its own.
    pub fn get(&self, state: &State) -> Result<T> {
        let place = self.place(state, false)?;
        // SAFETY: a value of the view's memory, which nobody has a reference to while
        // scripts can use it.
        Ok(unsafe { place.read() })
    }

    /// A pointer to it: for unsafe code that stores it in a pointer field of another struct,
    /// or writes what [`Elem::set`] does not. It is good until the view is revoked, or the vector
    /// that it shows moves.
    ///
    /// ```
    /// use perilune::{Elem, Lua, State, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Node {
    ///         pub value: i32,
    ///         #[unsafe(follow)]
    ///         next: *mut Node,
    ///     }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register("link", |state: &mut State, (from, to): (Elem<Node>, Elem<Node>)| {
    ///     let (node, next) = (from.get(state)?, to.as_ptr(state)?);
    ///     from.set(state, Node { next, ..node })
    /// })?;
    /// let mut nodes = [1, 2, 3].map(|value| Node { value, next: std::ptr::null_mut() });
    /// lua.lend("nodes", &mut nodes, |state| {
    ///     state.run("link(nodes[0], nodes[2]) assert(nodes[0].next.value == 3 and nodes[2].next == nil)").map(drop)
    /// })?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Elem::get`], and if the view can only be read.
    pub fn as_ptr(&self, state: &State) -> Result<*mut T> {
        self.place(state, true)
    }

    /// Puts another value in its place, all fields of it.
    ///
    /// # Errors
    /// As for [`Elem::get`], and if the view can only be read.
    pub fn set(&self, state: &mut State, value: T) -> Result<()> {
        const { check_safe_to_lend::<T>() };
        let place = self.place(state, true)?;
        // SAFETY: as above, and the memory was lent to be written.
        unsafe { place.write(value) };
        Ok(())
    }

    /// Works on it where it is, without changing it.
    ///
    /// ```
    /// # use perilune::{Elem, Lua, State, c_struct};
    /// # c_struct! { pub struct Soldier { pub hp: [i32; 2] } }
    /// # let mut lua = Lua::new()?;
    /// lua.register("is_hurt", |state: &mut State, unit: Elem<Soldier>| unit.with(state, |unit| unit.hp[0] < unit.hp[1]))?;
    /// lua.lend("units", &[Soldier { hp: [3, 9] }], |state| state.run("assert(is_hurt(units[0]))").map(drop))?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Elem::get`].
    pub fn with<R>(&self, state: &State, work: impl FnOnce(&T) -> R) -> Result<R> {
        let place = self.place(state, false)?;
        // SAFETY: a value of the view's memory. Whoever could write it, a script or a host
        // function, needs the state, which is borrowed until the reference is gone.
        Ok(work(unsafe { &*place }))
    }

    /// Works on it where it is; not for structs with pointers that safe code could set wrongly, for which it
    /// does not compile ([`Vouched`](crate::Vouched)). As the closure has no state, no script runs meanwhile, and
    /// nothing else leads to the element.
    ///
    /// ```
    /// # use perilune::{Elem, Lua, State, c_struct};
    /// # c_struct! { pub struct Soldier { pub hp: [i32; 2] } }
    /// # let mut lua = Lua::new()?;
    /// lua.register("heal", |state: &mut State, unit: Elem<Soldier>| unit.with_mut(state, |unit| unit.hp[0] = unit.hp[1]))?;
    /// let mut army = [Soldier { hp: [3, 9] }];
    /// lua.lend("units", &mut army, |state| state.run("heal(units[0])").map(drop))?;
    /// assert_eq!(army[0].hp[0], 9);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// Not even another element can be had then:
    ///
    /// ```compile_fail,E0500
    /// # use perilune::{Elem, Result, State, c_struct};
    /// # c_struct! { pub struct Soldier { pub hp: i32 } }
    /// fn swap(state: &mut State, a: Elem<Soldier>, b: Elem<Soldier>) -> Result<()> {
    ///     a.with_mut(state, |a| b.with_mut(state, |b| std::mem::swap(a, b)))?
    /// }
    /// ```
    ///
    /// # Errors
    /// As for [`Elem::set`].
    pub fn with_mut<R>(&self, state: &mut State, work: impl FnOnce(&mut T) -> R) -> Result<R> {
        const { check_safe_to_lend::<T>() };
        let place = self.place(state, true)?;
        // SAFETY: a value of the view's memory, which was lent to be written. Whoever else
        // could reach it needs the state, which is borrowed until the reference is gone.
        Ok(work(unsafe { &mut *place }))
    }

    /// Where it is, if it can be read, or written.
    pub(super) fn place(&self, state: &State, to_write: bool) -> Result<*mut T> {
        let name = T::SCHEMA.name;
        let views = Views::found(state);
        if views.is_none_or(|views| views.id() != self.vm) {
            return Err(Error::ForeignHandle);
        }
        let Some(control) = views.and_then(|views| views.block(self.slot)) else {
            return Err(Error::runtime(format!("view revoked: the host has taken back the memory of this view of {name}")));
        };
        let count = usize::try_from(control.count32).unwrap_or(0);
        if self.index >= count {
            let index = self.index;
            return Err(Error::runtime(format!("index {index} is out of range: this view of {name} has {count} elements now")));
        }
        if to_write && control.writable32 != 1 {
            return Err(Error::runtime(format!("cannot change a {name}: this view can only be read")));
        }
        // SAFETY: within the memory, by the count.
        Ok(unsafe { control.memory.cast::<T>().add(self.index) })
    }
}

impl<T: CView> FromLua for Elem<T> {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        match views::element_of::<T>(state, &value)? {
            Some((slot, index)) => Ok(Self { vm: Views::of(state).id(), slot, index, element: PhantomData }),
            None => Err(Error::type_mismatch(format!("an element of a view of {}", T::SCHEMA.name), value.type_name())),
        }
    }
}

/// A closure that Lua can call with an element of a view, which it gets as a reference:
/// `Fn(&T, arguments) -> Result<results>`, or with `&mut T`; see [`State::register_elem`].
///
/// `M` is inferred; it tells the compiler which arguments and results it has.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered as a Lua function of an element",
    note = "it has to be `Fn(&T, arguments) -> Result<results>`, or with `&mut T`, where `T` is a `CView`, with the types of the arguments written out"
)]
pub trait ElemFunction<M> {
    #[doc(hidden)]
    const COUNTED: bool;

    #[doc(hidden)]
    const CONTINUES: bool;

    /// # Safety
    /// As for a host function's.
    #[doc(hidden)]
    unsafe fn call(&self, state: &mut State, arguments: c_int, _: Internal) -> Result<c_int>;
}

macro_rules! on_elements {
    ($($Reference:ty, $with:ident;)*) => {$(
        // The two bounds say the same twice, as for `HostFunction`.
        impl<F, T, A, R> ElemFunction<fn($Reference, A) -> R> for F
        where
            T: CView,
            A: FromArgs,
            R: HostResult,
            F: Fn($Reference, A) -> Result<R> + for<'a> Fn($Reference, A::Item<'a>) -> Result<R>,
        {
            const COUNTED: bool = <(Elem<T>, A) as FromArgs>::COUNTED;
            const CONTINUES: bool = R::CONTINUES;

            unsafe fn call(&self, state: &mut State, arguments: c_int, internal: Internal) -> Result<c_int> {
                // SAFETY: the arguments stay in their slots until the call returns (I6).
                let (element, rest) = unsafe { <(Elem<T>, A) as FromArgs>::take(state, 1, arguments, internal)? };
                let results = element.$with(state, |element| self(element, rest))??;
                results.give(state, R::CONTINUES, internal)
            }
        }
    )*};
}

on_elements! {
    &T, with;
    &mut T, with_mut;
}

/// A function of an element, as any other.
struct OfElement<F>(F);

impl<M, F: ElemFunction<M>> HostFunction<PhantomData<M>> for OfElement<F> {
    const COUNTED: bool = F::COUNTED;
    const CONTINUES: bool = F::CONTINUES;

    unsafe fn call(&self, state: &mut State, arguments: c_int, internal: Internal) -> Result<c_int> {
        // SAFETY: the caller's.
        unsafe { self.0.call(state, arguments, internal) }
    }
}

/// Host functions of an element.
impl State {
    /// As [`State::register`], for a function whose first argument is an element of a view: it
    /// gets a reference to where that is, `&T`, or `&mut T` to change it. It gets no state:
    /// while the reference lives, no script can run, and nothing else leads to the element.
    ///
    /// ```
    /// use perilune::{Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Soldier { pub hp: i32, pub armour: i32 }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register_elem("strike", |unit: &mut Soldier, damage: i32| {
    ///     unit.hp -= (damage - unit.armour).max(0);
    ///     Ok(unit.hp)
    /// })?;
    /// lua.register_elem("is_hurt", |unit: &Soldier, most: i32| Ok(unit.hp < most))?;
    /// let mut army = [Soldier { hp: 10, armour: 2 }; 3];
    /// lua.lend("units", &mut army, |state| {
    ///     state.run("assert(strike(units[1], 5) == 7 and is_hurt(units[1], 10))").map(drop)
    /// })?;
    /// assert_eq!(army[1].hp, 7);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::set`]. Scripts get one for what is no element of a view of `T`, for one
    /// that is not there any more, and for `&mut T` where the view can only be read.
    pub fn register_elem<M: 'static>(&mut self, name: &str, function: impl ElemFunction<M> + Send + 'static) -> Result<()> {
        self.register(name, OfElement(function))
    }
}
