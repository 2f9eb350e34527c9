//! The programs of `benches/programs`: whole pieces of work in Lua that check their own results.

/// One of them: a text that returns a function of a size, which returns a number.
pub struct Program {
    pub name: &'static str,
    pub text: &'static str,
    /// The size that takes some 20 to 60 ms on LuaJIT.
    luajit: u64,
    /// The same on Lua 5.4.
    lua54: u64,
}

impl Program {
    /// The size to run it with.
    pub fn size(&self, luajit: bool) -> u64 {
        if luajit { self.luajit } else { self.lua54 }
    }

    /// Whether it works on the arrays of LuaJIT's FFI, which safe libraries do not have.
    pub fn wants_ffi(&self) -> bool {
        self.name == "arrays"
    }
}

macro_rules! programs {
    ($($name:literal $luajit:literal $lua54:literal)*) => {
        pub const PROGRAMS: &[Program] = &[$(Program {
            name: $name,
            text: include_str!(concat!("../../../programs/", $name, ".lua")),
            luajit: $luajit,
            lua54: $lua54,
        }),*];
    };
}

programs! {
    "nbody" 300_000 30_000
    "fannkuch" 9 8
    "spectral" 800 150
    "trees" 12 11
    "mandelbrot" 800 250
    "objects" 60 20
    "strings" 15_000 10_000
    "json" 2_000 1_500
    "sorting" 30_000 20_000
    "coroutines" 60_000 40_000
    "arrays" 6 3
    "swarm" 20_000 5_000
}

/// The case that runs a program: `program:nbody`.
pub(crate) fn of_case(case: &str) -> Option<&'static Program> {
    let name = case.strip_prefix("program:")?;
    PROGRAMS.iter().find(|program| program.name == name)
}
