//! Scripts out of bytes: each choice of a rule of Lua's grammar takes one.

use crate::hostile;

/// Names of functions that are worth calling. Those that take long for long arguments are in [`LONG`].
const FUNCTIONS: &[&str] = &[
    "pcall",
    "xpcall",
    "error",
    "assert",
    "type",
    "tostring",
    "tonumber",
    "next",
    "pairs",
    "ipairs",
    "select",
    "rawget",
    "rawset",
    "rawequal",
    "setmetatable",
    "getmetatable",
    "print",
    "collectgarbage",
    "load",
    "coroutine.create",
    "coroutine.resume",
    "coroutine.wrap",
    "coroutine.yield",
    "coroutine.status",
    "coroutine.running",
    "string.sub",
    "string.byte",
    "string.char",
    "string.format",
    "string.len",
    "table.insert",
    "table.remove",
    "table.sort",
    "math.floor",
    "math.random",
    "math.max",
    "os.time",
    "os.date",
    "(unpack or table.unpack)",
    "host.call",
    "host.swallow",
    "host.fail",
    "host.panic",
];

/// In the grammar only where long calls can be stopped.
const LONG: &[&str] =
    &["string.rep", "string.find", "string.match", "string.gsub", "string.gmatch", "table.concat", "string.reverse", "string.upper"];

const CONSTANTS: &[&str] = &[
    "nil",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "2.5",
    "1e308",
    "1/0",
    "0/0",
    "2^53",
    "2^31",
    "''",
    "'x'",
    "'a\\0b'",
    "'%s%d'",
    "'__index'",
    "'(.-)%1'",
    "{}",
    "...",
    "host",
    "units",
    "units[0]",
    "_G",
    "string",
    "math.huge",
];

const BINARY: &[&str] = &["+", "-", "*", "/", "%", "^", "..", "==", "~=", "<", "<=", ">", ">=", "and", "or"];

const METAMETHODS: &[&str] = &[
    "__index",
    "__newindex",
    "__call",
    "__add",
    "__concat",
    "__eq",
    "__lt",
    "__le",
    "__unm",
    "__len",
    "__tostring",
    "__mode",
    "__metatable",
    "__gc",
    "__close",
    "__pairs",
    "__name",
];

/// Statements are at most so deep in each other, and a script has at most so many parts.
const DEEPEST: usize = 7;
const MOST: usize = 400;

pub struct Writer<'a> {
    bytes: std::slice::Iter<'a, u8>,
    text: String,
    parts: usize,
    long: bool,
}

/// The script that these bytes stand for.
pub fn script(bytes: &[u8], long: bool) -> String {
    let mut writer = Writer { bytes: bytes.iter(), text: String::new(), parts: 0, long };
    // The names that the rest uses are locals.
    writer.push("local a, b, c, d = 1, 'x', {}, function(...) return ... end\n");
    while writer.bytes.len() > 0 && writer.parts < MOST {
        writer.statement(0, false);
    }
    writer.text
}

impl Writer<'_> {
    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A number below `end`; 0 when there are no bytes left.
    fn choose(&mut self, end: usize) -> usize {
        self.bytes.next().map_or(0, |&byte| usize::from(byte) % end)
    }

    fn one_of(&mut self, all: &[&str]) {
        let at = self.choose(all.len());
        self.push(all[at]);
    }

    fn name(&mut self) {
        self.one_of(&["a", "b", "c", "d"]);
    }

    fn block(&mut self, depth: usize, in_loop: bool) {
        for _ in 0..=self.choose(3) {
            self.statement(depth + 1, in_loop);
        }
    }

    fn function(&mut self, depth: usize) {
        self.push("function(a, b, ...) ");
        self.block(depth, false);
        if self.choose(2) == 0 {
            self.push("return ");
            self.expression(depth + 1);
        }
        self.push(" end");
    }

    fn statement(&mut self, depth: usize, in_loop: bool) {
        self.parts += 1;
        let rule = if depth > DEEPEST || self.parts > MOST { self.choose(3) } else { self.choose(15) };
        match rule {
            0 => {
                self.name();
                self.push(" = ");
                self.expression(depth);
            }
            1 => self.call(depth),
            2 => {
                self.push("c[");
                self.expression(depth);
                self.push(" or 1] = ");
                self.expression(depth);
            }
            3 => self.around("while ", depth, " do ", true),
            4 => self.around("if ", depth, " then ", in_loop),
            5 => {
                self.push("for a = 1, ");
                self.one_of(&["3", "100", "math.huge", "0"]);
                self.push(" do ");
                self.block(depth, true);
                self.push(" end");
            }
            6 => {
                self.push("for a, b in ");
                self.one_of(&["pairs(c)", "ipairs({ 1, 2 })", "d", "next, c", "coroutine.wrap(d)"]);
                self.push(" do ");
                self.block(depth, true);
                self.push(" end");
            }
            7 => {
                self.push("repeat ");
                self.block(depth, true);
                self.push(" until ");
                self.expression(depth);
            }
            8 => {
                self.push("d = ");
                self.function(depth);
            }
            9 => {
                self.push("local ");
                self.name();
                self.push(" = ");
                self.expression(depth);
            }
            10 => {
                self.push("do return ");
                self.expression(depth);
                self.push(" end");
            }
            11 if in_loop => self.push("do break end"),
            12 => {
                self.push("c = setmetatable({}, { ");
                self.one_of(METAMETHODS);
                self.push(" = ");
                self.expression(depth);
                self.push(" })");
            }
            13 => {
                let long = self.long;
                let program = hostile::program(|end| self.choose(end), long);
                self.push(&program);
            }
            _ => {
                self.push("pcall(");
                self.function(depth);
                self.push(")");
            }
        }
        self.push("\n");
    }

    /// A statement with a condition.
    fn around(&mut self, before: &str, depth: usize, after: &str, in_loop: bool) {
        self.push(before);
        self.expression(depth);
        self.push(after);
        self.block(depth, in_loop);
        self.push(" end");
    }

    fn call(&mut self, depth: usize) {
        let functions = if self.long && self.choose(4) == 0 { LONG } else { FUNCTIONS };
        // What begins with a parenthesis would go on with the line before.
        self.push("b = ");
        self.call_of(functions, depth);
    }

    fn call_of(&mut self, functions: &[&str], depth: usize) {
        match self.choose(8) {
            0 => self.name(),
            1 => self.push("c:x"),
            _ => self.one_of(functions),
        }
        self.push("(");
        for n in 0..self.choose(4) {
            self.push(if n > 0 { ", " } else { "" });
            self.expression(depth + 1);
        }
        self.push(")");
    }

    fn expression(&mut self, depth: usize) {
        self.parts += 1;
        let rule = if depth > DEEPEST || self.parts > MOST { self.choose(2) } else { self.choose(10) };
        match rule {
            0 => self.name(),
            1 => self.constant(),
            2 => {
                self.push("(");
                self.expression(depth + 1);
                self.push(" ");
                self.one_of(BINARY);
                self.push(" ");
                self.expression(depth + 1);
                self.push(")");
            }
            3 => {
                self.one_of(&["not ", "- ", "#"]);
                self.name();
            }
            4 => self.function(depth),
            5 => {
                self.push("{ ");
                self.expression(depth + 1);
                self.push(", ");
                self.one_of(METAMETHODS);
                self.push(" = ");
                self.expression(depth + 1);
                self.push(" }");
            }
            6 => {
                self.push("c[");
                self.expression(depth + 1);
                self.push("]");
            }
            7 => {
                self.push("coroutine.wrap(");
                self.function(depth);
                self.push(")");
            }
            8 => self.call_of(FUNCTIONS, depth),
            _ => self.constant(),
        }
    }

    fn constant(&mut self) {
        self.one_of(CONSTANTS);
    }
}
