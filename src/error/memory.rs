//! How much memory was wanting.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// Memory that was refused; see [`Error::Memory`]. All sizes are in bytes.
///
/// ```
/// use perilune::{Error, Lua};
///
/// let mut lua = Lua::builder().memory_limit(1 << 20).build()?;
/// let Err(Error::Memory(short)) = lua.run("return ('x'):rep(2^21)") else { unreachable!() };
/// assert_eq!(short.limit(), Some(1 << 20));
/// assert!(short.used() + short.needed() > 1 << 20);
/// println!("{short}"); // not enough memory: 2097152 bytes more were needed, 46031 of 1048576 are in use
/// # Ok::<(), Error>(())
/// ```
///
/// It is one word, and making or copying one never ends the process: where the system has not even the few bytes
/// for the numbers, there are none.
#[derive(PartialEq, Eq)]
pub struct MemoryError(Option<Box<[Shortage; 1]>>);

/// Why an allocation was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shortage {
    pub limit: Option<usize>,
    pub used: usize,
    pub needed: usize,
}

impl MemoryError {
    /// One of the host's own: there was no room for so many bytes more.
    ///
    /// ```
    /// use perilune::{Error, MemoryError};
    ///
    /// let error = Error::from(MemoryError::new(4096));
    /// assert_eq!(error.to_string(), "not enough memory: 4096 bytes more were needed, and the system gave none");
    /// ```
    #[must_use]
    pub fn new(needed: usize) -> Self {
        Self::of(Shortage { needed, ..Shortage::default() })
    }

    /// Without numbers where there is no memory for them.
    pub(crate) fn of(shortage: Shortage) -> Self {
        let mut numbers = Vec::new();
        if shortage == Shortage::default() || numbers.try_reserve_exact(1).is_err() {
            return Self(None);
        }
        numbers.push(shortage);
        Self(numbers.into_boxed_slice().try_into().ok())
    }

    fn shortage(&self) -> Shortage {
        self.0.as_ref().map_or_else(Shortage::default, |numbers| numbers[0])
    }

    /// The VM's limit, if that was what refused it. `None` where the system had no memory, an allocation was made to fail
    /// ([`State::fail_allocation`](crate::State::fail_allocation)), or the value would have been too large for any VM.
    #[must_use]
    pub fn limit(&self) -> Option<usize> {
        self.shortage().limit
    }

    /// What was in use just before, charges included. More than the limit where the host's own pushes had passed it already.
    #[must_use]
    pub fn used(&self) -> usize {
        self.shortage().used
    }

    /// How much more the request would have taken: a block's size, or by how much it was to grow. 0 where that is
    /// not known.
    #[must_use]
    pub fn needed(&self) -> usize {
        self.shortage().needed
    }
}

impl Clone for MemoryError {
    fn clone(&self) -> Self {
        Self::of(self.shortage())
    }
}

impl fmt::Debug for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shortage { limit, used, needed } = self.shortage();
        f.debug_struct("MemoryError").field("limit", &limit).field("used", &used).field("needed", &needed).finish()
    }
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shortage() {
            Shortage { limit: Some(limit), used, needed } => {
                write!(f, "not enough memory: {needed} bytes more were needed, {used} of {limit} are in use")
            }
            Shortage { needed: 0, .. } => f.write_str(
                "not enough memory: the VM could not grow (its limit or the system's memory is used up, or the value would be too large)",
            ),
            Shortage { needed, .. } => write!(f, "not enough memory: {needed} bytes more were needed, and the system gave none"),
        }
    }
}

impl StdError for MemoryError {}

impl From<MemoryError> for Error {
    fn from(error: MemoryError) -> Self {
        Self::Memory(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_two_words() {
        assert_eq!(size_of::<MemoryError>(), size_of::<usize>());
        assert_eq!(size_of::<Error>(), 2 * size_of::<usize>());
        assert_eq!(size_of::<Result<(), Error>>(), 2 * size_of::<usize>());
    }

    #[test]
    fn a_copy_says_the_same() {
        let error = MemoryError::of(Shortage { limit: Some(100), used: 90, needed: 11 });
        assert_eq!(error.clone(), error);
        assert_eq!(error.to_string(), "not enough memory: 11 bytes more were needed, 90 of 100 are in use");
        assert_eq!(format!("{error:?}"), "MemoryError { limit: Some(100), used: 90, needed: 11 }");
        assert!(MemoryError::new(0).to_string().starts_with("not enough memory: the VM could not grow"));
    }
}
