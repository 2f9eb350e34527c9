//! Promise: text that is not Lua is refused with the line, its text and a caret at
//! the very token, whatever the text looks like.

mod common;

use common::{check, is_luajit};
use perilune::{Error, Lua, SyntaxError};

fn complaint_in(name: &str, text: &[u8]) -> SyntaxError {
    let mut lua = Lua::new().unwrap();
    let result = lua.load(text).name(name).check();
    let Err(Error::Syntax(error)) = result else { panic!("{:?}: {result:?}", String::from_utf8_lossy(text)) };
    check(&mut lua);
    *error
}

fn complaint(text: &str) -> SyntaxError {
    complaint_in("rules", text.as_bytes())
}

/// The source line with the place marked that the caret points at.
fn marked(text: &str) -> String {
    let error = complaint(text);
    let mut line: Vec<char> = error.source_line.chars().collect();
    assert!(error.column <= line.len(), "{error:?}");
    line.insert(error.column, '^');
    format!("{}: {}", error.line, line.into_iter().collect::<String>())
}

#[test]
fn the_caret_stands_below_the_token() {
    assert_eq!(marked("local a = 1\nlocal b = = 2"), "2: local b = ^= 2");
    assert_eq!(marked("x = )"), "1: x = ^)");
    assert_eq!(marked("f(1, 2))\ng()"), "1: f(1, 2)^)");
    assert_eq!(marked("\n\n\nfor i in do end"), "4: for i in ^do end");
    assert_eq!(marked("return 1 +* 2 --"), "1: return 1 +^* 2 --");
    assert_eq!(marked("if x then y = 1 elseif end"), "1: if x then y = 1 elseif ^end");
    assert_eq!(marked("local function 1() end"), "1: local function ^1() end");
    assert_eq!(marked("x = 'text' 'more' 'text'"), "1: x = 'text' ^'more' 'text'");
    assert_eq!(marked("x = 1\ny = 'a' [[ many\nlines\n ]] 5"), "4: ^ ]] 5");
}

#[test]
fn of_a_token_that_stands_in_the_line_more_than_once_the_right_one_is_marked() {
    assert_eq!(marked("local x = y y y"), "1: local x = y y ^y");
    assert_eq!(marked("x = (1) y = (2)) z = (3)"), "1: x = (1) y = (2)^) z = (3)");
    assert_eq!(marked("a = 1 b = 2 c = = 3 d = 4"), "1: a = 1 b = 2 c = ^= 3 d = 4");
    assert_eq!(marked("s = ') )' t = ) --)"), "1: s = ') )' t = ^) --)");
    assert_eq!(marked("end_ = 1 append = end_ end bend = 1"), "1: end_ = 1 append = end_ ^end bend = 1");
}

#[test]
fn what_more_text_could_complete_is_said_to_be_incomplete() {
    for text in ["local function f(", "if x then", "return {", "x =", "for i = 1, 2 do\n", "--[[ a comment", "x = [[ a text", "return 1 +"]
    {
        let error = complaint(text);
        assert!(error.incomplete, "{text:?}: {error:?}");
        let last = text.lines().last().unwrap();
        assert!(error.source_line == last || error.source_line.is_empty(), "{error:?}");
        assert_eq!(error.column, error.source_line.chars().count());
    }
    for text in ["x = = 1", "end", "return 1 2", "x = 'a\n'"] {
        assert!(!complaint(text).incomplete, "{text:?}");
    }
}

#[test]
fn it_prints_as_a_sentence_a_line_and_a_caret() {
    assert_eq!(
        complaint("local a = 1\nlocal b = = 2").to_string(),
        "rules:2: unexpected symbol near '='\n  2 | local b = = 2\n    |           ^"
    );
    let tenth = "\n".repeat(9) + "\tx\t= = 1";
    assert_eq!(complaint(&tenth).to_string(), "rules:10: unexpected symbol near '='\n  10 | \tx\t= = 1\n     | \t \t  ^");
}

#[test]
fn every_kind_of_line_end_counts_as_in_lua() {
    for end in ["\n", "\r\n", "\r", "\n\r"] {
        let text = ["local a = 1", "", "local b = = 2", "local c = 3"].join(end);
        assert_eq!(marked(&text), "3: local b = ^= 2", "{end:?}");
    }
}

#[test]
fn a_byte_order_mark_and_a_shells_line_are_counted_but_not_shown() {
    assert_eq!(marked("\u{feff}x = = 1"), "1: x = ^= 1");
    assert_eq!(marked("#!/usr/bin/env lua\nx = = 1"), "2: x = ^= 1");
}

#[test]
fn columns_count_characters() {
    assert_eq!(marked("local s = 'äöü→𝄞' x = = 1"), "1: local s = 'äöü→𝄞' x = ^= 1");
    let error = complaint("local s = 'äöü' x = = 1");
    assert_eq!(error.column, 20);
    assert!(error.to_string().ends_with(&format!("\n    | {}^", " ".repeat(20))));
}

#[test]
fn bytes_that_are_no_text_are_shown_replaced() {
    let error = complaint_in("rules", b"local s = '\xff\xfe' x = = 1");
    assert_eq!((error.line, error.column), (1, 19));
    assert_eq!(error.source_line, "local s = '\u{fffd}\u{fffd}' x = = 1");
    for (text, column) in [(&b"x = \x01 y"[..], 4), (b"x = \0 y", 4), (b"x = 1 y = \x7f", 10)] {
        assert_eq!(complaint_in("rules", text).column, column, "{text:?}");
    }
    if !is_luajit() {
        // LuaJIT takes these bytes for letters.
        assert_eq!(complaint_in("rules", b"x = \xff y").column, 4);
        assert_eq!(complaint_in("rules", "x = ä".as_bytes()).column, 4);
    }
    // Not found in the line, hence not pointed at, but said.
    let error = complaint_in("rules", b"x = 'a\xff' 'b\xff\xfe'");
    assert_eq!(error.line, 1);
}

#[test]
fn a_token_of_several_lines_is_no_trouble() {
    let error = complaint("x = 'never\nended'");
    assert_eq!((error.line, error.source_line.as_str()), (1, "x = 'never"));
    let error = complaint("x = [[never\nended");
    assert!(error.incomplete && error.line == 2, "{error:?}");
}

#[test]
fn the_chunk_is_named_as_it_was_given() {
    for name in ["rules", "a name with spaces", "x:1: y", "file.lua:7", "", "=", "@", "ä→", "C:\\rules.lua"] {
        let error = complaint_in(name, b"\nx = = 1");
        assert_eq!((error.chunk.as_str(), error.line), (name, 2), "{error:?}");
        assert_eq!(error.message, "unexpected symbol near '='");
    }
}

/// The VM shortens long names; the line is found all the same.
#[test]
fn a_long_chunk_name_is_shortened_at_worst() {
    for unit in ["n", "long/", "a:1: ", "ä"] {
        let name = unit.repeat(400 / unit.len());
        let error = complaint_in(&name, b"\nx = = 1");
        assert_eq!((error.line, error.message.as_str()), (2, "unexpected symbol near '='"), "{error:?}");
        assert_eq!((error.source_line.as_str(), error.column), ("x = = 1", 4));
        assert!(!error.chunk.is_empty());
    }
}

#[test]
fn a_complaint_without_a_token_shows_the_line() {
    let error = complaint("x = 1\ngoto nowhere\ny = 2");
    assert!(error.message.contains("'nowhere'"), "{error:?}");
    let many = (0..300).map(|i| format!("local v{i} = {i}\n")).collect::<String>();
    let error = complaint(&many);
    assert!(error.message.contains("local variables"), "{error:?}");
    assert_eq!(error.line, 201);
}

#[test]
fn text_that_nests_without_end_is_refused() {
    for unit in ["(", "{", "f(", "-", "not ", "function() ", "do ", "[["] {
        let text = format!("x = {}", unit.repeat(100_000));
        let mut lua = Lua::new().unwrap();
        let error = lua.load(&text).check().unwrap_err();
        assert!(matches!(error, Error::Syntax(_) | Error::Runtime(_)), "{unit}: {:.300}", error.to_string());
        check(&mut lua);
    }
}

/// A megabyte of the same token in one line, as a generated file may have it. What takes
/// long is to compile it, and that has to be done a few times only: once would take so
/// many allocations, which are counted here because a clock would judge the machine.
#[test]
fn a_huge_line_is_compiled_a_few_times_only() {
    let text = "x = 1 ".repeat(200_000);
    let mut lua = Lua::new().unwrap();
    let mut allocations = |text: &str| {
        let before = lua.memory().allocations;
        let outcome = lua.load(text).check();
        (lua.memory().allocations - before, outcome)
    };
    let (once, outcome) = allocations(&text);
    outcome.unwrap();
    let (all, outcome) = allocations(&(text + "y = = 2 " + &"z = 3 ".repeat(10)));
    let Err(Error::Syntax(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.column, 200_000 * 6 + 4);
    assert!(all < 50 * once, "{all} allocations, and {once} to compile it once");
}

#[test]
fn bytecode_is_no_text() {
    let error = complaint_in("rules", b"\x1bLua\x54");
    assert_eq!((error.line, error.source_line.as_str(), error.column), (0, "", 0), "{error:?}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
}

#[test]
fn a_syntax_error_in_a_callback_or_in_a_scripts_load_is_its_message() {
    let mut lua = Lua::new().unwrap();
    let out = lua.run("return load('x = = 1', '=inner')").unwrap();
    let message = out.values()[1].to::<String>(&mut lua).unwrap();
    assert_eq!(message, "inner:1: unexpected symbol near '='");
    lua.register("compile", |state: &mut perilune::State, text: &str| state.load(text).name("inner").check()).unwrap();
    let error = lua.run("compile('x = = 1')").unwrap_err();
    assert!(matches!(error, Error::Runtime(_)));
    assert!(error.to_string().starts_with("inner:1: unexpected symbol near '='"), "{error}");
    assert_eq!(error.downcast_ref::<SyntaxError>().expect("the cause is there").line, 1);
}
