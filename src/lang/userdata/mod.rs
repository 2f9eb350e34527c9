//! Rust types as Lua values with fields, methods and metamethods.
//!
//! A type says once what scripts can do with it ([`UserData`]); the VM makes a
//! metatable of that the first time it meets the type (`class`), and from then on a
//! value is one block of Lua's memory (`vm::block`). Scripts call closures that get the
//! value itself (`method`), the host holds an [`AnyUserData`] (`handle`) or takes the
//! value as an argument (`reference`).

mod accessors;
mod class;
mod handle;
mod meta;
mod method;
mod path;
mod reference;
mod registry;

use std::sync::Arc;

use crate::error::{Error, Result, RuntimeError};
use crate::lang::{FromLua, HostFunction, HostFunctionMut, IntoLua};
use crate::vm::block::UserDataError;
use crate::vm::state::State;

pub use handle::{AnyUserData, UserDataMetatable};
pub use meta::MetaMethod;
pub use method::{HostMethod, HostMethodMut};
pub use reference::{UserDataOwned, UserDataRef, UserDataRefMut};
pub use registry::UserDataRegistry;

pub(crate) use class::{class_of, fill, name_of};
pub(crate) use registry::Site;

/// A Rust type that scripts can use.
///
/// A value becomes a Lua value with [`State::create_userdata`], or by being passed or
/// returned, as every [`IntoLua`]. It lives in Lua's memory from then on, where
/// closures get at it by `&T` or `&mut T`; that nobody changes what somebody reads is
/// checked when they are called.
///
/// ```
/// use perilune::{Lua, MetaMethod, Result, State, UserData, UserDataFields, UserDataMethods, UserDataRef};
///
/// #[derive(Clone, Copy)]
/// struct Vec2 { x: f64, y: f64 }
///
/// impl UserData for Vec2 {
///     fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
///         fields.add_field_method_get("x", |_, this| Ok(this.x));
///         fields.add_field_method_set("x", |_, this, x: f64| { this.x = x; Ok(()) });
///         fields.add_field_method_get("y", |_, this| Ok(this.y));
///     }
///
///     fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
///         methods.add_function("new", |_: &mut State, (x, y): (f64, f64)| Ok(Self { x, y }));
///         methods.add_method("dot", |_: &mut State, this: &Self, to: UserDataRef<Self>| Ok(this.x * to.x + this.y * to.y));
///         methods.add_method_mut("scale", |_: &mut State, this: &mut Self, by: f64| -> Result<()> {
///             this.x *= by;
///             this.y *= by;
///             Ok(())
///         });
///         methods.add_meta_method(MetaMethod::Add, |_: &mut State, a: &Self, b: UserDataRef<Self>| {
///             Ok(Self { x: a.x + b.x, y: a.y + b.y })
///         });
///     }
/// }
///
/// let mut lua = Lua::new()?;
/// let vec2 = lua.create_proxy::<Vec2>()?;
/// lua.set("Vec2", vec2)?;
/// lua.set("home", Vec2 { x: 3.0, y: 4.0 })?;
/// lua.run("
///     local sum = home + Vec2.new(1, 1)
///     sum:scale(2)
///     sum.x = sum.x + 1
///     assert(sum.x == 9 and sum.y == 10 and home:dot(home) == 25)
/// ")?;
///
/// let error = lua.run("home.z = 1").unwrap_err();
/// assert!(error.to_string().contains("cannot set field 'z' of a Vec2"), "{error}");
/// # Ok::<(), perilune::Error>(())
/// ```
pub trait UserData: Sized + Send + 'static {
    /// Registers what is read and written as `value.name`.
    #[allow(unused_variables)]
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {}

    /// Registers what is called as `value:name(...)`, and the metamethods.
    #[allow(unused_variables)]
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {}

    /// Registers everything, once a VM. By default, what the other two do.
    fn register(registry: &mut UserDataRegistry<Self>) {
        Self::add_fields(registry);
        Self::add_methods(registry);
    }
}

/// What fields a type can have.
///
/// A name that no field and no method has is an error, for reading and for writing; a
/// type without fields gives nil for it, as a table would.
pub trait UserDataFields<T> {
    /// A constant, the same for all values.
    fn add_field<V: IntoLua + 'static>(&mut self, name: impl Into<String>, value: V);

    /// What reading the field gives.
    fn add_field_method_get<R: IntoLua + 'static>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&mut State, &T) -> Result<R> + Send + 'static,
    );

    /// What writing the field does. A field without this can only be read.
    fn add_field_method_set<A: FromLua + 'static>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&mut State, &mut T, A) -> Result<()> + Send + 'static,
    );

    /// What reading the field gives, of a function that gets the handle, not the value.
    fn add_field_function_get<R: IntoLua + 'static>(
        &mut self,
        name: impl Into<String>,
        get: impl Fn(&mut State, AnyUserData) -> Result<R> + Send + 'static,
    );

    /// What writing the field does, of a function that gets the handle, not the value.
    fn add_field_function_set<A: FromLua + 'static>(
        &mut self,
        name: impl Into<String>,
        set: impl Fn(&mut State, AnyUserData, A) -> Result<()> + Send + 'static,
    );

    /// An entry of the metatable that is not a function, such as `__name`.
    fn add_meta_field<V: IntoLua + 'static>(&mut self, name: impl Into<String>, value: V);
}

/// What methods a type can have.
///
/// Write out the types of a closure's parameters; `&str`, `&[u8]`, [`UserDataRef`] and
/// [`UserDataRefMut`] arguments borrow from the call.
pub trait UserDataMethods<T> {
    /// A method that reads the value: `Fn(&mut State, &T, arguments) -> Result<results>`.
    fn add_method<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethod<T, M> + Send + 'static);

    /// A method that changes the value: `Fn(&mut State, &mut T, arguments) -> Result<results>`.
    ///
    /// While it runs nobody else can use the value: neither a script that it calls, nor
    /// as a second argument. It is an `Fn`, so that it can be called for another value
    /// meanwhile; what it counts belongs into `T`.
    fn add_method_mut<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethodMut<T, M> + Send + 'static);

    /// A function that gets its arguments as they come, such as `new`.
    fn add_function<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunction<M> + Send + 'static);

    /// As [`UserDataMethods::add_function`], for a closure that changes what it captured.
    fn add_function_mut<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunctionMut<M> + Send + 'static);

    /// A metamethod, by its [`MetaMethod`] or its name. Of a binary operator it gets the
    /// left operand, which has to be of this type; see [`UserDataMethods::add_meta_function`].
    /// Lua 5.4 also asks `__eq` of one type when the other userdata is of another.
    ///
    /// One that the linked Lua never calls is [`Error::Unsupported`] when the type is
    /// first used, as are `__gc` and `__metatable`, which are perilune's.
    fn add_meta_method<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethod<T, M> + Send + 'static);

    /// As [`UserDataMethods::add_meta_method`], for one that changes the value.
    fn add_meta_method_mut<M: 'static>(&mut self, name: impl Into<String>, method: impl HostMethodMut<T, M> + Send + 'static);

    /// A metamethod that gets its arguments as they come: for operators whose left
    /// operand may be of another type.
    fn add_meta_function<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunction<M> + Send + 'static);

    /// As [`UserDataMethods::add_meta_function`], for a closure that changes what it captured.
    fn add_meta_function_mut<M: 'static>(&mut self, name: impl Into<String>, function: impl HostFunctionMut<M> + Send + 'static);

    /// Takes over all that a part of the value has: fields, methods, functions and
    /// metamethods. What the type registers itself, before or after, wins.
    ///
    /// ```
    /// use perilune::{Lua, Result, State, UserData, UserDataFields, UserDataMethods};
    ///
    /// struct Body { hp: i32 }
    /// impl UserData for Body {
    ///     fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
    ///         fields.add_field_method_get("hp", |_, this| Ok(this.hp));
    ///     }
    /// }
    ///
    /// struct Hero { body: Body }
    /// impl UserData for Hero {
    ///     fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
    ///         methods.inherit(|hero: &Hero| &hero.body, |hero| &mut hero.body);
    ///         methods.add_method_mut("rest", |_: &mut State, this: &mut Self, (): ()| -> Result<()> { this.body.hp += 5; Ok(()) });
    ///     }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// lua.set("hero", Hero { body: Body { hp: 7 } })?;
    /// lua.run("hero:rest() assert(hero.hp == 12)")?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    fn inherit<B: UserData>(&mut self, get: fn(&T) -> &B, get_mut: fn(&mut T) -> &mut B)
    where
        T: 'static;
}

/// The error for a value that cannot be had; `operation` may be empty.
#[cold]
fn refused(type_name: &str, operation: &str, refusal: UserDataError) -> Error {
    let place = if operation.is_empty() { String::new() } else { format!(" in '{operation}'") };
    let message = format!("cannot use this {type_name}{place}: {refusal}");
    RuntimeError { message, cause: Some(Arc::new(refusal)), ..RuntimeError::default() }.into()
}
