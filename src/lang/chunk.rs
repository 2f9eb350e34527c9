//! Pieces of Lua source text: named, compiled, run.

use std::borrow::Cow;
use std::ffi::{CStr, CString};

use crate::error::{Error, Result};
use crate::lang::function::{finish, prepare};
use crate::lang::value::push_slot;
use crate::lang::{FromLuaMulti, Function, IntoLuaMulti, Table, syntax};
use crate::sys;
use crate::vm::protect::{Body, Source};
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;

/// A piece of Lua, ready to be compiled. Made by [`State::load`].
///
/// Only text is accepted. A byte order mark and a first line that begins with `#`
/// are skipped.
///
/// ```
/// use perilune::Lua;
///
/// let mut lua = Lua::new()?;
/// let environment = lua.create_table()?;
/// environment.set(&mut lua, "base", 40)?;
/// let n: i32 = lua.load("return base + 2").name("sum").environment(&environment).eval()?;
/// assert_eq!(n, 42);
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a chunk does nothing until it is run or compiled"]
pub struct Chunk<'a> {
    state: &'a mut State,
    text: Cow<'a, [u8]>,
    name: Cow<'static, CStr>,
    environment: Option<Table>,
    bytecode: bool,
    expression: bool,
}

impl<'a> Chunk<'a> {
    pub(crate) fn new(state: &'a mut State, text: Cow<'a, [u8]>) -> Self {
        Self { state, text, name: Cow::Borrowed(c"=chunk"), environment: None, bytecode: false, expression: false }
    }

    /// Names it, for messages and tracebacks.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Cow::Owned(c_name('=', name));
        self
    }

    /// Names it after the file it came from.
    pub(crate) fn of_file(mut self, path: &str) -> Self {
        self.name = Cow::Owned(c_name('@', path));
        self
    }

    /// Gives it another table of globals.
    pub fn environment(mut self, table: &Table) -> Self {
        self.environment = Some(table.clone());
        self
    }

    /// Also takes an expression, as a prompt does: `1 + 2` is then `return 1 + 2`. What is
    /// both, such as a call, is taken as an expression.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// lua.load("hp = 7").expression().exec()?;
    /// assert_eq!(lua.load("hp * 2").expression().eval::<i32>()?, 14);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    pub fn expression(mut self) -> Self {
        self.expression = true;
        self
    }

    /// Also accepts bytecode.
    ///
    /// # Safety
    /// The VM does not verify bytecode: what was not made by `string.dump` of this
    /// very version can corrupt memory.
    pub unsafe fn allow_bytecode(mut self) -> Self {
        self.bytecode = true;
        self
    }

    /// Compiles and runs it, and converts what it returns.
    ///
    /// # Errors
    /// [`Error::Syntax`] if it is not Lua; otherwise as for [`Function::call`].
    pub fn eval<R: FromLuaMulti>(self) -> Result<R> {
        if self.expression { self.call(()) } else { self.compile(Body::Run) }
    }

    /// Compiles and runs it.
    ///
    /// # Errors
    /// As for [`Chunk::eval`].
    pub fn exec(self) -> Result<()> {
        self.eval()
    }

    /// Compiles it, and calls it with arguments, which are its `...`.
    ///
    /// # Errors
    /// As for [`Chunk::eval`].
    pub fn call<R: FromLuaMulti>(self, arguments: impl IntoLuaMulti) -> Result<R> {
        let state = self.state;
        let function: Function = Chunk { state: &mut *state, ..self }.into_function()?;
        function.call(state, arguments)
    }

    /// Compiles it without running it.
    ///
    /// # Errors
    /// [`Error::Syntax`], with the line, its text and a caret.
    pub fn into_function(self) -> Result<Function> {
        if self.expression { self.compile_expression() } else { self.compile(Body::Load) }
    }

    /// Checks the syntax and does nothing else.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let error = lua.load("local hp =\nhp = = 3").name("rules").check().unwrap_err();
    /// assert!(error.to_string().starts_with("rules:2:"));
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Chunk::into_function`].
    pub fn check(self) -> Result<()> {
        self.into_function().map(drop)
    }

    fn compile<R: FromLuaMulti>(self, body: Body) -> Result<R> {
        let slots = 4 + R::COUNT.max(1);
        let (text, name, environment) = (source_text(&self.text), &self.name, self.environment.as_ref());
        let mut source = Source {
            text: text.as_ptr().cast(),
            length: text.len(),
            name: name.as_ptr(),
            mode: if self.bytecode { c"bt" } else { c"t" }.as_ptr(),
            environment: environment.is_some().into(),
            status: sys::LUA_OK,
        };
        let result = run_source(self.state, &mut source, environment, body, slots);
        match source.status {
            sys::LUA_ERRSYNTAX => result.map_err(|error| syntax::explain(self.state, &error, text, name)),
            sys::LUA_ERRMEM => Err(self.state.vm().memory.error()),
            _ => result,
        }
    }

    /// Compiles it as an expression, and if it is none, as it is.
    fn compile_expression(self) -> Result<Function> {
        let expression = Cow::Owned([b"return ", source_text(&self.text)].concat());
        let (state, name, environment) = (self.state, self.name.clone(), self.environment.clone());
        match (Chunk { state: &mut *state, text: expression, name, environment, ..self }).compile(Body::Load) {
            Err(Error::Syntax(_)) => Chunk { state, ..self }.compile(Body::Load),
            result => result,
        }
    }
}

/// Compiles `source`, and runs it if `body` does. `[-0, +0, e]`
pub(crate) fn run_source<R: FromLuaMulti>(
    state: &mut State,
    source: &mut Source,
    environment: Option<&Table>,
    body: Body,
    slots: std::ffi::c_int,
) -> Result<R> {
    let vm = state.vm();
    vm.begin(state)?;
    stack::with_room(state, slots, |state| {
        // SAFETY: there is room (I4); balanced (I5); the source outlives the call,
        // at whose start the body takes it.
        unsafe {
            let balance = StackGuard::new(state.raw());
            let call = prepare::<R>(vm, state, balance.top);
            call.push_body(body);
            if let Some(table) = environment {
                push_slot(state, table.slot())?;
            }
            vm.gate.source.set(source);
            finish(&call, state, environment.is_some().into())
        }
    })
}

/// The text without a byte order mark, and without a first line that begins with `#`
/// (its end stays, so that lines keep their numbers).
fn source_text(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if !text.starts_with(b"#") {
        return text;
    }
    let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
    &text[end..]
}

/// A chunk name for C, marked as a name or a file; what comes after a NUL would be
/// lost, so NULs are shown.
fn c_name(mark: char, name: &str) -> CString {
    CString::new(format!("{mark}{}", name.replace('\0', "\\0"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_for_the_shell_is_skipped_but_counted() {
        assert_eq!(source_text(b"#!/usr/bin/lua\nreturn 1"), b"\nreturn 1");
        assert_eq!(source_text(b"\xef\xbb\xbf# hi"), b"");
        assert_eq!(source_text(b"\xef\xbb\xbfreturn"), b"return");
    }
}
