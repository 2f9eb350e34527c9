//! The build script keeps its promises: each way to find a Lua, each message when there is none.
//!
//! `decisions` and `contract` test its steps alone, without a system. `runs` runs the whole script on the packages of this
//! system; that takes a minute or two and the packages, so it happens only with PERILUNE_TEST_BUILD_SCRIPT=1, and then a
//! missing package is a failure.

#[path = "build_script/contract.rs"]
mod contract;
#[path = "build_script/decisions.rs"]
mod decisions;
#[path = "build_script/runs.rs"]
mod runs;
#[path = "build_script/workshop.rs"]
mod workshop;

/// The steps of the build script that need no crate of its own, as they are.
#[allow(dead_code)]
#[path = "../build"]
mod steps {
    pub mod advice;
    pub mod bindings;
    pub mod contract;
    pub mod env;
    pub mod find;
    pub mod headers;
    pub mod request;

    /// In place of the one that runs a C compiler.
    pub mod compiler {
        use super::find::Lua;
        use std::path::Path;

        pub enum Verdict {
            Accepted,
            Refused(String),
        }

        pub fn preprocess(_: &Path, _: &Lua) -> Result<Result<String, String>, String> {
            unreachable!("these tests run no compiler")
        }

        pub fn look_at(_: &Path, _: &Lua) -> Result<Verdict, String> {
            unreachable!("these tests run no compiler")
        }
    }

    /// In place of the one that runs bindgen.
    pub mod generate {
        use super::bindings::Bindings;
        use super::env::Env;
        use super::find::Lua;

        pub fn generate(_: &Lua, _: &Env) -> Result<Bindings, String> {
            unreachable!("these tests run no bindgen")
        }
    }
}
