//! Errors: kinds, causes, context, and errors as values.

use std::error::Error as _;
use std::fmt;

use perilune::{Error, ErrorContext, Function, MemoryError, Result, State, StopReason, SyntaxError, Table, TimeoutError, TypeError, Value};

use crate::common::{quietly, with};

/// An error of the host's own.
#[derive(Debug, Clone, PartialEq)]
struct Locked(u32);

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "door {} is locked", self.0)
    }
}

impl std::error::Error for Locked {}

#[test]
fn context_stands_in_front_on_both_sides_of_a_script() {
    with(|lua| {
        lua.register("open", |_: &mut State, n: u32| -> Result<()> { Err(Error::external(Locked(n))).context("opening a door") })?;
        let error = lua.run("open(3)").context("running the level").unwrap_err();
        assert_eq!(error.to_string(), "running the level: opening a door: door 3 is locked");
        assert_eq!(error.downcast_ref::<Locked>(), Some(&Locked(3)));
        assert!(error.traceback().is_some());
        lua.run("local ok, e = pcall(open, 3) assert(tostring(e) == 'opening a door: door 3 is locked')").map(drop)
    });
}

#[test]
fn context_hides_nothing_of_what_was_raised() {
    with(|lua| {
        let error = lua.run("error({ code = 7 })").context("running the level").unwrap_err();
        let code: i32 = error.value().and_then(Value::as_table).unwrap().get(lua, "code")?;
        assert_eq!(code, 7);
        let error = lua.load("return +").name("fire").check().context("loading").unwrap_err();
        assert!(error.to_string().starts_with("loading: fire:1: unexpected symbol"), "{error}");
        assert_eq!(error.downcast_ref::<SyntaxError>().map(|error| error.line), Some(1));
        assert!(matches!(error.source().unwrap().downcast_ref(), Some(Error::Syntax(_))));
        Ok(())
    });
}

#[test]
fn context_of_a_wrong_value_is_its_place() {
    with(|lua| {
        let error = lua.get::<u8>("print").with_context(|error| format!("code {}", error.code())).unwrap_err();
        assert_eq!(error.to_string(), "code -6: global 'print': expected an integer from 0 to 255, got function");
        // It is still the argument's fault.
        lua.register("choose", |_: &mut State, Chosen(n): Chosen| Ok(n))?;
        let error = lua.run("choose('x')").unwrap_err().to_string();
        assert!(error.contains("bad argument #1 to 'choose': choosing: expected an integer"), "{error}");
        Ok(())
    });
}

/// A conversion that says what it was doing.
struct Chosen(u32);

impl perilune::FromLua for Chosen {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        value.to(state).context("choosing").map(Self)
    }
}

#[test]
fn a_context_that_a_script_passes_on_is_not_lost() {
    with(|lua| {
        lua.register("call", |state: &mut State, f: Function| -> Result<()> { f.call::<()>(state, ()).context("calling back") })?;
        let error = lua.run("call(function() call(function() error({ 'a table' }) end) end)").unwrap_err();
        assert!(error.to_string().starts_with("calling back: calling back: table: "), "{error}");
        let raised: Value = error.value().cloned().unwrap();
        assert_eq!(raised.to::<Vec<String>>(lua)?, ["a table"]);
        Ok(())
    });
}

#[test]
fn the_standard_librarys_errors_pass_with_a_question_mark() {
    with(|lua| {
        lua.register("read", |_: &mut State, path: &str| -> Result<String> { Ok(std::fs::read_to_string(path)?) })?;
        lua.register("text", |_: &mut State, bytes: &[u8]| -> Result<usize> { Ok(std::str::from_utf8(bytes)?.len()) })?;
        let error = lua.run("read('/nowhere/at/all')").unwrap_err();
        assert_eq!(error.downcast_ref::<std::io::Error>().unwrap().kind(), std::io::ErrorKind::NotFound);
        let error = lua.run(r"text('a\255')").unwrap_err();
        assert_eq!(error.downcast_ref::<std::str::Utf8Error>().unwrap().valid_up_to(), 1);
        Ok(())
    });
}

#[test]
fn any_error_can_be_external_and_a_message_is_enough() {
    with(|lua| {
        lua.register("parse", |_: &mut State, text: &str| -> Result<f64> { text.parse().map_err(Error::external) })?;
        lua.register("refuse", |_: &mut State, (): ()| -> Result<()> { Err(Error::external("just so")) })?;
        assert!(lua.run("parse('x')").unwrap_err().downcast_ref::<std::num::ParseFloatError>().is_some());
        assert_eq!(lua.run("refuse()").unwrap_err().to_string(), "just so");
        Ok(())
    });
}

#[test]
fn a_callback_takes_what_a_script_has_caught() {
    with(|lua| {
        lua.register("open", |_: &mut State, n: u32| -> Result<()> { Err(Error::external(Locked(n))) })?;
        lua.register("door_of", |_: &mut State, error: Error| Ok(error.downcast_ref::<Locked>().map(|locked| locked.0)))?;
        lua.register("text_of", |_: &mut State, error: Option<Error>| Ok(error.map(|error| error.to_string())))?;
        lua.run(
            "local _, e = pcall(open, 3)
             assert(door_of(e) == 3 and text_of(e) == 'door 3 is locked')
             assert(door_of('no error') == nil and text_of('no error') == 'no error')
             assert(text_of(nil) == nil and text_of(7) == '7' and text_of(true) == 'true')
             assert(text_of(setmetatable({}, { __tostring = function() return 'own' end })) == 'own')
             assert(text_of(setmetatable({}, { __tostring = function() error('worse') end })) == '(error object is a table value)')",
        )
        .map(drop)
    });
}

#[test]
fn an_error_given_to_a_script_is_raised_as_the_same_one() {
    with(|lua| {
        lua.set("e", Error::external(Locked(4)))?;
        lua.run("assert(tostring(e) == 'door 4 is locked' and type(e) == 'userdata')")?;
        assert_eq!(lua.run("error(e)").unwrap_err().downcast_ref::<Locked>(), Some(&Locked(4)));
        assert_eq!(lua.get::<Error>("e")?.downcast_ref::<Locked>(), Some(&Locked(4)));
        // What a script has raised is that value again.
        let raised = lua.run("thrown = { 'a table' } error(thrown)").unwrap_err();
        lua.set("e", raised)?;
        lua.run("assert(e == thrown)")?;
        assert!(matches!(lua.get::<Error>("e")?.value(), Some(Value::Table(_))));
        Ok(())
    });
}

#[test]
fn errors_of_every_kind_are_values() {
    with(|lua| {
        lua.register("boom", |_: &mut State, (): ()| -> Result<()> { panic!("on purpose") })?;
        let syntax = lua.load("return +").check().unwrap_err();
        let panic = quietly(|| lua.run("boom()")).unwrap_err();
        let kinds = [
            syntax,
            panic,
            MemoryError::new(64).into(),
            TimeoutError::new(StopReason::Time).into(),
            Error::Closed,
            Error::ForeignHandle,
            Error::type_mismatch("a", "b"),
        ];
        for error in kinds {
            lua.set("e", error.clone())?;
            assert_eq!(lua.load("return tostring(e)").eval::<String>()?, error.to_string());
            let back: Error = lua.get("e")?;
            assert_eq!((back.to_string(), back.code()), (error.to_string(), error.code()));
        }
        Ok(())
    });
}

#[test]
fn an_error_that_holds_another_vms_value_is_given_as_text() {
    with(|lua| {
        let theirs = perilune::Lua::new()?.run("error({ 'theirs' })").unwrap_err();
        lua.set("e", theirs)?;
        lua.run("assert(type(e) == 'userdata' and tostring(e):find('^table: '))").map(drop)
    });
}

#[test]
fn kinds_are_matched_and_types_looked_into() {
    with(|lua| {
        let error = lua.load("return 'x'").eval::<u8>().unwrap_err();
        let Error::Type(wrong) = &error else { panic!("{error:?}") };
        assert_eq!((wrong.expected.as_str(), wrong.got.as_str()), ("an integer from 0 to 255", "string \"x\""));
        lua.register("roll", |_: &mut State, (_, _): (u8, u8)| Ok(()))?;
        let error = lua.run("roll(1, 'x')").unwrap_err();
        assert_eq!(error.downcast_ref::<TypeError>().and_then(|wrong| wrong.argument), Some(2));
        Ok(())
    });
}

#[test]
fn errors_go_where_other_errors_go() {
    fn load(lua: &mut State) -> std::result::Result<Table, Box<dyn std::error::Error + Send + Sync>> {
        Ok(lua.load("return { 1 }").eval()?)
    }
    fn fail(lua: &mut State) -> std::result::Result<(), Box<dyn std::error::Error + Send + Sync>> {
        lua.run("error('no')")?;
        Ok(())
    }
    with(|lua| {
        assert_eq!(load(lua).unwrap().raw_len(lua)?, 1);
        let error = std::thread::scope(|scope| scope.spawn(|| Error::runtime("from elsewhere")).join().unwrap());
        assert_eq!(error.to_string(), "from elsewhere");
        assert!(fail(lua).unwrap_err().downcast_ref::<Error>().is_some());
        Ok(())
    });
}

#[test]
fn the_alternate_form_shows_the_traceback() {
    with(|lua| {
        let error = lua.load("local function f() error('no') end f()").name("deep").exec().unwrap_err();
        assert_eq!(format!("{error}"), "deep:1: no");
        assert!(format!("{error:#}").starts_with("deep:1: no\nstack traceback:\n"));
        Ok(())
    });
}
