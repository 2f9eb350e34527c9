//! Lua's values as Rust types, and the conversions between the two worlds.
//!
//! A handle ([`Table`], [`Function`], …) holds a registry slot of its VM; every
//! operation on one takes the VM's [`State`](crate::State). This floor owns no VM
//! and touches the stack through `vm` only.

mod callback;
mod chunk;
mod convert;
mod function;
mod outcome;
mod scope;
mod string;
mod syntax;
mod table;
mod userdata;
mod value;

pub use callback::{HostFunction, HostFunctionMut};
pub use chunk::Chunk;
pub use convert::{Bytes, FromArg, FromArgs, FromLua, FromLuaMulti, IntoLua, IntoLuaMulti, MultiValue, Variadic};
pub use function::Function;
pub use outcome::Outcome;
pub use scope::Scope;
pub use string::LuaString;
pub use table::{Pairs, Sequence, Table};
pub use userdata::{
    AnyUserData, HostMethod, HostMethodMut, MetaMethod, UserData, UserDataFields, UserDataMetatable, UserDataMethods, UserDataRef,
    UserDataRefMut, UserDataRegistry,
};
pub use value::{Opaque, Value};

pub(crate) use convert::{INTERNAL, Internal, mismatch};
