//! The names of metamethods.

use std::fmt;

use crate::error::{Error, Result};
use crate::vm::backend;

/// A metamethod, by its event. It can be given wherever a metamethod's name is asked for.
///
/// ```
/// use perilune::{Backend, MetaMethod};
///
/// assert_eq!(MetaMethod::Add.name(), "__add");
/// assert!(MetaMethod::Add.is_supported());
/// assert_eq!(MetaMethod::IDiv.is_supported(), !Backend::current().has_jit);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetaMethod {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// `a % b`
    Mod,
    /// `a ^ b`
    Pow,
    /// `-a`
    Unm,
    /// `a // b` (Lua 5.4)
    IDiv,
    /// `a & b` (Lua 5.4)
    BAnd,
    /// `a | b` (Lua 5.4)
    BOr,
    /// `a ~ b` (Lua 5.4)
    BXor,
    /// `~a` (Lua 5.4)
    BNot,
    /// `a << b` (Lua 5.4)
    Shl,
    /// `a >> b` (Lua 5.4)
    Shr,
    /// `a .. b`
    Concat,
    /// `#a`
    Len,
    /// `a == b`, for two userdata
    Eq,
    /// `a < b`
    Lt,
    /// `a <= b`
    Le,
    /// `a[key]`, for keys that are neither a field nor a method
    Index,
    /// `a[key] = value`, for keys that are not a field
    NewIndex,
    /// `a(...)`
    Call,
    /// `tostring(a)`
    ToString,
    /// `pairs(a)` (Lua 5.4)
    Pairs,
    /// The end of `local a <close>` (Lua 5.4). Unless there is one, the value is dropped then.
    Close,
}

impl MetaMethod {
    /// Its key in a metatable.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "__add",
            Self::Sub => "__sub",
            Self::Mul => "__mul",
            Self::Div => "__div",
            Self::Mod => "__mod",
            Self::Pow => "__pow",
            Self::Unm => "__unm",
            Self::IDiv => "__idiv",
            Self::BAnd => "__band",
            Self::BOr => "__bor",
            Self::BXor => "__bxor",
            Self::BNot => "__bnot",
            Self::Shl => "__shl",
            Self::Shr => "__shr",
            Self::Concat => "__concat",
            Self::Len => "__len",
            Self::Eq => "__eq",
            Self::Lt => "__lt",
            Self::Le => "__le",
            Self::Index => "__index",
            Self::NewIndex => "__newindex",
            Self::Call => "__call",
            Self::ToString => "__tostring",
            Self::Pairs => "__pairs",
            Self::Close => "__close",
        }
    }

    /// Whether the linked Lua ever calls it.
    #[must_use]
    pub fn is_supported(self) -> bool {
        is_supported(self.name())
    }
}

impl fmt::Display for MetaMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<MetaMethod> for String {
    fn from(method: MetaMethod) -> Self {
        method.name().to_owned()
    }
}

fn is_supported(name: &str) -> bool {
    !backend::METAMETHODS_MISSING.contains(&name)
}

/// Whether the name keeps perilune's own promises: no type may have it, and no host read it.
pub(crate) fn is_reserved(name: &str) -> bool {
    matches!(name, "__gc" | "__metatable" | "__mode")
}

/// An error unless a type may have a metamethod of this name.
pub(crate) fn check(name: &str) -> Result<()> {
    if is_reserved(name) {
        return Err(Error::unsupported(
            "a metamethod '__gc', '__metatable' or '__mode' of a type's own",
            "dropping the value and hiding the metatable is perilune's part: implement `Drop` for what is to happen at the end",
        ));
    }
    if !name.starts_with("__") {
        return Err(Error::type_mismatch("a metamethod's name, which begins with '__'", format!("'{name}'")));
    }
    if !is_supported(name) {
        return Err(Error::unsupported(
            "a metamethod that is Lua 5.4's",
            "LuaJIT never calls it: ask `MetaMethod::is_supported`, and register a method of another name for LuaJIT",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_the_promises_cannot_be_registered() {
        for name in ["__gc", "__metatable", "__mode"] {
            assert!(matches!(check(name), Err(Error::Unsupported(_))), "{name}");
        }
        assert!(check("add").unwrap_err().to_string().contains("begins with '__', got 'add'"));
        assert!(check("__add").is_ok() && check("__custom").is_ok());
    }

    #[test]
    fn what_is_missing_is_told() {
        for method in [MetaMethod::Close, MetaMethod::Pairs, MetaMethod::BAnd] {
            assert_eq!(check(method.name()).is_ok(), method.is_supported());
        }
    }
}
