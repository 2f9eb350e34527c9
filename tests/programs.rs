//! Promise: the programs of `benches/programs` give the right answers on both backends, and
//! notice wrong ones, so that what is promised about their speed is promised about real work.

mod common;

use std::fs;
use std::path::PathBuf;

use common::is_luajit;
use perilune::{Function, Libs, Lua, Result};

struct Program {
    name: &'static str,
    size: u32,
    /// What it gives for this size.
    result: f64,
    /// A piece of its text, and what to put there so that it computes something else.
    sabotage: (&'static str, &'static str),
}

#[rustfmt::skip]
const PROGRAMS: [Program; 12] = [
    Program { name: "arrays", size: 2, result: 679_628_545.0, sabotage: ("b[k * n + j]", "b[j * n + k]") },
    Program { name: "coroutines", size: 200, result: 44_427.0, sabotage: ("i % p ~= 0", "i % p ~= 1") },
    Program { name: "fannkuch", size: 7, result: 22_816.0, sabotage: ("local sign, checksum, most = 1", "local sign, checksum, most = -1") },
    Program { name: "json", size: 50, result: 5_402.0, sabotage: ("t = \"\\t\"", "t = \" \"") },
    Program { name: "mandelbrot", size: 50, result: 988.0, sabotage: ("STEPS = 50", "STEPS = 40") },
    Program { name: "nbody", size: 1000, result: -0.169_087_605_234_624_65, sabotage: ("STEP = 0.01", "STEP = 0.02") },
    Program { name: "objects", size: 1, result: 3_250.0, sabotage: ("0x1000), 8)", "0x1000), 4)") },
    Program { name: "sorting", size: 500, result: 259_770_405.0, sabotage: ("value >= t[child]", "value <= t[child]") },
    Program { name: "spectral", size: 100, result: 1.274_219_991_234_930_6, sabotage: ("for _ = 1, 10 do", "for _ = 1, 1 do") },
    Program { name: "strings", size: 500, result: 1_014_750.0, sabotage: ("\"=\" .. i * 7", "\"=\" .. i * 8") },
    Program { name: "swarm", size: 1000, result: 1_001_582.009_428_560_3, sabotage: ("1000, 1 / 60", "1000, 1 / 59") },
    Program { name: "trees", size: 6, result: 4_016.0, sabotage: ("1 + nodes(left)", "2 + nodes(left)") },
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/programs")
}

impl Program {
    fn text(&self) -> String {
        fs::read_to_string(folder().join(self.name).with_extension("lua")).unwrap()
    }

    /// Runs a text of it in a VM of its own, with the safe libraries; one program is about the FFI.
    fn run(&self, text: &str) -> Result<f64> {
        let builder = Lua::builder();
        let builder = if self.name == "arrays" && is_luajit() {
            // SAFETY: the program stays within the arrays that it makes.
            unsafe { builder.unsafe_libs(Libs::FFI) }
        } else {
            builder
        };
        let mut lua = builder.build()?;
        let program: Function = lua.load(text).name(self.name).eval()?;
        let result = program.call(&mut lua, self.size)?;
        common::check(&mut lua);
        lua.close()?;
        Ok(result)
    }
}

#[test]
fn the_programs_are_all_here() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".lua").map(str::to_owned))
        .collect();
    files.sort();
    assert_eq!(files, PROGRAMS.map(|program| program.name));
}

#[test]
fn each_gives_the_right_answer() {
    for program in &PROGRAMS {
        let result = program.run(&program.text()).unwrap_or_else(|error| panic!("{}: {error:#}", program.name));
        let off = (result - program.result).abs();
        assert!(off <= 1e-9 * program.result.abs(), "{} gives {result:?} rather than {:?}", program.name, program.result);
    }
}

#[test]
fn each_notices_a_wrong_answer() {
    for program in &PROGRAMS {
        let (right, wrong) = program.sabotage;
        let text = program.text();
        assert_eq!(text.matches(right).count(), 1, "{}: {right:?} is there once", program.name);
        let error = program.run(&text.replace(right, wrong)).expect_err(program.name).to_string();
        assert!(error.contains(&format!("{}: ", program.name)), "{error}");
    }
}
