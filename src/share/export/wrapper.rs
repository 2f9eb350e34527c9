//! The functions in Lua that look at arguments and call an exported function by the FFI.
//!
//! One text is made for each combination of types in a VM, and run once: LuaJIT never frees
//! the type of a C function.

use std::collections::HashMap;
use std::fmt::Write;

use crate::error::{Error, Result};
use crate::lang::Function;
use crate::share::export::types::CType;
use crate::share::export::{CallBlock, MOST_ARGUMENTS};
use crate::share::ffi::{high_half, low_half};
use crate::share::scalars::{converted, wrong};
use crate::share::views::{self, Pointer, Views};
use crate::vm::state::State;

/// What a VM has for exported functions.
#[derive(Debug)]
pub(in crate::share) struct Wrappers {
    call: CallBlock,
    /// Raises what went wrong in a function of the name that it is given.
    raise: Function,
    /// What makes wrappers, by the types.
    makers: HashMap<String, Function>,
}

/// Makes the wrapper of an exported function.
pub(super) fn make(
    state: &mut State,
    name: &str,
    arguments: &[CType],
    result: CType,
    address: usize,
    plain: Function,
    pointers: Vec<Pointer>,
) -> Result<Function> {
    let text = source(arguments, result);
    let maker = maker(state, text)?;
    let raise = open(state)?.raise.clone();
    let list = state.create_sequence(pointers)?;
    maker.call(state, (name, high_half(address), low_half(address), plain, raise, list))
}

fn maker(state: &mut State, text: String) -> Result<Function> {
    if let Some(maker) = open(state)?.makers.get(&text) {
        return Ok(maker.clone());
    }
    let call = open(state)?.call.address();
    let maker: Function = views::call_private(state, &text, (high_half(call), low_half(call)))?;
    open(state)?.makers.insert(text, maker.clone());
    Ok(maker)
}

fn open(state: &mut State) -> Result<&mut Wrappers> {
    if Views::of(state).wrappers.is_none() {
        let raise = |state: &mut State, name: String| -> Result<()> {
            let error = Views::of(state).wrappers.as_mut().and_then(|wrappers| wrappers.call.take());
            Err(error.unwrap_or_else(|| Error::runtime("an exported function failed")).in_function(&name))
        };
        let raise = state.create_function(raise)?;
        Views::of(state).wrappers = Some(Wrappers { call: CallBlock::new(), raise, makers: HashMap::new() });
    }
    match &mut Views::of(state).wrappers {
        Some(wrappers) => Ok(wrappers),
        None => unreachable!("they were just made"),
    }
}

impl CType {
    /// What C calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Void => "void",
            Self::Value(kind) => kind.c_name(),
            Self::Text => "const char *",
            Self::Element { writable: false } => "const void *",
            Self::Element { writable: true } => "void *",
        }
    }
}

/// The text that makes wrappers for these types.
fn source(arguments: &[CType], result: CType) -> String {
    let names: Vec<String> = (1..=arguments.len()).map(|at| format!("a{at}")).collect();
    let (mut declared, mut found, mut fitting, mut lengths, mut passed) =
        (String::from("void *"), String::new(), Vec::new(), String::new(), String::from("call"));
    let mut elements = 0;
    for (at, (argument, name)) in arguments.iter().zip(&names).enumerate() {
        let _ = write!(declared, ", {}", argument.name());
        let converted = match argument {
            CType::Value(kind) => converted(kind).map(|convert| format!("{convert}({name})")),
            CType::Element { .. } => {
                elements += 1;
                Some(format!("p{elements}({name}, {})", *argument == CType::Element { writable: true }))
            }
            _ => None,
        };
        let value = if converted.is_some() { format!("w{}", at + 1) } else { name.clone() };
        if let Some(converted) = converted {
            let _ = writeln!(found, "    local {value} = {converted}");
        }
        if *argument == CType::Text {
            let _ = writeln!(lengths, "      call.lengths[{at}] = #{name}");
        }
        fitting.push(fits(*argument, &value));
        let _ = write!(passed, ", {value}");
    }
    let pointers: String = (1..=elements).fold(String::new(), |all, at| all + &format!("  local p{at} = pointers[{at}]\n"));
    let condition = if fitting.is_empty() { "true".to_owned() } else { fitting.join(" and ") };
    let (keep, give) = if result == CType::Void { ("", "") } else { ("local r = ", " r") };
    format!(
        "local lib, high, low = ...
local type, cast, tobit, to_int64, to_uint64 = lib.type, lib.cast, lib.tobit, lib.to_int64, lib.to_uint64
local call = cast(lib.typeof(\"struct {{ int32_t failed; size_t lengths[{MOST_ARGUMENTS}]; }} *\"), high * 0x100000000ULL + low)
local F = lib.typeof(\"{} (*)({declared})\")
return function(name, high, low, plain, raise, pointers)
  local f = cast(F, high * 0x100000000ULL + low)
{pointers}  return function({})
{found}    if {condition} then
{lengths}      {keep}f({passed})
      if call.failed ~= 0 then return raise(name) end
      return{give}
    end
    return plain({})
  end
end
",
        result.name(),
        names.join(", "),
        names.join(", "),
    )
}

/// Whether a value is plainly one for such an argument: what is not may still be converted.
fn fits(argument: CType, value: &str) -> String {
    match argument {
        CType::Text => format!("type({value}) == \"string\""),
        CType::Value(kind) => wrong(&kind, value).map_or_else(|| String::from("true"), |wrong| format!("not ({wrong})")),
        CType::Element { .. } => value.to_owned(),
        CType::Void => String::from("true"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::fields::Kind;

    #[test]
    fn pure_the_declaration_has_the_types_in_order() {
        let text = source(&[CType::Value(Kind::F64), CType::Text, CType::Element { writable: true }], CType::Value(Kind::I64));
        assert!(text.contains("int64_t (*)(void *, double, const char *, void *)"), "{text}");
        assert!(text.contains("call.lengths[1] = #a2"), "{text}");
        assert!(text.contains("f(call, a1, a2, w3)"), "{text}");
    }
}
