//! What a type registers: its fields, methods, functions and metamethods, gathered
//! before any of it is made in a VM.

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::error::Result;
use crate::lang::userdata::method::{Getter, HostMethod, HostMethodMut, Method, MethodMut, Receiver, Setter};
use crate::lang::userdata::path::Path;
use crate::lang::{
    AnyUserData, FromLua, Function, HostFunction, HostFunctionMut, IntoLua, UserData, UserDataFields, UserDataMethods, Value,
};
use crate::vm::state::State;
use crate::vm::trampoline::{self, Invoke};

/// Takes in what a type registers; the target of [`UserData::register`],
/// [`State::register_userdata_type`] and
/// [`Scope::create_any_userdata`](crate::Scope::create_any_userdata).
pub struct UserDataRegistry<T> {
    // Everything in here is of a `T`, whoever that is a part of: safe code can exchange
    // two registries of a type.
    entries: Vec<Entry>,
    marker: PhantomData<fn(T)>,
}

/// One thing that was registered.
pub(crate) struct Entry {
    pub kind: Kind,
    pub name: String,
    /// How many types lie between the one that registered it and the one that inherits.
    pub depth: usize,
    pub make: Make,
}

/// Makes the value in a VM, for a type whose values the path leads from.
pub(crate) struct Make(Box<MakeAt>);

type MakeAt = dyn FnOnce(&mut State, &Site, Path) -> Result<Value>;

impl Make {
    /// Makes it for the type itself.
    pub(crate) fn make(self, state: &mut State, site: &Site) -> Result<Value> {
        (self.0)(state, site, Path::default())
    }

    /// What makes it for a type of whose values the former type's are a part.
    fn within<T: 'static, B: 'static>(self, get: fn(&T) -> &B, get_mut: fn(&mut T) -> &mut B) -> Self {
        Self(Box::new(move |state, site, path| (self.0)(state, site, path.then(get, get_mut))))
    }
}

/// Where an entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A method, function or constant: what reading the name gives.
    Member,
    Getter,
    Setter,
    Meta,
    /// A metamethod that does not need a value of the type.
    MetaFunction,
}

/// The class that entries are made for.
pub(crate) struct Site {
    pub type_name: String,
    /// Address of the metatable that the methods demand.
    pub class: usize,
    /// The functions that rely on that address.
    pub made: RefCell<Vec<Function>>,
}

impl Site {
    pub(crate) fn new(type_name: String, class: usize) -> Self {
        Self { type_name, class, made: RefCell::default() }
    }

    /// What a method is called with; `mark` is `:` or `.`.
    pub(crate) fn receiver(&self, mark: char, name: &str) -> Receiver {
        let type_name = self.type_name.as_str().into();
        Receiver { name: format!("{}{mark}{name}", self.type_name).into(), type_name, class: self.class }
    }

    /// A function that relies on the class's address.
    pub(crate) fn function(&self, state: &mut State, object: impl Invoke) -> Result<Value> {
        let push = |state: &mut State| {
            // SAFETY: what it captured is `Send` and `'static` by the bounds of the registering
            // methods; the type that it is for may not be, but is only reached through a
            // userdata of the class, and a class of a scope has its functions ended with it.
            unsafe { trampoline::push_lent(state, object) };
            Ok(())
        };
        let function = Function::new(state.anchor_pushed(2, push)?);
        self.made.borrow_mut().push(function.clone());
        Ok(Value::Function(function))
    }
}

impl<T> UserDataRegistry<T> {
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), marker: PhantomData }
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    fn add(&mut self, kind: Kind, name: impl Into<String>, make: impl FnOnce(&mut State, &Site, Path, &str) -> Result<Value> + 'static) {
        let name = name.into();
        let own = name.clone();
        let make = Make(Box::new(move |state, site, path| make(state, site, path, &own)));
        self.entries.push(Entry { kind, name, depth: 0, make });
    }

    fn add_on_self<M: 'static>(&mut self, kind: Kind, name: impl Into<String>, method: impl HostMethod<T, M> + Send + 'static) {
        let mark = if kind == Kind::Getter { '.' } else { ':' };
        self.add(kind, name, move |state, site, path, name| {
            let method: Method<T, _, M> = Method::new(site.receiver(mark, name), path, method);
            site.function(state, method)
        });
    }

    fn add_on_self_mut<M: 'static>(&mut self, kind: Kind, name: impl Into<String>, method: impl HostMethodMut<T, M> + Send + 'static) {
        self.add(kind, name, move |state, site, path, name| {
            let method: Method<T, _, M> = Method::new(site.receiver(':', name), path, method);
            site.function(state, MethodMut(method))
        });
    }

    fn add_plain<M: 'static>(&mut self, kind: Kind, name: impl Into<String>, function: impl HostFunction<M> + Send + 'static) {
        self.add(kind, name, move |state, site, _, name| {
            state.create_named(&format!("{}.{name}", site.type_name), function).map(Value::Function)
        });
    }

    fn add_plain_mut<M: 'static>(&mut self, kind: Kind, name: impl Into<String>, function: impl HostFunctionMut<M> + Send + 'static) {
        self.add(kind, name, move |state, site, _, name| {
            state.create_named_mut(&format!("{}.{name}", site.type_name), function).map(Value::Function)
        });
    }
}

impl<T> UserDataFields<T> for UserDataRegistry<T> {
    fn add_field<V: IntoLua + 'static>(&mut self, name: impl Into<String>, value: V) {
        self.add(Kind::Member, name, move |state, _, _, _| value.into_lua(state));
    }

    fn add_field_method_get<R: IntoLua + 'static>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&mut State, &T) -> Result<R> + Send + 'static,
    ) {
        self.add_on_self(Kind::Getter, name, Getter(get));
    }

    fn add_field_method_set<A: FromLua + 'static>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&mut State, &mut T, A) -> Result<()> + Send + 'static,
    ) {
        self.add(Kind::Setter, name, move |state, site, path, name| {
            let receiver = site.receiver('.', name);
            let setter = Setter(set, receiver.name.clone());
            let method: Method<T, _, _> = Method::new(receiver, path, setter);
            site.function(state, MethodMut(method))
        });
    }

    fn add_field_function_get<R: IntoLua + 'static>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&mut State, AnyUserData) -> Result<R> + Send + 'static,
    ) {
        self.add_plain(Kind::Getter, name, move |state: &mut State, object: AnyUserData| get(state, object));
    }

    fn add_field_function_set<A: FromLua + 'static>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&mut State, AnyUserData, A) -> Result<()> + Send + 'static,
    ) {
        self.add_plain(Kind::Setter, name, move |state: &mut State, (object, value): (AnyUserData, A)| set(state, object, value));
    }

    fn add_meta_field<V: IntoLua + 'static>(&mut self, name: impl Into<String>, value: V) {
        self.add(Kind::Meta, name, move |state, _, _, _| value.into_lua(state));
    }
}

impl<T> UserDataMethods<T> for UserDataRegistry<T> {
    fn add_method<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethod<T, M> + Send + 'static) {
        self.add_on_self(Kind::Member, name, method);
    }

    fn add_method_mut<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethodMut<T, M> + Send + 'static) {
        self.add_on_self_mut(Kind::Member, name, method);
    }

    fn add_function<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunction<M> + Send + 'static) {
        self.add_plain(Kind::Member, name, function);
    }

    fn add_function_mut<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunctionMut<M> + Send + 'static) {
        self.add_plain_mut(Kind::Member, name, function);
    }

    fn add_meta_method<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethod<T, M> + Send + 'static) {
        self.add_on_self(Kind::Meta, name, method);
    }

    fn add_meta_method_mut<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethodMut<T, M> + Send + 'static) {
        self.add_on_self_mut(Kind::Meta, name, method);
    }

    fn add_meta_function<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunction<M> + Send + 'static) {
        self.add_plain(Kind::MetaFunction, name, function);
    }

    fn add_meta_function_mut<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunctionMut<M> + Send + 'static) {
        self.add_plain_mut(Kind::MetaFunction, name, function);
    }

    fn inherit<B: UserData>(&mut self, get: fn(&T) -> &B, get_mut: fn(&mut T) -> &mut B)
    where
        T: 'static,
    {
        let mut base = UserDataRegistry::new();
        B::register(&mut base);
        let inherited = base.entries.into_iter();
        self.entries.extend(inherited.map(|entry| Entry { depth: entry.depth + 1, make: entry.make.within(get, get_mut), ..entry }));
    }
}

impl<T> std::fmt::Debug for UserDataRegistry<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
        f.debug_struct("UserDataRegistry").field("names", &names).finish_non_exhaustive()
    }
}
