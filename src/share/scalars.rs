//! Single values in the Lua code of handles (`handles`) and of exported functions: how they are
//! read, checked and stored.

use crate::share::fields::{Kind, expected};

/// The value of a scalar.
pub(super) fn read(kind: &Kind, memory: &str) -> String {
    match kind {
        Kind::Text(bytes) => format!("(text({memory}, {bytes}))"),
        Kind::TextBehind(bytes) => format!("(text_behind({memory}, {bytes}))"),
        _ => memory.to_owned(),
    }
}

/// Statements that store `v`, or say what is wrong with it.
pub(super) fn store(kind: &Kind, memory: &str, what: &str) -> String {
    check(kind, what) + &put(kind, memory, checked(kind))
}

/// Statements that say what is wrong with `v`.
pub(super) fn check(kind: &Kind, what: &str) -> String {
    let converted = converted(kind).map_or_else(String::new, |convert| format!("  local w = {convert}(v)\n"));
    match wrong(kind, checked(kind)) {
        Some(wrong) => format!("{converted}  if {wrong} then bad_value({what}, {}, v) end\n", quoted(&expected(kind))),
        None => String::new(),
    }
}

/// When a value is none of this kind: a condition of the variable `v`, after its conversion.
pub(super) fn wrong(kind: &Kind, v: &str) -> Option<String> {
    let whole = |(low, high): (i64, i64)| format!("type({v}) ~= \"number\" or tobit({v}) ~= {v} or not ({v} >= {low} and {v} <= {high})");
    Some(match kind {
        Kind::I32 => format!("type({v}) ~= \"number\" or tobit({v}) ~= {v}"),
        Kind::I8 | Kind::U8 | Kind::I16 | Kind::U16 => whole(kind.range()?),
        Kind::U32 => format!("type({v}) ~= \"number\" or not ({v} >= 0 and {v} <= 4294967295 and {v} % 1 == 0)"),
        Kind::I64 | Kind::U64 => format!("not {v}"),
        Kind::F32 | Kind::F64 => format!("type({v}) ~= \"number\""),
        Kind::Bool => format!("type({v}) ~= \"boolean\""),
        Kind::Enum(all) => match contiguous(all.values) {
            Some(range) => whole(range),
            None => format!("type({v}) ~= \"number\" or not ({})", any_of(all.values, v)),
        },
        Kind::Text(bytes) => format!("not fits({v}, {bytes})"),
        Kind::Array(..) | Kind::Struct(_) | Kind::Pointer | Kind::TextBehind(_) | Kind::Follow(_) => return None,
    })
}

/// What converts a value of this kind, where that is needed: to nil what is none.
pub(super) fn converted(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::I64 => Some("to_int64"),
        Kind::U64 => Some("to_uint64"),
        _ => None,
    }
}

/// What `v` is called after its check.
pub(super) fn checked(kind: &Kind) -> &'static str {
    if converted(kind).is_some() { "w" } else { "v" }
}

/// Statements that store a value that was checked.
pub(super) fn put(kind: &Kind, memory: &str, value: &str) -> String {
    match kind {
        Kind::Text(bytes) => format!("  local d = {memory}\n  fill(d, {bytes})\n  copy(d, {value}, #{value})\n"),
        _ => format!("  {memory} = {value}\n"),
    }
}

/// The smallest and the largest value, if all between them are there and are 32-bit integers.
fn contiguous(values: &[i64]) -> Option<(i64, i64)> {
    let (low, high) = (*values.iter().min()?, *values.iter().max()?);
    let all = usize::try_from(high - low).ok()? + 1 == values.len();
    (all && i32::try_from(low).is_ok() && i32::try_from(high).is_ok()).then_some((low, high))
}

fn any_of(values: &[i64], v: &str) -> String {
    values.iter().map(|value| format!("{v} == {value}")).collect::<Vec<_>>().join(" or ")
}

/// A text as Lua reads it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ' | b'.' | b',' | b'\'' | b'(' | b')' | b'[' | b']' | b'-' => {
                quoted.push(byte.into());
            }
            other => quoted += &format!("\\{other:03}"),
        }
    }
    quoted + "\""
}
