//! What the host lends to scripts for a while: closures that borrow, and values that do
//! or are borrowed themselves.
//!
//! Everything that is made through a [`Scope`] is noted there before a script can get
//! hold of it, and ended before [`State::scope`] returns, also when that panics: closures
//! and values are dropped, loans marked as over. Scripts may keep what they got; using it
//! is an error from then on.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::ptr;

use crate::error::{Error, Result};
use crate::lang::userdata::{Site, class_of, fill, name_of};
use crate::lang::{AnyUserData, Function, HostFunction, HostFunctionMut, Table, UserData, UserDataRegistry, callback};
use crate::sys;
use crate::vm::block::{self, Contents};
use crate::vm::class::push_metatable;
use crate::vm::owner::Vm;
use crate::vm::registry::Slot;
use crate::vm::state::State;
use crate::vm::{backend, stack, trampoline};

/// Lends closures and values to scripts until [`State::scope`] returns.
///
/// The lifetimes are those of [`std::thread::scope`]: what is lent may borrow whatever
/// outlives the scope, and nothing that is made inside it.
pub struct Scope<'scope, 'env: 'scope> {
    vm: *const Vm,
    loans: RefCell<Vec<Loan>>,
    scope: PhantomData<&'scope mut &'scope ()>,
    env: PhantomData<&'env mut &'env ()>,
}

/// What has to be ended.
enum Loan {
    Function(Slot),
    Object(Slot),
}

impl State {
    /// Runs `work`, which can lend closures and values that are not `'static` to scripts.
    ///
    /// ```
    /// use perilune::{Lua, Result, State};
    ///
    /// let mut lua = Lua::new()?;
    /// let mut log = Vec::new();
    /// lua.scope(|lua, scope| {
    ///     let note = scope.create_function_mut(lua, |_: &mut State, text: String| -> Result<()> { log.push(text); Ok(()) })?;
    ///     lua.set("note", note)?;
    ///     lua.run("note('hello') note('again')").map(drop)
    /// })?;
    /// assert_eq!(log, ["hello", "again"]);
    ///
    /// let error = lua.run("note('too late')").unwrap_err();
    /// assert!(error.to_string().contains("lent for a scope that has ended"));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// What is lent has to outlive the scope, not only the closure:
    ///
    /// ```compile_fail,E0597
    /// # use perilune::{Lua, Result, State};
    /// # let mut lua = Lua::new().unwrap();
    /// lua.scope(|lua, scope| {
    ///     let inside = vec![1];
    ///     scope.create_function(lua, |_: &mut State, (): ()| Ok(inside.len())).map(drop)
    /// }).unwrap();
    /// ```
    ///
    /// and neither the scope nor what was borrowed in it gets out:
    ///
    /// ```compile_fail
    /// # use perilune::{Lua, Scope};
    /// # let mut lua = Lua::new().unwrap();
    /// let mut kept: Option<&Scope> = None;
    /// lua.scope(|_, scope| { kept = Some(scope); Ok(()) }).unwrap();
    /// ```
    ///
    /// ```compile_fail
    /// # use perilune::{Lua, UserData};
    /// # struct Door;
    /// # impl UserData for Door {}
    /// # let mut lua = Lua::new().unwrap();
    /// # let door = Door;
    /// let borrowed: &Door = lua.scope(|lua, scope| {
    ///     scope.create_userdata_ref(lua, &door)?.borrow::<Door>(lua)
    /// }).unwrap();
    /// ```
    ///
    /// A state is no owner that could be swapped for another one:
    ///
    /// ```compile_fail,E0308
    /// # use perilune::Lua;
    /// # let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
    /// lua.scope(|state, _| { std::mem::swap::<Lua>(state, &mut other); Ok(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// What `work` says; [`Error::Panic`] if something that was lent panicked when it was
    /// dropped (inside a host function, the outermost call reports that).
    pub fn scope<'env, R>(&mut self, work: impl for<'scope> FnOnce(&mut State, &'scope Scope<'scope, 'env>) -> Result<R>) -> Result<R> {
        let scope = Scope { vm: &raw const *self.vm(), loans: RefCell::default(), scope: PhantomData, env: PhantomData };
        let ending = Ending { state: self, loans: &scope.loans };
        let result = work(ending.state, &scope);
        drop(ending);
        // What went wrong in dropping is reported here.
        result.and_then(|result| self.vm().begin(self).map(|()| result))
    }
}

/// Ends the loans, whatever happens.
struct Ending<'a> {
    state: &'a mut State,
    loans: &'a RefCell<Vec<Loan>>,
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let l = self.state.raw();
        loop {
            let Some(loan) = self.loans.borrow_mut().pop() else { return };
            // SAFETY: two slots of the doors' room (I4); nothing that was lent is running
            // or borrowed, since whoever could do that had the state. The slots hold what
            // their kind says.
            unsafe {
                match loan {
                    Loan::Function(slot) => {
                        backend::registry_get(l, slot.index());
                        trampoline::end(l);
                    }
                    Loan::Object(slot) => {
                        backend::registry_get(l, slot.index());
                        block::end(l);
                    }
                }
            }
        }
    }
}

impl<'scope, 'env> Scope<'scope, 'env> {
    /// Makes a Lua function of a closure that borrows; it need not be `Send`.
    ///
    /// # Errors
    /// [`Error::Memory`]; [`Error::ForeignHandle`] if `state` is another VM's.
    pub fn create_function<M: 'static>(&'scope self, state: &mut State, function: impl HostFunction<M> + 'scope) -> Result<Function> {
        // SAFETY: it is noted, and ended with the scope.
        self.lend(state, Loan::Function, |state| unsafe { callback::push_lent(state, function) }).map(Function::new)
    }

    /// As [`Scope::create_function`], for a closure that changes what it captured.
    ///
    /// # Errors
    /// As for [`Scope::create_function`]. Calling it while it runs is an error in Lua.
    pub fn create_function_mut<M: 'static>(
        &'scope self,
        state: &mut State,
        function: impl HostFunctionMut<M> + 'scope,
    ) -> Result<Function> {
        // SAFETY: it is noted, and ended with the scope.
        self.lend(state, Loan::Function, |state| unsafe { callback::push_lent_mut(state, function) }).map(Function::new)
    }

    /// Lends a value to be read.
    ///
    /// ```
    /// use perilune::{Lua, UserData, UserDataFields};
    ///
    /// struct World { turn: u32 }
    /// impl UserData for World {
    ///     fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
    ///         fields.add_field_method_get("turn", |_, this| Ok(this.turn));
    ///         fields.add_field_method_set("turn", |_, this, turn| { this.turn = turn; Ok(()) });
    ///     }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// let mut world = World { turn: 3 };
    /// lua.scope(|lua, scope| {
    ///     let readable = scope.create_userdata_ref(lua, &world)?;
    ///     lua.set("world", readable)?;
    ///     assert!(lua.run("assert(world.turn == 3) world.turn = 4").is_err());
    ///     Ok(())
    /// })?;
    /// lua.scope(|lua, scope| {
    ///     let changeable = scope.create_userdata_ref_mut(lua, &mut world)?;
    ///     lua.set("world", changeable)?;
    ///     lua.run("world.turn = 4").map(drop)
    /// })?;
    /// assert_eq!(world.turn, 4);
    /// assert!(lua.run("return world.turn").is_err());
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`State::create_userdata`]; [`Error::ForeignHandle`] if `state` is another VM's.
    pub fn create_userdata_ref<T: UserData>(&'scope self, state: &mut State, value: &'scope T) -> Result<AnyUserData> {
        let class = class_of::<T>(state)?;
        self.lend_object(state, Contents::lent(value), class.metatable)
    }

    /// Lends a value to be changed.
    ///
    /// # Errors
    /// As for [`Scope::create_userdata_ref`].
    pub fn create_userdata_ref_mut<T: UserData>(&'scope self, state: &mut State, value: &'scope mut T) -> Result<AnyUserData> {
        let class = class_of::<T>(state)?;
        self.lend_object(state, Contents::lent_mut(value), class.metatable)
    }

    /// Moves a value into the VM that is dropped with the scope.
    ///
    /// # Errors
    /// As for [`Scope::create_userdata_ref`].
    pub fn create_userdata<T: UserData>(&'scope self, state: &mut State, value: T) -> Result<AnyUserData> {
        let class = class_of::<T>(state)?;
        self.lend_object(state, Contents::scoped(value), class.metatable)
    }

    /// Moves a value of any type, which may borrow, into the VM. It is dropped with the
    /// scope. What scripts can do with it is registered for this one value.
    ///
    /// ```
    /// use perilune::{Lua, Result, State, UserDataMethods};
    ///
    /// struct Party<'a>(&'a mut Vec<String>);
    ///
    /// let mut lua = Lua::new()?;
    /// let mut names = vec!["Rowan".to_owned()];
    /// lua.scope(|lua, scope| {
    ///     let party = scope.create_any_userdata(lua, Party(&mut names), |registry| {
    ///         registry.add_method_mut("add", |_: &mut State, this: &mut Party, name: String| -> Result<()> {
    ///             this.0.push(name);
    ///             Ok(())
    ///         });
    ///     })?;
    ///     lua.set("party", party)?;
    ///     lua.run("party:add('Ash')").map(drop)
    /// })?;
    /// assert_eq!(names, ["Rowan", "Ash"]);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Scope::create_userdata_ref`].
    pub fn create_any_userdata<T: 'scope>(
        &'scope self,
        state: &mut State,
        value: T,
        register: impl FnOnce(&mut UserDataRegistry<T>),
    ) -> Result<AnyUserData> {
        self.check(state)?;
        let mut registry = UserDataRegistry::new();
        register(&mut registry);
        let name = name_of::<T>();
        let metatable = Table::new(state.anchor_pushed(3, |state| push_metatable(state, &name))?);
        let site = Site::new(name, address_of(state, &metatable));
        let filled = fill(state, &metatable, &site, registry.into_entries());
        // Its address means nothing once the metatable is gone: its methods end before.
        let methods = site.made.take().into_iter().map(|function| Loan::Function(function.slot().clone()));
        self.loans.borrow_mut().extend(methods);
        filled?;
        self.lend_object(state, Contents::scoped(value), metatable.slot().index())
    }

    fn lend_object<T>(&'scope self, state: &mut State, contents: Contents<'scope, T>, metatable: std::ffi::c_int) -> Result<AnyUserData> {
        // SAFETY: grace and room (I3, I4); the metatable is of `T`'s class; it is noted,
        // and ended with the scope.
        self.lend(state, Loan::Object, |state| unsafe { contents.push(state.raw(), metatable) }).map(AnyUserData::new)
    }

    /// Pushes something and notes that it has to be ended, whatever else goes wrong.
    fn lend(&'scope self, state: &mut State, kind: fn(Slot) -> Loan, push: impl FnOnce(&mut State)) -> Result<Slot> {
        self.check(state)?;
        let vm = state.vm();
        vm.begin(state)?;
        stack::with_room(state, 2, |state| {
            self.loans.borrow_mut().reserve(1);
            push(state);
            // SAFETY: the value just pushed, which is not nil.
            let slot = unsafe { vm.anchor(state.raw()) };
            self.loans.borrow_mut().push(kind(slot.clone()));
            vm.settle()?;
            Ok(slot)
        })
    }

    /// An error for the state of another VM, which would outlive the scope.
    fn check(&self, state: &State) -> Result<()> {
        if ptr::eq(self.vm, &raw const *state.vm()) { Ok(()) } else { Err(Error::ForeignHandle) }
    }
}

/// The address of a table, which identifies it as long as it lives.
fn address_of(state: &State, table: &Table) -> usize {
    let l = state.raw();
    // SAFETY: reads within the doors' room, balanced (I2, I4, I5).
    unsafe {
        backend::registry_get(l, table.slot().index());
        let address = sys::lua_topointer(l, -1).addr();
        sys::lua_settop(l, -2);
        address
    }
}

impl std::fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scope").field("loans", &self.loans.borrow().len()).finish_non_exhaustive()
    }
}
