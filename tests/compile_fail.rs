//! Promise: what would let memory be used after it is gone, or by two at once, does not compile.
//!
//! The compiler's words are in the `.stderr` files beside the programs, so that none fails for another reason than its own.
//! (What is at fault is a named function where the compiler puts its type first: a closure's carries the path of the checkout,
//! and how long that is changes the words.)

use std::process::Command;

/// The compiler whose words they are; others put it differently.
const RUSTC: &str = "rustc 1.95.";

#[test]
fn what_must_not_compile_does_not() {
    let version = Command::new("rustc").arg("--version").output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    match version {
        Ok(version) if version.starts_with(RUSTC) => trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs"),
        other => eprintln!("nothing was checked: the expected messages are those of {RUSTC}x, and here is {other:?}"),
    }
}
