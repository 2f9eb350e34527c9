//! Tables and userdata as objects: called themselves, and by their methods and functions.

use crate::error::Result;
use crate::lang::function::call_slot;
use crate::lang::{AnyUserData, FromLuaMulti, Function, IntoLuaMulti, Table};
use crate::vm::state::State;

macro_rules! objects {
    ($($Object:ident, $type_name:literal, $example:literal;)*) => {$(
        impl $Object {
            #[doc = concat!("`", $type_name, "(...)`, with `__call`.")]
            ///
            /// ```
            #[doc = $example]
            /// # Ok::<(), perilune::Error>(())
            /// ```
            ///
            /// # Errors
            /// As for [`Function::call`]; [`Error::Runtime`](crate::Error::Runtime) if it
            /// cannot be called.
            pub fn call<R: FromLuaMulti>(&self, state: &mut State, arguments: impl IntoLuaMulti) -> Result<R> {
                call_slot(state, self.slot(), arguments)
            }

            #[doc = concat!("`", $type_name, ":name(...)`.")]
            ///
            /// # Errors
            /// As for [`Function::call`]; [`Error::Type`](crate::Error::Type) if there is no
            /// such method.
            pub fn call_method<R: FromLuaMulti>(&self, state: &mut State, name: &str, arguments: impl IntoLuaMulti) -> Result<R> {
                let method: Function = self.get(state, name).map_err(|error| error.at(|| format!("method '{name}'")))?;
                method.call(state, (self, arguments))
            }

            #[doc = concat!("`", $type_name, ".name(...)`.")]
            ///
            /// # Errors
            /// As for
            #[doc = concat!("[`", stringify!($Object), "::call_method`].")]
            pub fn call_function<R: FromLuaMulti>(&self, state: &mut State, name: &str, arguments: impl IntoLuaMulti) -> Result<R> {
                let function: Function = self.get(state, name).map_err(|error| error.at(|| format!("function '{name}'")))?;
                function.call(state, arguments)
            }
        }
    )*};
}

objects! {
    Table, "table", r#"use perilune::{Lua, Table};

let mut lua = Lua::new()?;
let dice: Table = lua.load("
    local dice = { sides = 6 }
    function dice:most(n) return n * self.sides end
    return setmetatable(dice, { __call = function(self, n) return self:most(n) + 1 end })
").eval()?;
assert_eq!(dice.call_method::<i32>(&mut lua, "most", 2)?, 12);
assert_eq!(dice.call::<i32>(&mut lua, 2)?, 13);"#;
    AnyUserData, "userdata", r#"use perilune::{Lua, MetaMethod, State, UserData, UserDataMethods};

struct Dice { sides: u32 }
impl UserData for Dice {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("most", |_: &mut State, this: &Self, n: u32| Ok(n * this.sides));
        methods.add_meta_method(MetaMethod::Call, |_: &mut State, this: &Self, n: u32| Ok(n * this.sides + 1));
    }
}

let mut lua = Lua::new()?;
let dice = lua.create_userdata(Dice { sides: 6 })?;
assert_eq!(dice.call_method::<u32>(&mut lua, "most", 2)?, 12);
assert_eq!(dice.call::<u32>(&mut lua, 2)?, 13);"#;
}
