//! # perilune
//!
//! LuaJIT, or Lua 5.4 where there is no LuaJIT, embedded through the raw C API:
//! scripts that work on the host's own memory at nearly the speed of C, and cannot
//! hurt the host.
//!
//! ```
//! use perilune::{Function, Lua, Result, State};
//!
//! fn main() -> Result<()> {
//!     let mut lua = Lua::new()?;
//!
//!     // Rust, called from Lua: arguments are checked, text is borrowed.
//!     lua.register("greet", |_: &mut State, name: &str| -> Result<String> { Ok(format!("Well met, {name}!")) })?;
//!
//!     // Lua, called from Rust.
//!     let welcome: Function = lua.load("return function(name) return greet(name:upper()) end").name("welcome").eval()?;
//!     assert_eq!(welcome.call::<String>(&mut lua, "Rowan")?, "Well met, ROWAN!");
//!
//!     // What goes wrong comes back with a traceback.
//!     let error = welcome.call::<String>(&mut lua, 7).unwrap_err();
//!     assert!(error.traceback().is_some());
//!     Ok(())
//! }
//! ```
//!
//! - [`Lua`] owns a VM, [`State`] is what may be done with it; the borrow is the lock.
//! - [`Table`], [`Function`], [`LuaString`] and [`Value`] are Lua's values in Rust.
//! - [`Coroutine`] is resumed from Rust, [`Yield`] yields from it, and a [`Task`] runs a slice at a time; with the
//!   feature `async`, scripts are futures that await Rust's.
//! - [`UserData`] is a Rust type with fields and methods for scripts; a [`Scope`] lends
//!   what is not `'static`.
//! - [`c_struct!`] describes structs of the host that scripts work on where they are:
//!   [`State::lend`] lends them for a while, [`State::share`] keeps them in the VM.
//! - [`Error`] says what went wrong, where, and what was expected.
//! - [`Backend::current`] says which Lua is linked, and [`lua_sys`] is its whole C API.

mod build_info;
mod builder;
#[cfg(feature = "async")]
mod call_async;
mod context;
mod data;
mod error;
pub mod game;
mod gc;
mod guard;
mod lang;
mod limit;
mod lua;
mod module;
mod output;
mod path;
mod run;
mod share;
mod sys;
mod vm;

pub use builder::Builder;
#[cfg(feature = "async")]
pub use call_async::CallFuture;
pub use context::ErrorContext;
pub use error::{
    Error, FileError, MemoryError, PanicPayload, Result, RuntimeError, StopReason, SyntaxError, TimeoutError, TypeError, Unsupported,
};
pub use guard::{InterruptHandle, set_interrupt_signal};
pub use lang::{
    AnyUserData, Bytes, Chunk, Coroutine, CoroutineStatus, CoroutineValues, Either, FromArg, FromArgs, FromLua, FromLuaMulti, Function,
    FunctionInfo, Handle, HostFunction, HostFunctionMut, HostMethod, HostMethodMut, HostResult, Identity, Inspect, IntoLua, IntoLuaMulti,
    LuaString, MetaMethod, MultiValue, Opaque, Outcome, Pairs, Progress, Scope, Sequence, Slice, Table, Task, UserData, UserDataFields,
    UserDataMetatable, UserDataMethods, UserDataOwned, UserDataRef, UserDataRefMut, UserDataRegistry, Value, Variadic, Weak, Yield,
    YieldThen,
};
#[cfg(feature = "async")]
pub use lang::{AsyncCall, AsyncContext};
pub use limit::Limit;
pub use lua::{Lua, MemoryUse};
pub use module::Search;
pub use output::Output;
pub use share::{
    Access, CDeclaration, CField, CStruct, CView, Elem, ElemFunction, Enumeration, ExportArg, ExportFunction, ExportResult, FfiLibrary,
    FieldType, Follow, Kind, Lend, Loans, RawColumn, RawNumber, Schema, Shared, ViewAccess, ViewField, Vouched,
};
pub use sys::lua_sys;
pub use vm::backend::{Backend, BackendKind, BindingsOrigin, Linkage};
pub use vm::block::UserDataError;
pub use vm::charge::Charge;
pub use vm::libs::Libs;
pub use vm::stack::StackGuard;
pub use vm::state::State;

/// The example in the guide for those who come from mlua.
#[cfg(doctest)]
#[doc = include_str!("../docs/from-mlua.md")]
struct FromMlua;

/// What the macros use, and nobody else.
#[doc(hidden)]
pub mod share_parts {
    pub use crate::share::{Declaration, StructPointer, TextPointer, plain_name};
}
