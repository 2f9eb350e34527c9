//! placeholder
use super::bindings::Bindings;
use super::env::Env;
use super::find::Lua;
pub fn check(_b: &Bindings, _lua: &Lua, _env: &Env) -> Result<(), String> { Ok(()) }
