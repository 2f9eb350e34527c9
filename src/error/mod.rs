//! What can go wrong, as one type with sentences a script author can act on.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::lang::Value;

mod memory;
mod timeout;

pub use memory::MemoryError;
pub(crate) use memory::Shortage;
pub use timeout::{StopReason, TimeoutError};

/// The result of everything in perilune that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong between a host and its scripts.
///
/// It is two words, so that the result of a call is returned in registers.
///
/// `{}` prints the message; `{:#}` adds the Lua traceback where there is one.
/// [`Error::code`] gives the stable number that the C interface returns.
///
/// ```
/// use perilune::{Error, Lua};
///
/// let mut lua = Lua::new()?;
/// let error = lua.run("local hp = nil + 1").unwrap_err();
/// assert!(matches!(error, Error::Runtime(_)));
/// assert_eq!(error.code(), -2);
/// assert!(error.traceback().unwrap().starts_with("stack traceback:"));
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not valid Lua.
    #[error(transparent)]
    Syntax(Box<SyntaxError>),
    /// A script, or a host function that it called, raised an error.
    #[error(transparent)]
    Runtime(Box<RuntimeError>),
    /// The VM could not get the memory it asked for, or went past its limit.
    #[error(transparent)]
    Memory(MemoryError),
    /// The script ran longer than it was allowed to, or was interrupted.
    #[error(transparent)]
    Timeout(Box<TimeoutError>),
    /// A file could not be read.
    #[error(transparent)]
    File(Box<FileError>),
    /// A value was not of the kind that was needed.
    #[error(transparent)]
    Type(Box<TypeError>),
    /// Host code panicked while Lua was calling it.
    #[error(transparent)]
    Panic(PanicPayload),
    /// The linked Lua, or this system, cannot do what was asked.
    #[error("{} is not supported: {}", .0.feature, .0.reason)]
    Unsupported(Box<Unsupported>),
    /// A handle was used with a VM that it does not belong to.
    #[error("this handle belongs to another Lua VM: use it with the VM that made it")]
    ForeignHandle,
    /// A handle was used after its VM was closed.
    #[error("this handle's Lua VM has been closed")]
    Closed,
}

impl Error {
    /// The stable number of this kind of error, equal to the C interface's codes:
    /// −1 syntax, −2 runtime, −3 memory, −4 file, −5 timeout, −6 type.
    ///
    /// ```
    /// assert_eq!(perilune::Error::from(perilune::MemoryError::new(64)).code(), -3);
    /// ```
    #[must_use]
    pub fn code(&self) -> i32 {
        match self {
            Self::Syntax(_) => -1,
            Self::Runtime(_) | Self::Panic(_) => -2,
            Self::Memory(_) => -3,
            Self::File(_) => -4,
            Self::Timeout(_) => -5,
            Self::Type(_) | Self::Unsupported(_) | Self::ForeignHandle | Self::Closed => -6,
        }
    }

    /// An error with a message of the host's own, for callbacks.
    ///
    /// ```
    /// let error = perilune::Error::runtime("the gate is locked");
    /// assert_eq!(error.to_string(), "the gate is locked");
    /// ```
    #[must_use]
    pub fn runtime(message: impl Into<String>) -> Self {
        RuntimeError { message: message.into(), ..RuntimeError::default() }.into()
    }

    /// Wraps an error of the host's own, so that it can pass through Lua and be
    /// found again with [`Error::downcast_ref`].
    ///
    /// ```
    /// use perilune::{Error, Lua, State};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register("parse", |_: &mut State, text: &str| -> perilune::Result<i32> {
    ///     text.parse().map_err(Error::external)
    /// })?;
    /// let error = lua.run("parse 'twelve'").unwrap_err();
    /// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn external(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause: Arc<dyn StdError + Send + Sync> = Arc::from(error.into());
        RuntimeError { message: cause.to_string(), cause: Some(cause), ..RuntimeError::default() }.into()
    }

    pub(crate) fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File(Box::new(FileError { path: path.to_owned(), source: Arc::new(source) }))
    }

    pub(crate) fn unsupported(feature: &'static str, reason: &'static str) -> Self {
        Self::Unsupported(Box::new(Unsupported { feature, reason }))
    }

    /// A value of the wrong kind: what was expected, what came.
    ///
    /// ```
    /// let error = perilune::Error::type_mismatch("a colour name", "number");
    /// assert_eq!(error.to_string(), "expected a colour name, got number");
    /// ```
    #[must_use]
    pub fn type_mismatch(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self::Type(Box::new(TypeError { place: String::new(), argument: None, expected: expected.into(), got: got.into() }))
    }

    /// The Lua traceback, where the error has one.
    #[must_use]
    pub fn traceback(&self) -> Option<&str> {
        match self {
            Self::Runtime(error) if !error.traceback.is_empty() => Some(&error.traceback),
            Self::Panic(panic) if !panic.traceback().is_empty() => Some(panic.traceback()),
            Self::Timeout(stopped) if !stopped.traceback.is_empty() => Some(&stopped.traceback),
            _ => None,
        }
    }

    /// The Lua value that was raised, where a script raised one that is not a Rust error.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Runtime(error) => error.value.as_ref(),
            _ => None,
        }
    }

    /// Looks for an error of type `T` in this one and among what caused it.
    #[must_use]
    pub fn downcast_ref<T: StdError + 'static>(&self) -> Option<&T> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<T>() {
                return Some(found);
            }
            next = error.downcast_ref::<Self>().map_or_else(|| error.source(), Self::inner);
        }
        None
    }

    /// The error that this one is made of.
    fn inner(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Syntax(error) => Some(&**error),
            Self::Runtime(error) => Some(&**error),
            Self::Type(error) => Some(&**error),
            Self::Timeout(stopped) => Some(&**stopped),
            Self::Memory(short) => Some(short),
            Self::Panic(panic) => Some(panic),
            Self::File(file) => Some(&**file),
            _ => None,
        }
    }

    /// Says where a type error happened, outer places before inner ones.
    pub(crate) fn at(mut self, place: impl FnOnce() -> String) -> Self {
        if let Self::Type(error) = &mut self {
            let inner = std::mem::take(&mut error.place);
            error.place = if inner.is_empty() { place() } else { format!("{}: {inner}", place()) };
        }
        self
    }

    /// Says which argument (counted from 1) of a host function was wrong.
    pub(crate) fn at_argument(mut self, index: usize) -> Self {
        if let Self::Type(error) = &mut self {
            error.argument.get_or_insert(index);
        }
        self
    }

    /// Counts a method's arguments without the value it is called on, as scripts write them.
    pub(crate) fn after_self(mut self) -> Self {
        if let Self::Type(error) = &mut self {
            error.argument = error.argument.map(|index| index.saturating_sub(1));
        }
        self
    }

    /// Names the host function whose argument was wrong.
    pub(crate) fn in_function(self, name: &str) -> Self {
        let Self::Type(error) = &self else { return self };
        let Some(index) = error.argument else { return self };
        let name = if name.is_empty() { "a host function" } else { name };
        self.at(|| format!("bad argument #{index} to '{name}'"))
    }
}

/// Text that is not valid Lua; see [`Error::Syntax`].
///
/// It prints the message, then the offending source line with a caret below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyntaxError {
    /// The chunk's name.
    pub chunk: String,
    /// The line, counted from 1; 0 where the VM named none.
    pub line: usize,
    /// What is wrong, without the chunk and line.
    pub message: String,
    /// The source line, empty where it is not known.
    pub source_line: String,
    /// The column of the caret, counted in characters from 0.
    pub column: usize,
    /// Whether more text could make it valid: a prompt should read on.
    pub incomplete: bool,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.chunk, self.line, self.message)?;
        if self.source_line.is_empty() {
            return Ok(());
        }
        let margin = self.line.to_string();
        let pad: String = self.source_line.chars().take(self.column).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "\n  {margin} | {}\n  {:width$} | {pad}^", self.source_line, "", width = margin.len())
    }
}

/// An error raised while Lua ran; see [`Error::Runtime`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RuntimeError {
    /// The error value as text.
    pub message: String,
    /// Lua's stack at the point of the error; empty where there was none.
    pub traceback: String,
    /// The raised value, of whatever Lua type; `None` where Rust raised it.
    pub value: Option<Value>,
    /// The Rust error that started it, if one did.
    pub cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if f.alternate() && !self.traceback.is_empty() {
            write!(f, "\n{}", self.traceback)?;
        }
        Ok(())
    }
}

impl StdError for RuntimeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

impl StdError for SyntaxError {}

/// A value of the wrong kind; see [`Error::Type`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TypeError {
    /// Where: "bad argument #2 to 'roll'", "result #1", "key 'speed'"; may be empty.
    pub place: String,
    /// Which argument of a host function, counted from 1, if it was one.
    pub argument: Option<usize>,
    /// What was needed.
    pub expected: String,
    /// What came.
    pub got: String,
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "expected {}, got {}", self.expected, self.got)
    }
}

impl StdError for TypeError {}

/// A file that could not be read; see [`Error::File`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FileError {
    /// The file, as the caller named it.
    pub path: PathBuf,
    /// What the system said.
    pub source: Arc<std::io::Error>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read '{}': {}", self.path.display(), self.source)
    }
}

impl StdError for FileError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// What cannot be done here; see [`Error::Unsupported`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsupported {
    /// What was asked for.
    pub feature: &'static str,
    /// Why it cannot be had, and what to do instead.
    pub reason: &'static str,
}

/// What a panicking callback panicked with; see [`Error::Panic`].
///
/// ```
/// use perilune::{Error, Lua, Result, State};
///
/// let mut lua = Lua::new()?;
/// lua.register("boom", |_: &mut State, (): ()| -> Result<()> { std::panic::panic_any(7_u8) })?;
/// let Err(Error::Panic(panic)) = lua.run("boom()") else { unreachable!() };
/// assert_eq!(*panic.take().unwrap().downcast::<u8>().unwrap(), 7);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct PanicPayload(Arc<Panic>);

#[derive(Clone)]
struct Panic {
    message: Arc<str>,
    traceback: String,
    payload: Arc<Mutex<Option<Box<dyn Any + Send>>>>,
}

impl PanicPayload {
    pub(crate) fn new(payload: Box<dyn Any + Send>) -> Self {
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "a value that is not text".to_owned());
        let payload = Arc::new(Mutex::new(Some(payload)));
        Self(Arc::new(Panic { message: message.into(), traceback: String::new(), payload }))
    }

    pub(crate) fn traceback(&self) -> &str {
        &self.0.traceback
    }

    /// The same panic, seen from a protected call with this traceback.
    pub(crate) fn with_traceback(&self, traceback: String) -> Self {
        Self(Arc::new(Panic { traceback, ..(*self.0).clone() }))
    }

    /// The text that the panic carried.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Takes the payload, as [`std::panic::catch_unwind`] would give it. `None` the second time.
    #[must_use]
    pub fn take(&self) -> Option<Box<dyn Any + Send>> {
        self.0.payload.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Goes on panicking with the same payload.
    pub fn resume(&self) -> ! {
        let payload = self.take().unwrap_or_else(|| Box::new(self.0.message.to_string()));
        std::panic::resume_unwind(payload)
    }
}

impl fmt::Debug for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PanicPayload").field("message", &self.0.message).finish_non_exhaustive()
    }
}

impl fmt::Display for PanicPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a host function panicked: {}", self.0.message)?;
        if f.alternate() && !self.0.traceback.is_empty() {
            write!(f, "\n{}", self.0.traceback)?;
        }
        Ok(())
    }
}

impl StdError for PanicPayload {}

impl From<RuntimeError> for Error {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(Box::new(error))
    }
}
