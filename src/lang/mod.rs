//! Lua's values as Rust types, and the conversions between the two worlds.
//!
//! A handle ([`Table`], [`Function`], …) holds a registry slot of its VM; every
//! operation on one takes the VM's [`State`](crate::State). This floor owns no VM
//! and touches the stack through `vm` only.

mod behind;
mod callback;
mod chunk;
mod convert;
mod function;
mod identity;
mod inspect;
mod outcome;
mod reference;
mod string;
mod syntax;
mod table;
mod value;
mod walk;

pub use callback::{HostFunction, HostFunctionMut};
pub use chunk::Chunk;
pub use convert::{Bytes, FromArg, FromArgs, FromLua, FromLuaMulti, IntoLua, IntoLuaMulti, MultiValue, Variadic};
pub use function::Function;
pub use identity::Identity;
pub use inspect::Inspect;
pub use outcome::Outcome;
pub use reference::{Handle, Weak};
pub use string::LuaString;
pub use table::{Pairs, Sequence, Table};
pub use value::{Opaque, Value};

pub(crate) use convert::{INTERNAL, Internal, mismatch};
pub(crate) use string::utf8;
pub(crate) use walk::{Ancestors, deeper, for_each_entry};
