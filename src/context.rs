//! What the host was doing when something went wrong, said in front of an error, and the
//! standard library's errors as ours.

#![forbid(unsafe_code)]

use std::fmt::Display;
use std::str::Utf8Error;
use std::sync::Arc;

use crate::error::{Error, Result, RuntimeError};

mod sealed {
    /// What can be given context.
    pub trait Sealed {}
    impl Sealed for crate::Error {}
    impl<T> Sealed for crate::Result<T> {}
}

/// Says in front of an error what the host was doing.
///
/// ```
/// use perilune::{Error, ErrorContext, Lua, SyntaxError};
///
/// let mut lua = Lua::new()?;
/// let error = lua.load("return +").name("fire.lua").check().context("loading the spells").unwrap_err();
/// assert!(error.to_string().starts_with("loading the spells: fire.lua:1:"));
/// assert_eq!(error.downcast_ref::<SyntaxError>().unwrap().line, 1);
/// # Ok::<(), Error>(())
/// ```
///
/// As on its way through Lua, an error that means something to the caller stays what it is:
/// [`Error::Memory`], [`Error::Timeout`] and [`Error::Panic`] as they are, [`Error::Type`]
/// with the context as the outermost part of its place. Any other becomes an
/// [`Error::Runtime`] that has it as its cause, and its traceback and raised value.
pub trait ErrorContext: sealed::Sealed + Sized {
    /// Puts `context` in front of the message.
    #[must_use]
    fn context(self, context: impl Display) -> Self {
        self.with_context(|_| context)
    }

    /// As [`ErrorContext::context`], with a context that is only made if there is an error.
    ///
    /// ```
    /// use perilune::{ErrorContext, Lua, Result, State};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register("spell", |state: &mut State, name: &str| -> Result<i32> {
    ///     state.get(&format!("spells.{name}")).with_context(|_| format!("looking for the spell '{name}'"))
    /// })?;
    /// let error = lua.run("spells = { fire = 'hot' } return spell('fire')").unwrap_err();
    /// assert!(error.to_string().starts_with("looking for the spell 'fire': global 'spells.fire': expected an integer"));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    #[must_use]
    fn with_context<C: Display>(self, context: impl FnOnce(&Error) -> C) -> Self;
}

impl ErrorContext for Error {
    fn with_context<C: Display>(self, context: impl FnOnce(&Error) -> C) -> Self {
        match self {
            Self::Memory(_) | Self::Timeout(_) | Self::Panic(_) => self,
            Self::Type(_) => {
                let place = context(&self).to_string();
                self.at(|| place)
            }
            _ => {
                let message = format!("{}: {self}", context(&self));
                let traceback = self.traceback().unwrap_or_default().to_owned();
                let value = self.value().cloned();
                RuntimeError { message, traceback, value, cause: Some(Arc::new(self)) }.into()
            }
        }
    }
}

impl<T> ErrorContext for Result<T> {
    fn with_context<C: Display>(self, context: impl FnOnce(&Error) -> C) -> Self {
        self.map_err(|error| error.with_context(context))
    }
}

/// As [`Error::external`], so that `?` takes it in callbacks.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::external(error)
    }
}

/// As [`Error::external`], so that `?` takes it in callbacks.
impl From<Utf8Error> for Error {
    fn from(error: Utf8Error) -> Self {
        Self::external(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::MemoryError;
    use crate::error::PanicPayload;

    #[test]
    fn contexts_stand_in_front_of_each_other() {
        let error = Error::runtime("it is locked").context("opening the gate").context("on floor 3");
        assert_eq!(error.to_string(), "on floor 3: opening the gate: it is locked");
        let error = Error::type_mismatch("a key", "a lockpick").context("opening the gate").context("on floor 3");
        assert_eq!(error.to_string(), "on floor 3: opening the gate: expected a key, got a lockpick");
        assert!(matches!(error, Error::Type(_)));
    }

    #[test]
    fn what_means_something_to_the_caller_stays_what_it_is() {
        assert!(matches!(Error::from(MemoryError::new(8)).context("loading"), Error::Memory(short) if short.needed() == 8));
        assert!(matches!(Error::Panic(PanicPayload::new(Box::new(7))).context("loading"), Error::Panic(_)));
        let error = Error::Closed.context("loading");
        assert!(matches!(error.downcast_ref::<Error>(), Some(Error::Runtime(_))));
        assert_eq!(error.to_string(), "loading: this handle's Lua VM has been closed");
    }

    #[test]
    fn the_context_is_only_made_for_an_error() {
        let fine: Result<u8> = Ok(7);
        assert_eq!(fine.with_context(|_| -> String { unreachable!("there is no error") }).unwrap(), 7);
    }
}
