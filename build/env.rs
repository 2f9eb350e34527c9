//! The one way in which the build script reads its surroundings.
//!
//! Every variable that a user may set goes through [`Env::user`], which also tells Cargo to run the script again when
//! the variable changes; nothing can be read and then forgotten.

use std::collections::HashMap;
use std::path::PathBuf;

/// The environment the script runs in: the process's own, or a made-up one in tests.
pub struct Env {
    made_up: Option<HashMap<String, String>>,
}

impl Env {
    /// The environment Cargo gave to this build script.
    pub fn of_process() -> Env {
        Env { made_up: None }
    }

    /// An environment of nothing but `pairs`, for tests.
    #[allow(dead_code)]
    pub fn of_pairs(pairs: &[(&str, &str)]) -> Env {
        let pairs = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Env { made_up: Some(pairs.collect()) }
    }

    /// A variable that users set. Unset and empty are the same.
    pub fn user(&self, name: &str) -> Option<String> {
        if self.made_up.is_none() {
            println!("cargo::rerun-if-env-changed={name}");
        }
        self.read(name)
    }

    /// A variable that Cargo sets and keeps an eye on by itself.
    pub fn cargo(&self, name: &str) -> Option<String> {
        self.read(name)
    }

    /// Whether the feature called `name` is on.
    pub fn feature(&self, name: &str) -> bool {
        self.cargo(&format!("CARGO_FEATURE_{}", name.to_uppercase())).is_some()
    }

    /// Where this build may write.
    pub fn out_dir(&self) -> PathBuf {
        PathBuf::from(self.cargo("OUT_DIR").expect("Cargo sets OUT_DIR"))
    }

    fn read(&self, name: &str) -> Option<String> {
        let value = match &self.made_up {
            Some(pairs) => pairs.get(name).cloned(),
            None => std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()),
        };
        value.filter(|value| !value.is_empty())
    }
}
