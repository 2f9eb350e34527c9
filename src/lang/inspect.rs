//! Values shown to people: bounded, reproducible, and without running a script.

use std::collections::BinaryHeap;
use std::ffi::c_int;
use std::fmt::Write as _;

use crate::error::Result;
use crate::lang::Value;
use crate::lang::walk::{self, Ancestors};
use crate::sys;
use crate::vm::backend::{self, Number};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// How much of a value [`Value::inspect`] shows.
///
/// ```
/// use perilune::{Inspect, Lua, Value};
///
/// let mut lua = Lua::new()?;
/// let value: Value = lua.load("return { 1, { 2, { 3, { 4 } } }, name = 'Rowan' }").eval()?;
/// assert_eq!(value.inspect(&mut lua, Inspect::default())?, r#"{ 1, { 2, { 3, { 4 } } }, name = "Rowan" }"#);
/// assert_eq!(value.inspect(&mut lua, Inspect { depth: 2, ..Inspect::default() })?, r#"{ 1, { 2, {…} }, name = "Rowan" }"#);
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "give it to `Value::inspect`"]
pub struct Inspect {
    /// Tables within each other; deeper ones are `{…}`.
    pub depth: usize,
    /// Entries of each table, the first by key.
    pub entries: usize,
    /// Bytes of each string.
    pub text: usize,
    /// Bytes of the whole, about.
    pub length: usize,
    /// Whether to show what has `__tostring` as that says, which runs it. Otherwise no
    /// metamethod is called.
    pub metamethods: bool,
}

impl Default for Inspect {
    /// 4 levels, 50 entries, strings of 200 bytes, 16 KiB in all, no metamethods.
    fn default() -> Self {
        Self { depth: 4, entries: 50, text: 200, length: 16 << 10, metamethods: false }
    }
}

impl Value {
    /// The value as text for people who look for mistakes: what is in a table, its keys in
    /// order, so that the same content gives the same text. Objects that are no tables are
    /// shown by their type, a table within itself as `<cycle>`.
    ///
    /// # Errors
    /// What `__tostring` raises, if [`Inspect::metamethods`] asks for it;
    /// [`Error::Memory`](crate::Error::Memory).
    pub fn inspect(&self, state: &mut State, options: Inspect) -> Result<String> {
        let vm = state.vm();
        vm.begin(state)?;
        let mut inspection = Inspection { options, text: String::new(), ancestors: Ancestors::default() };
        stack::with_room(state, 2, |state| {
            // SAFETY: balanced (I5).
            let balance = unsafe { StackGuard::new(state.raw()) };
            self.clone().push(state)?;
            inspection.value(state, balance.top + 1)?;
            vm.settle()
        })?;
        Ok(inspection.text)
    }
}

struct Inspection {
    options: Inspect,
    text: String,
    ancestors: Ancestors,
}

impl Inspection {
    /// Whether there is as much text as was asked for.
    fn is_full(&self) -> bool {
        self.text.len() >= self.options.length
    }

    /// Shows the value at `index`.
    fn value(&mut self, state: &mut State, index: c_int) -> Result<()> {
        let l = state.raw();
        // SAFETY: reads of a valid index (I2).
        let kind = unsafe { sys::lua_type(l, index) };
        match kind {
            sys::LUA_TNIL => self.text.push_str("nil"),
            // SAFETY: as above.
            sys::LUA_TBOOLEAN => self.text.push_str(if unsafe { sys::lua_toboolean(l, index) } != 0 { "true" } else { "false" }),
            // SAFETY: it is a number.
            sys::LUA_TNUMBER => self.number(unsafe { backend::number_at(l, index) }),
            // SAFETY: it is a string, and stays where it is for as long as it is read (I6).
            sys::LUA_TSTRING => self.string(unsafe { stack::text_at(l, index) }),
            sys::LUA_TTABLE if !self.options.metamethods || !has_metamethod(state, index)? => self.table(state, index)?,
            _ if self.options.metamethods && has_metamethod(state, index)? => {
                let text = walk::value_at(state, index)?.to_text(state)?;
                self.text.push_str(cut(&text, self.options.text));
            }
            // SAFETY: as above.
            _ => write!(self.text, "<{}>", unsafe { stack::type_name(l, index) }).unwrap_or(()),
        }
        Ok(())
    }

    fn number(&mut self, number: Number) {
        let shown = match number {
            Number::Integer(value) => write!(self.text, "{value}"),
            Number::Float(value) => write!(self.text, "{value:?}"),
        };
        shown.unwrap_or(());
    }

    fn string(&mut self, bytes: &[u8]) {
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(self.options.text)]);
        let shown = if bytes.len() > self.options.text {
            // Without a character that was cut.
            write!(self.text, "{:?}…", text.trim_end_matches(char::REPLACEMENT_CHARACTER))
        } else {
            write!(self.text, "{text:?}")
        };
        shown.unwrap_or(());
    }

    fn table(&mut self, state: &mut State, index: c_int) -> Result<()> {
        if self.ancestors.depth() >= self.options.depth {
            self.text.push_str("{…}");
            return Ok(());
        }
        if !self.ancestors.enter(state, index) {
            self.text.push_str("<cycle>");
            return Ok(());
        }
        let shown = walk::deeper(state, index, |state, index| self.entries(state, index));
        self.ancestors.leave();
        shown
    }

    fn entries(&mut self, state: &mut State, table: c_int) -> Result<()> {
        let (keys, all) = first_keys(state, table, self.options.entries)?;
        if all == 0 {
            self.text.push_str("{}");
            return Ok(());
        }
        let mut position = 1;
        let shown = keys.len();
        for (n, key) in keys.into_iter().enumerate() {
            self.text.push_str(if n == 0 { "{ " } else { ", " });
            if self.is_full() {
                self.text.push_str("… }");
                return Ok(());
            }
            if matches!(key, Key::Integer(at) if at == position) {
                position += 1;
            } else {
                self.key(&key);
            }
            self.entry(state, table, key)?;
        }
        match all - shown {
            0 => self.text.push_str(" }"),
            more => write!(self.text, "{}… {more} more }}", if shown == 0 { "{ " } else { ", " }).unwrap_or(()),
        }
        Ok(())
    }

    fn key(&mut self, key: &Key) {
        match key {
            Key::Text(name) if is_name(name) && name.len() <= self.options.text => self.text.push_str(&String::from_utf8_lossy(name)),
            other => {
                self.text.push('[');
                match other {
                    Key::Integer(value) => self.number(Number::Integer(*value)),
                    Key::Number(value) => self.number(Number::Float(*value)),
                    Key::Text(bytes) => self.string(bytes),
                    Key::Boolean(value) => write!(self.text, "{value}").unwrap_or(()),
                    Key::Object(value) => write!(self.text, "<{}>", value.type_name()).unwrap_or(()),
                }
                self.text.push(']');
            }
        }
        self.text.push_str(" = ");
    }

    /// Shows the value of one key.
    fn entry(&mut self, state: &mut State, table: c_int, key: Key) -> Result<()> {
        // SAFETY: the level's room (I4); balanced (I5); the table is still in its place.
        unsafe {
            let balance = StackGuard::new(state.raw());
            key.push(state)?;
            walk::look_up(state, table);
            self.value(state, balance.top + 1)
        }
    }
}

/// A key, in the order in which keys are shown.
#[derive(Debug)]
enum Key {
    Integer(i64),
    Number(f64),
    Text(Box<[u8]>),
    Boolean(bool),
    Object(Value),
}

impl Key {
    fn at(state: &mut State, index: c_int) -> Result<Self> {
        let l = state.raw();
        // SAFETY: reads of a valid index (I2), of a string only as such.
        Ok(unsafe {
            match sys::lua_type(l, index) {
                sys::LUA_TNUMBER => match backend::number_at(l, index) {
                    Number::Integer(value) => Self::Integer(value),
                    Number::Float(value) => Self::Number(value),
                },
                sys::LUA_TSTRING => Self::Text(stack::text_at(l, index).into()),
                sys::LUA_TBOOLEAN => Self::Boolean(sys::lua_toboolean(l, index) != 0),
                _ => Self::Object(walk::value_at(state, index)?),
            }
        })
    }

    fn push(self, state: &mut State) -> Result<()> {
        match self {
            Self::Integer(value) => Value::Integer(value).push(state),
            Self::Number(value) => Value::Number(value).push(state),
            Self::Text(bytes) => stack::push_text(state, &bytes),
            Self::Boolean(value) => Value::Boolean(value).push(state),
            Self::Object(value) => value.push(state),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Integer(_) => 0,
            Self::Number(_) => 1,
            Self::Text(_) => 2,
            Self::Boolean(_) => 3,
            Self::Object(_) => 4,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Object(a), Self::Object(b)) => a.type_name().cmp(b.type_name()),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

/// The first `most` keys of the table at `table`, in order, and how many there are in all.
fn first_keys(state: &mut State, table: c_int, most: usize) -> Result<(Vec<Key>, usize)> {
    let mut all = 0_usize;
    // Never more than is shown, however large the table: the last one goes first.
    let mut first = BinaryHeap::new();
    let visit = |state: &mut State, key, _| {
        all += 1;
        first.push(Key::at(state, key)?);
        if first.len() > most {
            first.pop();
        }
        Ok(true)
    };
    // SAFETY: a table; it only reads.
    unsafe { walk::for_each_entry(state, table, visit)? };
    Ok((first.into_sorted_vec(), all))
}

/// Whether the value at `index` says itself what its text is. `[-0, +0, m]`
fn has_metamethod(state: &mut State, index: c_int) -> Result<bool> {
    let l = state.raw();
    // SAFETY: the doors' own room (I4); balanced (I5); raw reads (I2).
    unsafe {
        let balance = StackGuard::new(l);
        if sys::lua_getmetatable(l, index) == 0 {
            return Ok(false);
        }
        stack::push_text(state, b"__tostring")?;
        sys::lua_rawget(l, balance.top + 1);
        Ok(sys::lua_type(l, -1) != sys::LUA_TNIL)
    }
}

/// Whether a key can stand without brackets.
fn is_name(bytes: &[u8]) -> bool {
    let starts = bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    starts && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// The text up to about `most` bytes.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}
