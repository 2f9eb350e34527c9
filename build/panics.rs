//! Some libraries of the build report a missing tool by a panic. Here it becomes an error like any other.

use std::panic::{self, AssertUnwindSafe};

/// Runs `work`; a panic in it, printed nowhere, is an error with its message.
pub fn as_errors<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| ()));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(hook);
    result.unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        Err(text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned())
    })
}
