//! What the comments at the beginning of a script say of it.

use std::path::{Path, PathBuf};

use crate::common::is_luajit;

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

/// How a run may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    Timeout,
    Memory,
    /// Raised by the script, or a text that is no Lua.
    Error,
    Ok,
    Any,
}

impl Expected {
    fn parse(word: &str) -> Self {
        match word {
            "timeout" => Self::Timeout,
            "memory" => Self::Memory,
            "error" => Self::Error,
            "ok" => Self::Ok,
            "any" => Self::Any,
            other => panic!("a script expects '{other}': use timeout, memory, error, ok or any"),
        }
    }
}

#[derive(Debug)]
pub struct Script {
    pub name: String,
    pub text: String,
    /// A later run in the same VM, and how that ends.
    pub later: Option<(String, Expected)>,
    pub expected: Expected,
    /// The one value that it gives, as text.
    pub returns: String,
    /// It changes what the VM's globals are.
    pub leaves_globals: bool,
    pub needs_bounded_libraries: bool,
    /// It is written for the other backend.
    pub is_foreign: bool,
}

impl Script {
    pub fn read(name: &str) -> Self {
        let all = std::fs::read_to_string(folder().join(name)).unwrap();
        let (text, later) = match all.split_once("-- later: ") {
            Some((text, later)) => {
                let (word, later) = later.split_once('\n').unwrap();
                (text.to_owned(), Some((later.to_owned(), Expected::parse(word))))
            }
            None => (all, None),
        };
        let said = |what: &str| text.lines().find_map(|line| line.strip_prefix("-- ")?.strip_prefix(what)?.strip_prefix(": "));
        let other = if is_luajit() { "lua54" } else { "luajit" };
        Self {
            name: name.to_owned(),
            expected: said("expects").map_or(Expected::Any, Expected::parse),
            returns: said("returns").unwrap_or_default().to_owned(),
            leaves_globals: said("leaves") == Some("globals"),
            needs_bounded_libraries: said("needs") == Some("bounded libraries"),
            is_foreign: said("only") == Some(other),
            later,
            text,
        }
    }
}
