//! Promise: what scripts print goes where the host wants it, whole, in order, and bounded;
//! `print` and `io.write` are otherwise what they are in Lua.

mod common;

use std::sync::{Arc, Mutex};

use common::{check, height, is_luajit, quietly, this_program, with};
use perilune::{Error, Function, Libs, Lua, Output, Result, State};

/// An output that gathers lines, and what it has gathered.
fn gathered() -> (Output, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let to = Arc::clone(&lines);
    (Output::lines(move |line| to.lock().unwrap().push(line.to_owned())), lines)
}

fn taken(lines: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut lines.lock().unwrap())
}

/// A VM that captures, with the libraries that print.
fn capturing() -> Lua {
    // SAFETY: the tests' own scripts run there.
    unsafe { Lua::builder().unsafe_libs(Libs::IO) }.output(Output::capture()).build().unwrap()
}

/// What `script` prints.
fn printed(script: &str) -> String {
    let mut lua = capturing();
    lua.load(script).exec().unwrap_or_else(|error| panic!("{script}: {error:#}"));
    let output = lua.take_output();
    check(&mut lua);
    output
}

#[test]
fn print_is_luas() {
    let float = if is_luajit() { "1" } else { "1.0" };
    for (script, expected) in [
        ("print()", "\n"),
        ("print(nil)", "nil\n"),
        ("print(nil, nil)", "nil\tnil\n"),
        ("print(1, 1.5, 'x', true, nil)", "1\t1.5\tx\ttrue\tnil\n"),
        ("print(1e15 / 1e15)", &format!("{float}\n")),
        ("print('a\\nb')", "a\nb\n"),
        ("print(setmetatable({}, { __tostring = function() return 'object' end }), 1)", "object\t1\n"),
        ("print((print(1)))", "1\nnil\n"),
        ("print(select('#', print()))", "\n0\n"),
        // Whatever a script makes of the functions that it does not ask.
        ("local a, b, c = type, select, error type, select, error = nil print(1, 2) type, select, error = a, b, c", "1\t2\n"),
        (
            "local t = {} for i = 1, 200 do t[i] = i end print((unpack or table.unpack)(t))",
            &((1..200).map(|i| format!("{i}\t")).collect::<String>() + "200\n"),
        ),
    ] {
        assert_eq!(printed(script), expected, "{script}");
    }
    // LuaJIT's asks the globals, as in Lua 5.1.
    let script = "local before = tostring function tostring() return 'mine' end print(1, {}) tostring = before";
    assert_eq!(printed(script).starts_with("mine\tmine\n"), is_luajit());
    // Values without a text of their own, by their type.
    assert!(printed("print({})").starts_with("table: "));
    assert!(printed("print(print)").starts_with("function: "));
}

#[test]
fn what_tostring_does_wrong_is_an_error_where_it_was_called() {
    let mut lua = capturing();
    for (script, expected) in [
        ("print(setmetatable({}, { __tostring = function() return {} end }))", "tostring' must return a string"),
        ("print(setmetatable({}, { __tostring = function() error('on purpose') end }))", "on purpose"),
        ("print(1, setmetatable({}, { __tostring = function() return nil end }))", "tostring' must return a string"),
        ("print(setmetatable({}, { __tostring = 7 }))", "attempt to call"),
    ] {
        let top = height(&mut lua);
        let error = lua.load(script).exec().unwrap_err();
        assert!(error.to_string().contains(expected), "{script}: {error}");
        assert!(error.traceback().is_some());
        assert_eq!(height(&mut lua), top);
        check(&mut lua);
    }
}

#[test]
fn a_tostring_that_prints_its_own_value_ends() {
    let mut lua = capturing();
    for script in [
        "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(t) print(t) return '' end print(t)",
        "local t = setmetatable({}, {}) getmetatable(t).__tostring = function(t) return tostring(t) .. 'x' end print(t)",
        "local function t() return setmetatable({}, { __tostring = function() print(t()) return 'x' end }) end print(t())",
    ] {
        let error = lua.load(script).exec().unwrap_err();
        assert!(error.to_string().contains("stack overflow") || error.to_string().contains("error in error handling"), "{error}");
        check(&mut lua);
    }
}

#[test]
fn io_write_is_luas() {
    let whole = if is_luajit() { "1" } else { "1.0" };
    for (script, expected) in [
        ("io.write()", ""),
        ("io.write('a', 1, 2.5, 'b')", "a12.5b"),
        ("io.write(2 / 2)", whole),
        ("io.stdout:write('x', 1)", "x1"),
        ("io.write('a') print('b') io.stdout:write('c')", "ab\nc"),
        ("io.flush() io.stdout:flush() io.write('x') io.flush()", "x"),
        ("local file = io.tmpfile() assert((io.write() == io.stdout) == (file:write() == file)) file:close()", ""),
    ] {
        assert_eq!(printed(script), expected, "{script}");
    }
    let mut lua = capturing();
    for (script, expected) in [
        ("io.write({})", "bad argument #1 to 'write' (string expected, got table)"),
        ("io.write('a', nil)", "bad argument #2 to 'write' (string expected, got nil)"),
        ("io.stdout:write(true)", "bad argument #1 to 'write' (string expected, got boolean)"),
    ] {
        let error = lua.load(script).name("script").exec().unwrap_err();
        assert!(error.to_string().starts_with("script:1: ") && error.to_string().contains(expected), "{script}: {error}");
    }
}

#[test]
fn other_files_than_the_standard_output_are_left_alone() {
    let path = std::env::temp_dir().join(format!("perilune-output-{}.txt", std::process::id()));
    let mut lua = capturing();
    let write: Function = lua
        .load(
            "return function(path)
                local f = assert(io.open(path, 'w'))
                assert(f:write('one\\n', 2))
                f:flush() f:close()
                io.output(path)
                io.write('to the file') io.flush()
                print 'not to the file'
                io.stdout:write('nor this\\n')
                io.close()
                io.output(io.stdout)
                io.write('again')
             end",
        )
        .eval()
        .unwrap();
    write.call::<()>(&mut lua, path.to_str().unwrap()).unwrap();
    assert_eq!(lua.take_output(), "not to the file\nnor this\nagain");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "to the file");
    if !is_luajit() {
        lua.load("io.write('a'):write('b'):write('c')").exec().unwrap();
        assert_eq!(lua.take_output(), "abc");
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn lines_come_whole_and_the_rest_at_the_end_of_the_outermost_call() {
    let (output, lines) = gathered();
    // SAFETY: only the lines below run there.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO) }.output(output).build().unwrap();
    lua.register("seen", {
        let lines = Arc::clone(&lines);
        move |_: &mut State, (): ()| -> Result<usize> { Ok(lines.lock().unwrap().len()) }
    })
    .unwrap();
    lua.register("inner", |state: &mut State, text: &str| -> Result<()> { state.load(text).exec() }).unwrap();
    let script =
        "io.write('a') io.write('b\\nc') assert(seen() == 1) inner('io.write \"d\"') assert(seen() == 1) print('e') assert(seen() == 2)
                  io.write('rest') return 1";
    assert_eq!(lua.run(script).unwrap().output(), "");
    assert_eq!(taken(&lines), ["ab", "cde", "rest"]);
    // Also when the call fails, and when the VM is closed or its output changed.
    assert!(lua.run("io.write('begun') error()").is_err());
    assert_eq!(taken(&lines), ["begun"]);
    lua.load("print('x\\ny')").exec().unwrap();
    assert_eq!(taken(&lines), ["x", "y"]);
    lua.close().unwrap();
    assert_eq!(taken(&lines), [""; 0]);
}

#[test]
fn an_error_of_the_receiver_is_one_in_the_script() {
    let mut lua = Lua::new().unwrap();
    lua.set_output(Output::try_lines(|line| if line == b"bad" { Err(Error::external(std::fmt::Error)) } else { Ok(()) }));
    let error = lua.run("print 'good' print 'bad'").unwrap_err();
    assert!(error.downcast_ref::<std::fmt::Error>().is_some(), "{error:?}");
    assert!(error.traceback().unwrap().contains("print"), "{error:#}");
    lua.run("assert(not pcall(print, 'bad')) print 'good' assert(not pcall(print, 'a\\nbad\\nb'))").unwrap();
    check(&mut lua);
}

#[test]
fn a_panic_of_the_receiver_is_one_in_the_script() {
    quietly(|| {
        let mut lua = Lua::new().unwrap();
        lua.set_output(Output::lines(|line| assert_ne!(line, "bad", "a bad line")));
        for script in ["print 'bad'", "print('good\\nbad\\nworse')"] {
            let Err(Error::Panic(panic)) = lua.run(script) else { panic!("no panic") };
            assert!(panic.message().contains("a bad line"));
            check(&mut lua);
        }
        lua.run("local ok, e = pcall(print, 'bad') assert(not ok and tostring(e):find('panicked')) print 'good'").unwrap();
        check(&mut lua);
    });
}

#[test]
fn a_panic_over_the_rest_of_a_line_waits_for_the_next_call() {
    quietly(|| {
        // SAFETY: only the lines below run there.
        let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO) }.build().unwrap();
        lua.set_output(Output::lines(|_| panic!("never")));
        assert_eq!(lua.load("io.write 'x' return 1").eval::<i32>().unwrap(), 1);
        assert!(matches!(lua.create_table(), Err(Error::Panic(_))));
        check(&mut lua);
        lua.load("io.write 'x'").exec().unwrap();
        assert!(matches!(lua.close(), Err(Error::Panic(_))));
    });
}

#[test]
fn a_finalizer_may_print_while_something_is_printed() {
    // SAFETY: only the lines below run there.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::UNCHECKED | Libs::IO) }.output(Output::capture()).build().unwrap();
    lua.load(
        "local function gone() print 'gone' end
         local function object()
            if not newproxy then return setmetatable({}, { __gc = gone }) end
            local object = newproxy(true)
            getmetatable(object).__gc = gone
         end
         for i = 1, 5000 do object() io.write(i + 0.5, '\\n') end",
    )
    .exec()
    .unwrap();
    lua.gc_collect().unwrap();
    let printed = lua.take_output();
    assert!(printed.matches("gone").count() > 4000 && printed.matches(".5").count() == 5000, "{}", printed.len());
    check(&mut lua);
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn a_receiver_that_panics_when_dropped_is_reported_at_close() {
    quietly(|| {
        let bomb = Bomb;
        let lua = Lua::builder().output(Output::lines(move |_| _ = std::hint::black_box(&bomb))).build().unwrap();
        let Err(Error::Panic(panic)) = lua.close() else { panic!("no panic") };
        assert_eq!(panic.message(), "dropped");
        let bomb = Bomb;
        drop(Lua::builder().output(Output::lines(move |_| _ = std::hint::black_box(&bomb))).build().unwrap());
    });
}

#[test]
fn a_flood_ends_in_an_error_and_not_in_the_hosts_memory() {
    let flood = "local s = ('x'):rep(1000) while true do print(s) end";
    let mut lua = Lua::builder().output(Output::capture().limit(100_000)).build().unwrap();
    let error = lua.load(flood).exec().unwrap_err();
    assert!(error.to_string().contains("more than the 100000 bytes"), "{error}");
    let kept = lua.take_output();
    assert_eq!(kept.len(), 100_000);
    assert_eq!(&kept[..1001], ["x".repeat(1000), "\n".to_owned()].concat());
    // There is room again.
    lua.load("print 'x'").exec().unwrap();
    assert_eq!(lua.take_output(), "x\n");
    // By default too, in the runs that capture.
    let mut lua = Lua::new().unwrap();
    let error = lua.run("local s = ('x'):rep(1000000) while true do print(s) end").unwrap_err();
    assert!(error.to_string().contains("more than the 16777216 bytes"), "{error}");
    assert_eq!(lua.take_output_bytes().len(), 16 << 20);
    check(&mut lua);
    // What one value claims to be, too.
    let error = lua.run("local s = ('x'):rep(20000000) print(setmetatable({}, { __tostring = function() return s end }))").unwrap_err();
    assert!(error.to_string().contains("more than the 16777216 bytes"), "{error}");
    check(&mut lua);
    // A script that ignores the error gains nothing.
    let mut lua = Lua::builder().output(Output::capture().limit(1000)).build().unwrap();
    lua.load("for i = 1, 1000 do pcall(print, ('x'):rep(100)) end").exec().unwrap();
    assert_eq!(lua.take_output().len(), 1000);
    // Nor does a line that never ends.
    let (output, lines) = gathered();
    // SAFETY: only the line below runs there.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO) }.output(output.limit(1000)).build().unwrap();
    let error = lua.load("while true do io.write 'spam' end").exec().unwrap_err();
    assert!(error.to_string().contains("more than the 1000 bytes"), "{error}");
    assert_eq!(taken(&lines).concat().len(), 1000);
}

#[test]
fn the_output_can_be_changed_in_between() {
    with(|lua| {
        let (output, lines) = gathered();
        lua.set_output(Output::capture());
        lua.load("print 'captured'").exec()?;
        let former = lua.set_output(output);
        lua.load("print 'a line'").exec()?;
        drop(lua.set_output(former));
        lua.load("print 'captured again'").exec()?;
        assert_eq!(lua.take_output(), "captured again\n");
        assert_eq!(taken(&lines), ["a line"]);
        // What was captured stays from one capturing output to the next.
        lua.load("print 'kept'").exec()?;
        lua.set_output(Output::default());
        assert_eq!(lua.take_output(), "kept\n");
        // In the middle of a run, too.
        lua.register("hush", |state: &mut State, (): ()| -> Result<()> {
            drop(state.set_output(Output::discard()));
            Ok(())
        })?;
        assert_eq!(lua.run("print 'loud' hush() print 'silent'")?.output(), "");
        Ok(())
    });
}

#[test]
fn what_is_passed_on_is_on_the_standard_output_in_order() {
    const CHILD: &str = "PERILUNE_TEST_PASSES_ON";
    if std::env::var_os(CHILD).is_some() {
        return pass_on();
    }
    let output = this_program()
        .args(["what_is_passed_on_is_on_the_standard_output_in_order", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("<one\ntwo\t2\nthree four five>"), "{text}");
    assert!(!text.contains("captured"), "{text}");
}

/// What the child process prints.
fn pass_on() {
    // SAFETY: only the lines below run there.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO) }.build().unwrap();
    lua.load("io.write '<' print 'one'").exec().unwrap();
    assert_eq!(lua.run("print 'captured'").unwrap().output(), "captured\n");
    lua.load("print('two', 2)").exec().unwrap();
    lua.set_output(Output::pass_on());
    assert_eq!(lua.run("io.write 'three ' io.stdout:write 'four ' io.flush() io.write 'five>'").unwrap().output(), "");
}
