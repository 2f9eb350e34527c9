//! Running a script as a whole: its results, what it printed, the time it took; and
//! what is printed outside of that.

use std::path::Path;
use std::time::Instant;

use crate::error::Result;
use crate::lang::{Outcome, Results};
use crate::output::Output;
use crate::vm::state::State;

impl State {
    /// Runs a script, and says what it returned, what it printed and how long it took.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let outcome = lua.run("print('rolling') return 6, 'six'")?;
    /// assert_eq!(outcome.first::<i32>(&mut lua)?, 6);
    /// assert_eq!(outcome.output(), "rolling\n");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Syntax`](crate::Error::Syntax), or what the script raises; [`State::take_output`] has what it
    /// printed before.
    pub fn run(&mut self, text: &str) -> Result<Outcome> {
        observed(self, |state| state.load(text).eval())
    }

    /// Runs a script from a file.
    ///
    /// # Errors
    /// [`Error::File`](crate::Error::File) if it cannot be read; otherwise as for [`State::run`].
    pub fn run_file(&mut self, path: impl AsRef<Path>) -> Result<Outcome> {
        observed(self, |state| state.load_file(path)?.eval())
    }

    /// Says where printed text goes from now on, and gives back where it went until now.
    ///
    /// ```
    /// use perilune::{Lua, Output};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.set_output(Output::discard());
    /// assert_eq!(lua.run("print 'unheard'")?.output(), "");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    pub fn set_output(&mut self, output: Output) -> Output {
        let vm = self.vm();
        if vm.unfinished.get() {
            vm.end_output();
        }
        vm.output.borrow_mut().set(output)
    }

    /// Takes what was printed and captured, but is in no [`Outcome`]: everything with
    /// [`Output::capture`] outside of runs, and what the latest run printed if it failed.
    /// Bytes that are no text are replaced.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// lua.run("print 'here it comes' error 'oh no'").unwrap_err();
    /// assert_eq!(lua.take_output(), "here it comes\n");
    /// # Ok::<(), perilune::Error>(())
    /// ```
    pub fn take_output(&mut self) -> String {
        let bytes = self.take_output_bytes();
        String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    /// As [`State::take_output`], whatever bytes they are.
    pub fn take_output_bytes(&mut self) -> Vec<u8> {
        self.vm().output.borrow_mut().take()
    }
}

/// A run in progress: it is ended whatever happens, also by a panic of the host's.
struct Run {
    vm: crate::vm::owner::VmRef,
    from: usize,
    ended: bool,
}

impl Run {
    fn begin(state: &State) -> Self {
        let vm = state.vm();
        let from = vm.output.borrow_mut().begin_run();
        Self { vm, from, ended: false }
    }

    fn end(mut self) -> Vec<u8> {
        self.ended = true;
        self.vm.output.borrow_mut().end_run(self.from)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if !self.ended {
            self.vm.output.borrow_mut().fail_run();
        }
    }
}

fn observed(state: &mut State, run: impl FnOnce(&mut State) -> Result<Results>) -> Result<Outcome> {
    let start = Instant::now();
    let observed = Run::begin(state);
    let values = run(state)?;
    Ok(Outcome::new(values, observed.end(), start.elapsed()))
}
