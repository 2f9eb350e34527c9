//! What came of running a script.

use std::borrow::Cow;
use std::ffi::c_int;
use std::time::Duration;

use crate::error::Result;
use crate::lang::convert::{FromLuaMulti, Internal};
use crate::lang::{FromLua, MultiValue, Value};
use crate::sys;
use crate::vm::state::State;

/// What came of running a script: its results, what it printed, the time it took.
///
/// ```
/// use perilune::Lua;
///
/// let mut lua = Lua::new()?;
/// let outcome = lua.run("return 6 * 7")?;
/// assert_eq!(outcome.first::<i32>(&mut lua)?, 42);
/// println!("{:?}", outcome.duration());
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    values: Results,
    output: Vec<u8>,
    duration: Duration,
}

impl Outcome {
    pub(crate) fn new(values: Results, output: Vec<u8>, duration: Duration) -> Self {
        Self { values, output, duration }
    }

    /// Everything the script returned.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        match &self.values {
            Results::One(value) => value,
            Results::Several(values) => values,
        }
    }

    /// Everything the script returned.
    #[must_use]
    pub fn into_values(self) -> Vec<Value> {
        match self.values {
            Results::One(value) => value.into(),
            Results::Several(values) => values.0,
        }
    }

    /// The first value that the script returned; nil if there is none.
    ///
    /// # Errors
    /// [`Error::Type`](crate::Error::Type) if it is of another kind.
    pub fn first<T: FromLua>(&self, state: &mut State) -> Result<T> {
        let value = self.values().first().cloned().unwrap_or_default();
        T::from_lua(value, state).map_err(|error| error.at(|| "the first result".to_owned()))
    }

    /// What the script printed, unless [`Output`](crate::Output) sends that elsewhere.
    /// Bytes that are no text are replaced.
    #[must_use]
    pub fn output(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.output)
    }

    /// As [`Outcome::output`], whatever bytes they are.
    #[must_use]
    pub fn output_bytes(&self) -> &[u8] {
        &self.output
    }

    /// Wall-clock time from before compiling to after the last result was read.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.duration
    }
}

/// The results of a run: a single one, as most scripts give, takes no memory of its own.
#[derive(Debug, Clone)]
pub(crate) enum Results {
    One([Value; 1]),
    Several(MultiValue),
}

impl Default for Results {
    fn default() -> Self {
        Self::Several(MultiValue::default())
    }
}

impl FromLuaMulti for Results {
    const COUNT: c_int = sys::LUA_MULTRET;

    fn take_all(state: &mut State, first: c_int, count: c_int, internal: Internal) -> Result<Self> {
        match count {
            1 => Ok(Self::One([Value::read(state, first)?])),
            _ => MultiValue::take_all(state, first, count, internal).map(Self::Several),
        }
    }
}
