//! Lua's values as JSON text.
//!
//! Tables are read raw. One whose keys are 1, 2, 3, … is an array, one whose keys are all
//! strings an object, in the order of its keys, so that the same content gives the same
//! text. What JSON cannot say is an error that says where it is.

use std::ffi::c_int;
use std::fmt::Write as _;

use crate::error::{Error, MemoryError, Result};
use crate::lang::{Ancestors, Value, deeper, for_each_entry, mismatch};
use crate::sys;
use crate::vm::backend::{self, Number};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// Tables within each other, at most.
const DEPTH: usize = 128;

/// Bytes of text, about. A table that is in others many times is written as many times,
/// so that a small value could fill the host's memory.
const LENGTH: usize = 64 << 20;

impl Value {
    /// The value as JSON: a table whose keys are 1, 2, 3, … is an array, one whose keys are
    /// all strings an object with its keys in order; an empty table is `{}`. Metamethods
    /// are not asked.
    ///
    /// ```
    /// use perilune::{Lua, Value};
    ///
    /// let mut lua = Lua::new()?;
    /// let unit: Value = lua.load("return { name = 'Ash', hp = { 12, 20 }, items = { { id = 7 } } }").eval()?;
    /// assert_eq!(unit.to_json(&mut lua)?, r#"{"hp":[12,20],"items":[{"id":7}],"name":"Ash"}"#);
    ///
    /// let unit: Value = lua.load("return { items = { { id = print } } }").eval()?;
    /// let error = unit.to_json(&mut lua).unwrap_err();
    /// assert_eq!(error.to_string(), "key 'items': element 1: key 'id': expected a value that JSON has, got function");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Type`], with the place, for functions and other objects, numbers that are
    /// infinite or NaN, strings that are not UTF-8, tables with other keys, tables within
    /// themselves, more than 128 tables within each other, and more than 64 MiB of text.
    pub fn to_json(&self, state: &mut State) -> Result<String> {
        let vm = state.vm();
        vm.begin(state)?;
        let mut encoder = Encoder { text: String::new(), ancestors: Ancestors::default() };
        stack::with_room(state, 2, |state| {
            // SAFETY: balanced (I5).
            let balance = unsafe { StackGuard::new(state.raw()) };
            self.clone().push(state)?;
            encoder.value(state, balance.top() + 1)?;
            vm.settle()
        })?;
        Ok(encoder.text)
    }
}

struct Encoder {
    text: String,
    ancestors: Ancestors,
}

impl Encoder {
    fn value(&mut self, state: &mut State, index: c_int) -> Result<()> {
        if self.text.len() > LENGTH {
            return Err(Error::type_mismatch(format!("a value of at most {} MiB as JSON", LENGTH >> 20), "a larger one"));
        }
        let l = state.raw();
        // SAFETY: reads of a valid index (I2), each as what it is; a string stays where it
        // is for as long as it is read (I6).
        unsafe {
            match sys::lua_type(l, index) {
                sys::LUA_TNIL => self.text.push_str("null"),
                sys::LUA_TBOOLEAN => self.text.push_str(if sys::lua_toboolean(l, index) != 0 { "true" } else { "false" }),
                sys::LUA_TNUMBER => return self.number(backend::number_at(l, index)),
                sys::LUA_TSTRING => return self.string(stack::text_at(l, index)),
                sys::LUA_TTABLE => return self.table(state, index),
                _ => return Err(mismatch(state, index, "a value that JSON has")),
            }
        }
        Ok(())
    }

    fn number(&mut self, number: Number) -> Result<()> {
        let written = match number {
            Number::Integer(value) => write!(self.text, "{value}"),
            // With a point or an exponent: a float stays one.
            Number::Float(value) if value.is_finite() => write!(self.text, "{value:?}"),
            Number::Float(value) => return Err(Error::type_mismatch("a number that JSON has", format!("{value}"))),
        };
        written.map_err(|_| MemoryError::new(0).into())
    }

    fn string(&mut self, bytes: &[u8]) -> Result<()> {
        let text = crate::lang::utf8(bytes)?;
        self.text.push('"');
        let mut plain = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let Some(escape) = escape(*byte) else { continue };
            self.text.push_str(&text[plain..at]);
            match escape {
                'u' => write!(self.text, "\\u{byte:04x}").map_err(|_| MemoryError::new(0))?,
                short => self.text.extend(['\\', short]),
            }
            plain = at + 1;
        }
        self.text.push_str(&text[plain..]);
        self.text.push('"');
        Ok(())
    }

    fn table(&mut self, state: &mut State, index: c_int) -> Result<()> {
        if self.ancestors.depth() == DEPTH {
            return Err(Error::type_mismatch(format!("at most {DEPTH} tables within each other"), "one more"));
        }
        if !self.ancestors.enter(state, index) {
            return Err(Error::type_mismatch("a value that JSON has", "a table that is within itself"));
        }
        let encoded = deeper(state, index, |state, index| match shape(state, index)? {
            Shape::Array(length) => self.array(state, index, length),
            Shape::Object(keys) => self.object(state, index, keys),
        });
        self.ancestors.leave();
        encoded
    }

    fn array(&mut self, state: &mut State, table: c_int, length: usize) -> Result<()> {
        for position in 1..=length {
            self.text.push(if position == 1 { '[' } else { ',' });
            // SAFETY: the level's room (I4); balanced (I5); a raw read (I2).
            let element = unsafe {
                let balance = StackGuard::new(state.raw());
                backend::raw_get_index(state.raw(), table, position);
                self.value(state, balance.top() + 1)
            };
            element.map_err(|error| error.at(|| format!("element {position}")))?;
        }
        self.text.push(']');
        Ok(())
    }

    fn object(&mut self, state: &mut State, table: c_int, keys: Vec<Box<[u8]>>) -> Result<()> {
        self.text.push('{');
        for (n, key) in keys.iter().enumerate() {
            if n > 0 {
                self.text.push(',');
            }
            self.field(state, table, key).map_err(|error| error.at(|| format!("key '{}'", String::from_utf8_lossy(key))))?;
        }
        self.text.push('}');
        Ok(())
    }

    fn field(&mut self, state: &mut State, table: c_int, key: &[u8]) -> Result<()> {
        self.string(key)?;
        self.text.push(':');
        // SAFETY: the level's room (I4); balanced (I5); a raw read (I2).
        unsafe {
            let balance = StackGuard::new(state.raw());
            stack::push_text(state, key)?;
            sys::lua_rawget(state.raw(), table);
            self.value(state, balance.top() + 1)
        }
    }
}

/// What a table is in JSON.
enum Shape {
    /// A sequence of this length.
    Array(usize),
    /// Its keys, in order.
    Object(Vec<Box<[u8]>>),
}

/// Looks at the keys of the table at `table`.
fn shape(state: &mut State, table: c_int) -> Result<Shape> {
    // SAFETY: reads only (I2).
    let length = unsafe { backend::raw_length(state.raw(), table) };
    let mut keys = Vec::new();
    let mut elements = 0;
    let visit = |state: &mut State, key: c_int, _| {
        let l = state.raw();
        // SAFETY: reads of a valid index (I2), each as what it is.
        unsafe {
            match sys::lua_type(l, key) {
                sys::LUA_TSTRING if elements == 0 => keys.push(stack::text_at(l, key).into()),
                sys::LUA_TNUMBER if keys.is_empty() && is_within(backend::number_at(l, key), length) => elements += 1,
                _ => return Err(mismatch(state, key, "keys that are all strings, or 1, 2, 3, …")),
            }
        }
        Ok(true)
    };
    // SAFETY: a table; it only reads.
    unsafe { for_each_entry(state, table, visit)? };
    if elements == 0 {
        keys.sort_unstable();
        return Ok(Shape::Object(keys));
    }
    if elements < length {
        return Err(Error::type_mismatch("keys that are all strings, or 1, 2, 3, …", format!("a sequence of {length} with holes")));
    }
    Ok(Shape::Array(length))
}

fn is_within(number: Number, length: usize) -> bool {
    matches!(number, Number::Integer(value) if usize::try_from(value).is_ok_and(|value| (1..=length).contains(&value)))
}

/// The letter that stands for a byte which cannot stand for itself.
fn escape(byte: u8) -> Option<char> {
    match byte {
        b'"' => Some('"'),
        b'\\' => Some('\\'),
        b'\n' => Some('n'),
        b'\r' => Some('r'),
        b'\t' => Some('t'),
        0..0x20 => Some('u'),
        _ => None,
    }
}
