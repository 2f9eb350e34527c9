//! A program built with `panic = "abort"`: any unwinding through a Rust frame would
//! end it. All errors have to work all the same, and every value that a callback
//! holds when it fails has to be dropped.
//!
//! Prints `N passed, 0 failed`, and exits with 1 if a test failed.

mod errors;
mod memory;

use std::process::ExitCode;

use perilune::{Backend, Lua};

/// What a test answers: why it failed.
type Outcome = Result<(), String>;

type Test = fn() -> Outcome;

/// Fails the test unless `$condition` holds. An `assert!` would end the program.
#[macro_export]
macro_rules! ensure {
    ($condition:expr) => {
        ensure!($condition, "{}", stringify!($condition))
    };
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!("line {}: {}", line!(), format!($($message)+)));
        }
    };
}

fn main() -> ExitCode {
    const { assert!(cfg!(panic = "abort"), "this program proves nothing when it is built to unwind") };
    println!("panic = \"abort\", {}", Backend::current());
    let tests = errors::TESTS.iter().chain(memory::TESTS);
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in tests {
        match test() {
            Ok(()) => passed += 1,
            Err(why) => {
                println!("{name} failed: {why}");
                failed += 1;
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What went wrong, as the answer of a test.
fn why(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Fails unless the VM does what a VM has to do.
fn check(lua: &mut Lua) -> Outcome {
    let script = "local t = {} for i = 1, 10 do t[i] = i .. 'x' end
                  local ok, e = pcall(error, t) assert(not ok and e == t)
                  return coroutine.wrap(function() return #t end)()";
    let ten: i32 = lua.load(script).eval().map_err(why)?;
    ensure!(ten == 10);
    lua.gc_collect().map_err(why)
}
