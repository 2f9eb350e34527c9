//! Lua's values as Rust types, and the conversions between the two worlds.
//!
//! A handle ([`Table`], [`Function`], …) holds a registry slot of its VM; every
//! operation on one takes the VM's [`State`](crate::State). This floor owns no VM
//! and touches the stack through `vm` only.

mod behind;
mod callback;
mod chunk;
mod convert;
mod coroutine;
mod function;
#[cfg(feature = "async")]
mod future;
mod identity;
mod inspect;
mod list;
mod object;
mod outcome;
mod reference;
mod scope;
mod string;
mod syntax;
mod table;
mod task;
mod userdata;
mod value;
mod walk;
mod yielding;

pub use behind::FunctionInfo;
pub use callback::{HostFunction, HostFunctionMut};
pub use chunk::Chunk;
pub use convert::{Bytes, Either, FromArg, FromArgs, FromLua, FromLuaMulti, IntoLua, IntoLuaMulti, MultiValue, Variadic};
pub use coroutine::{Coroutine, CoroutineStatus, CoroutineValues};
pub use function::Function;
#[cfg(feature = "async")]
pub use future::{AsyncCall, AsyncContext};
pub use identity::Identity;
pub use inspect::Inspect;
pub use outcome::Outcome;
pub use reference::{Handle, Weak};
pub use scope::Scope;
pub use string::LuaString;
pub use table::{Pairs, Sequence, Table};
pub use task::{Progress, Slice, Task};
pub use userdata::{
    AnyUserData, HostMethod, HostMethodMut, MetaMethod, UserData, UserDataFields, UserDataMetatable, UserDataMethods, UserDataOwned,
    UserDataRef, UserDataRefMut, UserDataRegistry,
};
pub use value::{Opaque, Value};
pub use yielding::{HostResult, Yield, YieldThen};

pub(crate) use convert::{INTERNAL, Internal, mismatch};
pub(crate) use outcome::Results;
pub(crate) use string::utf8;
pub(crate) use walk::{Ancestors, deeper, for_each_entry};
