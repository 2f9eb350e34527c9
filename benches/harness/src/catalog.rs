//! What is timed, against whom, and the ratio to reach.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// The engine underneath all sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    Luajit,
    Lua54,
}

impl Backend {
    pub const ALL: [Backend; 2] = [Backend::Luajit, Backend::Lua54];

    /// The name of the peers' cargo feature, and of the value on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Backend::Luajit => "luajit",
            Backend::Lua54 => "lua54",
        }
    }
}

/// A library whose program takes part, or we.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Ours,
    C,
    Mlua,
    /// LuaJIT's own pointers, which check nothing, in a VM of ours.
    Ffi,
    /// The same work in a VM of ours without any limit.
    Unlimited,
    /// No program: the figure that is promised, which [`Need::Within`] has.
    Promise,
}

impl Side {
    /// Its name in the table and in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Side::Ours => "perilune",
            Side::C => "c",
            Side::Mlua => "mlua",
            Side::Ffi => "ffi",
            Side::Unlimited => "unlimited",
            Side::Promise => "promise",
        }
    }

    /// Its folder under `benches/peers`.
    pub fn folder(self) -> &'static str {
        match self {
            Side::Ours | Side::Ffi | Side::Unlimited => "perilune",
            other => other.name(),
        }
    }
}

/// One case of one side's program.
pub type Entrant = (Side, &'static str);

/// What the ratio ours / peer has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Need {
    /// At most this many times the peer's time.
    AtMost(f64),
    /// At least this many times faster than the peer.
    Faster(f64),
    /// At most so many nanoseconds, whoever else takes how long: they stand in the place of the peer's.
    Within(f64),
    /// Nothing: shown for its interest.
    #[default]
    None,
}

impl Need {
    /// The largest ratio that passes.
    pub fn limit(self) -> Option<f64> {
        match self {
            Need::AtMost(times) => Some(times),
            Need::Faster(times) => Some(1.0 / times),
            Need::Within(_) => Some(1.0),
            Need::None => None,
        }
    }
}

/// One line of the table.
pub struct Row {
    /// What exactly is compared, where the work has several lines.
    pub note: &'static str,
    /// Our case.
    pub ours: &'static str,
    /// The peer's.
    pub peer: Entrant,
    /// What the ratio has to be.
    pub need: Need,
    /// The backends it makes sense on.
    pub on: &'static [Backend],
}

/// One entry of the list in which speed is promised.
pub struct Work {
    pub id: &'static str,
    pub title: &'static str,
    /// Operations a sample: well below a millisecond's worth, so that on a busy machine most samples run undisturbed.
    pub iters: u64,
    /// Rounds that even a quick run does, where fewer would not tell.
    pub min_rounds: usize,
    pub rows: &'static [Row],
}

impl Work {
    /// Whether the very first time is of interest: of a round, the median of five processes that take one sample each.
    pub fn is_cold(&self) -> bool {
        self.id.ends_with(".cold")
    }

    /// Whether the program gives the figure itself, once a process, rather than the time that it took.
    pub fn is_given(&self) -> bool {
        self.id == "P15"
    }

    /// Everyone who has to run for the rows of this backend, each once.
    pub fn entrants(&self, backend: Backend) -> Vec<Entrant> {
        let mut all = Vec::new();
        for row in self.rows_on(backend) {
            for entrant in [(Side::Ours, row.ours), row.peer] {
                if entrant.0 != Side::Promise && !all.contains(&entrant) {
                    all.push(entrant);
                }
            }
        }
        all
    }

    pub fn rows_on(&self, backend: Backend) -> impl Iterator<Item = &'static Row> {
        self.rows.iter().filter(move |row| row.on.contains(&backend))
    }
}

use Need::{AtMost, Faster, Within};
use Side::{C, Ffi, Mlua, Promise};

pub const BOTH: &[Backend] = &Backend::ALL;
pub const JIT: &[Backend] = &[Backend::Luajit];
const PLAIN: &[Backend] = &[Backend::Lua54];

const fn row(note: &'static str, ours: &'static str, peer: Entrant, need: Need, on: &'static [Backend]) -> Row {
    Row { note, ours, peer, need, on }
}

pub const WORKS: &[Work] = &[
    Work {
        id: "P1",
        title: "call a Lua `add(f64, f64)` from the host, traceback ready",
        iters: 10_000,
        min_rounds: 5,
        rows: &[
            row("C: pcall with a traceback handler", "P1", (C, "P1.traceback"), AtMost(1.0), BOTH),
            row("C: bare pcall, no traceback", "P1", (C, "P1.bare"), AtMost(1.2), BOTH),
            row("", "P1", (Mlua, "P1"), Faster(1.9), BOTH),
        ],
    },
    Work {
        id: "P2",
        title: "Lua loop calls a host function `add`",
        iters: 10_000,
        min_rounds: 5,
        rows: &[
            row("", "P2", (C, "P2"), AtMost(1.5), BOTH),
            row("", "P2", (Mlua, "P2"), Faster(1.4), BOTH),
            row("JIT off", "P2.nojit", (C, "P2.nojit"), Need::None, JIT),
            row("JIT off", "P2.nojit", (Mlua, "P2.nojit"), Need::None, JIT),
        ],
    },
    Work {
        id: "P3",
        title: "Lua loop calls an exported `add`",
        iters: 50_000,
        min_rounds: 5,
        rows: &[
            row("C: a function pointer of the FFI, unchecked", "P3", (C, "P3.pointer"), AtMost(1.3), JIT),
            row("mlua: a function", "P3", (Mlua, "P2"), Faster(25.0), JIT),
            row("C: a function of the C API", "P3", (C, "P2"), Need::None, PLAIN),
            row("mlua: a function", "P3", (Mlua, "P2"), Need::None, PLAIN),
        ],
    },
    Work {
        id: "P4",
        title: "`u.hp = u.hp + 1` on one host struct",
        iters: 8_000,
        min_rounds: 5,
        rows: &[
            row("mlua: a userdata's field", "P4", (Mlua, "P4"), Faster(40.0), JIT),
            row("C: a userdata's field", "P4", (C, "P4.userdata"), Need::None, JIT),
            row("JIT off; mlua: a userdata's field", "P4.nojit", (Mlua, "P4.nojit"), Need::None, JIT),
            row("JIT off, by a column; mlua: a userdata's field", "P4.column.nojit", (Mlua, "P4.nojit"), Faster(3.0), JIT),
            row("JIT off, by a getter and a setter; mlua: a userdata's field", "P4.getter.nojit", (Mlua, "P4.nojit"), Faster(3.0), JIT),
            row("JIT off; C: a userdata's field", "P4.nojit", (C, "P4.userdata.nojit"), AtMost(1.15), JIT),
            row("JIT off, by a column; C: a userdata's field", "P4.column.nojit", (C, "P4.userdata.nojit"), AtMost(1.15), JIT),
            row("JIT off, by a getter and a setter; C: a userdata's field", "P4.getter.nojit", (C, "P4.userdata.nojit"), AtMost(1.15), JIT),
            row("mlua: a userdata's field", "P4", (Mlua, "P4"), Faster(3.0), PLAIN),
            row("by a column; mlua: a userdata's field", "P4.column", (Mlua, "P4"), Faster(3.0), PLAIN),
            row("by a getter and a setter; mlua: a userdata's field", "P4.getter", (Mlua, "P4"), Faster(3.0), PLAIN),
            row("C: a userdata's field", "P4", (C, "P4.userdata"), AtMost(1.15), PLAIN),
            row("by a column; C: a userdata's field", "P4.column", (C, "P4.userdata"), AtMost(1.15), PLAIN),
            row("by a getter and a setter; C: a userdata's field", "P4.getter", (C, "P4.userdata"), AtMost(1.15), PLAIN),
        ],
    },
    Work {
        id: "P5",
        title: "update loop over 100,000 structs, checked view",
        iters: 100_000,
        min_rounds: 5,
        rows: &[
            row("C: the same loop in C", "P5", (C, "P5"), AtMost(1.3), JIT),
            row("C: userdata", "P5", (C, "P5.userdata"), Faster(40.0), JIT),
            row("ffi: raw pointers", "P5", (Ffi, "P5.raw"), Need::None, JIT),
            row("by columns; C: the same loop in C", "P5.columns", (C, "P5"), AtMost(1.3), JIT),
            row("several fields at once; C: the same loop in C", "P5.several", (C, "P5"), AtMost(1.3), JIT),
        ],
    },
    Work {
        id: "P5.cold",
        title: "the first pass of that loop in a new process",
        iters: 100_000,
        min_rounds: 11,
        rows: &[
            row("ffi: raw pointers", "P5.cold", (Ffi, "P5.raw"), AtMost(2.0), JIT),
            row(
                "a VM opened and the struct described to it first; ffi: raw pointers",
                "P5.cold.all",
                (Ffi, "P5.cold.all.raw"),
                Need::None,
                JIT,
            ),
        ],
    },
    Work {
        id: "P5.plain",
        title: "update loop over 1,000 structs, checked view without a compiler",
        iters: 1_000,
        min_rounds: 5,
        rows: &[
            row("JIT off; C: userdata", "P5.few.nojit", (C, "P5.few.nojit"), AtMost(1.15), JIT),
            row("JIT off, by columns; C: columns of userdata", "P5.few.columns.nojit", (C, "P5.few.columns.nojit"), AtMost(1.15), JIT),
            row("JIT off, several fields at once; C: userdata", "P5.few.several.nojit", (C, "P5.few.nojit"), AtMost(1.15), JIT),
            row("C: userdata", "P5.few", (C, "P5.few"), AtMost(1.15), PLAIN),
            row("by columns; C: columns of userdata", "P5.few.columns", (C, "P5.few.columns"), AtMost(1.15), PLAIN),
            row("several fields at once; C: userdata", "P5.few.several", (C, "P5.few"), AtMost(1.15), PLAIN),
        ],
    },
    Work {
        id: "P6",
        title: "nearest-of-8 kernel over 100,000 structs, checked view",
        iters: 100_000,
        min_rounds: 11,
        rows: &[
            row("C: the same work in C", "P6", (C, "P6"), AtMost(3.6), JIT),
            row("ffi: raw pointers", "P6", (Ffi, "P6.raw"), Need::None, JIT),
            row("written as in C; C: the same kernel", "P6.plain", (C, "P6"), Need::None, JIT),
            row("written as in C; ffi: raw pointers, the same kernel", "P6.plain", (Ffi, "P6.plain.raw"), Need::None, JIT),
        ],
    },
    Work {
        id: "P7",
        title: "table field set + get from the host (i64)",
        iters: 5_000,
        min_rounds: 5,
        rows: &[
            row("raw", "P7.raw", (C, "P7"), AtMost(1.1), BOTH),
            row("raw; C: the key as bytes and length", "P7.raw", (C, "P7.bytes"), Need::None, BOTH),
            row("raw", "P7.raw", (Mlua, "P7.raw"), Faster(1.3), BOTH),
            row("raw; both keys literals of C", "P7.raw.literal", (C, "P7"), AtMost(1.1), PLAIN),
            row("raw; the key a literal of C", "P7.raw.literal", (Mlua, "P7.raw"), Faster(1.3), PLAIN),
            row("with metamethods", "P7.meta", (C, "P7"), AtMost(1.3), BOTH),
            row("with metamethods", "P7.meta", (Mlua, "P7.meta"), Faster(1.3), BOTH),
            row("with metamethods; both keys literals of C", "P7.meta.literal", (C, "P7"), AtMost(1.3), PLAIN),
            row("with metamethods; the key a literal of C", "P7.meta.literal", (Mlua, "P7.meta"), Faster(1.3), PLAIN),
        ],
    },
    Work {
        id: "P8",
        title: "global string set + get from the host",
        iters: 5_000,
        min_rounds: 5,
        rows: &[
            row("mlua: by `lua.globals()`, as ours finds them itself", "P8", (Mlua, "P8"), Faster(1.6), BOTH),
            row("mlua: a handle to them held", "P8", (Mlua, "P8.held"), Need::None, BOTH),
            row("C: copied out, as an owned text is", "P8", (C, "P8"), Need::None, BOTH),
        ],
    },
    Work {
        id: "P9",
        title: "run `return 1+1`",
        iters: 1_000,
        min_rounds: 11,
        rows: &[
            row("", "P9", (C, "P9"), AtMost(1.5), BOTH),
            row("mlua: `load(…).eval()`", "P9", (Mlua, "P9.eval"), Faster(5.0), BOTH),
            row("mlua: `load(…).call()`", "P9", (Mlua, "P9"), Need::None, BOTH),
        ],
    },
    Work {
        id: "UD.method",
        title: "Lua loop calls a userdata's method, `o:add(1)`",
        iters: 10_000,
        min_rounds: 5,
        rows: &[row("", "UD.method", (Mlua, "UD.method"), Faster(1.5), BOTH)],
    },
    Work {
        id: "UD.field",
        title: "Lua loop changes a userdata's field, `o.x = o.x + 1`",
        iters: 10_000,
        min_rounds: 5,
        rows: &[row("", "UD.field", (Mlua, "UD.field"), Faster(1.5), BOTH)],
    },
    Work {
        id: "P13",
        title: "open a VM with the safe libraries and close it",
        iters: 20,
        min_rounds: 5,
        rows: &[row("C: luaL_openlibs", "P13", (C, "P13"), AtMost(1.0), BOTH), row("", "P13", (Mlua, "P13"), Need::None, BOTH)],
    },
    Work {
        id: "P15",
        title: "limits of time",
        iters: 100,
        min_rounds: 5,
        rows: &[
            row("an endless loop passes its limit by, in 99 of 100 cases", "P15.overrun", (Promise, ""), Within(20e6), BOTH),
            row("a limited call takes longer than another by", "P15.enter", (Promise, ""), Within(300.0), BOTH),
        ],
    },
];
