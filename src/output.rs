//! Where the text goes that scripts print.
//!
//! [`Output`] is the host's choice; a [`Sink`] is what a VM makes of it: it keeps what
//! is captured, puts lines together and bounds both. This file knows nothing of Lua.

#![forbid(unsafe_code)]

use std::fmt;
use std::io::{self, Write};

use crate::error::{Error, MemoryError, Result};

/// The bytes that are kept at most, unless [`Output::limit`] says otherwise.
const DEFAULT_LIMIT: usize = 16 << 20;

/// Takes one line, without its end.
type TakeLine = Box<dyn FnMut(&[u8]) -> Result<()> + Send>;

/// Where the text goes that scripts print with `print`, and with `io.write` and
/// `io.stdout` where they have `io`.
///
/// The default suits a program with a terminal: what is printed during
/// [`State::run`](crate::State::run) and [`run_file`](crate::State::run_file) is captured
/// for the [`Outcome`](crate::Outcome), the rest passed on to the standard output.
///
/// ```
/// use std::sync::mpsc;
///
/// use perilune::{Lua, Output};
///
/// let (lines, printed) = mpsc::channel();
/// let output = Output::lines(move |line| drop(lines.send(line.to_owned())));
/// let mut lua = Lua::builder().output(output).build()?;
/// lua.run("print('hit', 7) print 'miss'")?;
/// assert_eq!(printed.try_iter().collect::<Vec<_>>(), ["hit\t7", "miss"]);
/// # Ok::<(), perilune::Error>(())
/// ```
pub struct Output {
    way: Way,
    limit: usize,
}

enum Way {
    /// Captured during `run`, passed on elsewhere.
    Runs,
    Capture,
    PassOn,
    Discard,
    Lines(TakeLine),
}

impl Output {
    /// Everything is kept: for the [`Outcome`](crate::Outcome) where
    /// [`State::run`](crate::State::run) prints it, else until
    /// [`State::take_output`](crate::State::take_output) takes it.
    pub fn capture() -> Self {
        Self::new(Way::Capture)
    }

    /// Everything goes to the program's standard output at once.
    pub fn pass_on() -> Self {
        Self::new(Way::PassOn)
    }

    /// Everything is thrown away.
    pub fn discard() -> Self {
        Self::new(Way::Discard)
    }

    /// Each line is given to `take`, without its end; what is not text is replaced. A line
    /// that was begun is given at the end of the outermost call into Lua.
    ///
    /// A panic in `take` becomes an error in the script.
    ///
    /// ```compile_fail,E0277
    /// let lines = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    /// // It must be `Send`, because the VM is.
    /// perilune::Output::lines(move |line| lines.borrow_mut().push(line.to_owned()));
    /// ```
    pub fn lines(mut take: impl FnMut(&str) + Send + 'static) -> Self {
        Self::try_lines(move |line| {
            take(&String::from_utf8_lossy(line));
            Ok(())
        })
    }

    /// As [`Output::lines`], for bytes, and for a receiver that can fail: its error is
    /// raised in the script that printed.
    pub fn try_lines(take: impl FnMut(&[u8]) -> Result<()> + Send + 'static) -> Self {
        Self::new(Way::Lines(Box::new(take)))
    }

    /// Each line is a message to the `log` crate, with the target `lua`.
    #[cfg(feature = "log")]
    pub fn log(level: log::Level) -> Self {
        Self::lines(move |line| log::log!(target: "lua", level, "{line}"))
    }

    /// Each line is an event of the `tracing` crate, with the target `lua`.
    #[cfg(feature = "tracing")]
    pub fn tracing(level: tracing::Level) -> Self {
        // The level of an event has to be a constant.
        Self::lines(move |line| match level {
            tracing::Level::ERROR => tracing::error!(target: "lua", "{line}"),
            tracing::Level::WARN => tracing::warn!(target: "lua", "{line}"),
            tracing::Level::INFO => tracing::info!(target: "lua", "{line}"),
            tracing::Level::DEBUG => tracing::debug!(target: "lua", "{line}"),
            _ => tracing::trace!(target: "lua", "{line}"),
        })
    }

    /// How many bytes are kept at most, whether captured or of a line that has not ended:
    /// 16 MiB by default. Printing more is an error in the script, so that no script can
    /// fill the host's memory.
    ///
    /// ```
    /// use perilune::{Lua, Output};
    ///
    /// let mut lua = Lua::builder().output(Output::capture().limit(1000)).build()?;
    /// let error = lua.run("while true do print 'spam' end").unwrap_err();
    /// assert!(error.to_string().contains("more than the 1000 bytes"));
    /// assert_eq!(lua.take_output().len(), 1000);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    fn new(way: Way) -> Self {
        Self { way, limit: DEFAULT_LIMIT }
    }
}

impl Default for Output {
    fn default() -> Self {
        Self::new(Way::Runs)
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match self.way {
            Way::Runs => "captured by `run`",
            Way::Capture => "captured",
            Way::PassOn => "passed on",
            Way::Discard => "discarded",
            Way::Lines(_) => "line by line",
        };
        f.debug_struct("Output").field("way", &way).field("limit", &self.limit).finish()
    }
}

/// What one VM does with what its scripts print.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    output: Output,
    /// What was captured, or the line that has begun.
    kept: Vec<u8>,
    /// Runs in progress that capture.
    runs: u32,
}

impl Sink {
    /// Takes what a script printed. Says whether a line is left that has not ended.
    pub(crate) fn write(&mut self, text: &[u8]) -> Result<bool> {
        match &mut self.output.way {
            Way::Discard => Ok(false),
            Way::Lines(take) => {
                by_line(&mut self.kept, self.output.limit, text, take)?;
                Ok(!self.kept.is_empty())
            }
            Way::Runs if self.runs == 0 => pass_on(text).map(|()| false),
            Way::PassOn => pass_on(text).map(|()| false),
            Way::Runs | Way::Capture => keep(&mut self.kept, self.output.limit, text).map(|()| false),
        }
    }

    /// What a script's `flush` asks for.
    pub(crate) fn flush(&mut self) -> Result<()> {
        match self.output.way {
            Way::PassOn => told(io::stdout().flush()),
            Way::Runs if self.runs == 0 => told(io::stdout().flush()),
            _ => Ok(()),
        }
    }

    /// Gives away the line that has not ended.
    pub(crate) fn end(&mut self) -> Result<()> {
        match &mut self.output.way {
            Way::Lines(take) if !self.kept.is_empty() => take(&std::mem::take(&mut self.kept)),
            _ => Ok(()),
        }
    }

    /// Begins a run; what it prints is what is kept from the answer on.
    pub(crate) fn begin_run(&mut self) -> usize {
        if self.runs == 0 && matches!(self.output.way, Way::Runs) {
            // An earlier run failed, and nobody has asked for what it printed.
            self.kept.clear();
        }
        self.runs += 1;
        self.kept.len()
    }

    /// Ends a run and gives what it printed.
    pub(crate) fn end_run(&mut self, from: usize) -> Vec<u8> {
        self.fail_run();
        // Less is kept than before if the run itself took the output.
        if self.captures() && from <= self.kept.len() { self.kept.split_off(from) } else { Vec::new() }
    }

    /// Ends a run that failed: what it printed waits to be taken.
    pub(crate) fn fail_run(&mut self) {
        self.runs = self.runs.saturating_sub(1);
    }

    /// Takes what is captured.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        if self.captures() { std::mem::take(&mut self.kept) } else { Vec::new() }
    }

    /// Chooses another way, and gives the former one back. What is captured stays.
    pub(crate) fn set(&mut self, output: Output) -> Output {
        let captured = if self.captures() { std::mem::take(&mut self.kept) } else { Vec::new() };
        let former = std::mem::replace(&mut self.output, output);
        self.kept = if self.captures() { captured } else { Vec::new() };
        former
    }

    fn captures(&self) -> bool {
        matches!(self.output.way, Way::Runs | Way::Capture)
    }
}

/// Gives every line that ends in `text` to `take`, and keeps what is left.
fn by_line(begun: &mut Vec<u8>, limit: usize, text: &[u8], take: &mut TakeLine) -> Result<()> {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
        let (line, after) = (&rest[..at], &rest[at + 1..]);
        rest = after;
        if begun.is_empty() {
            take(line)?;
            continue;
        }
        keep(begun, limit, line)?;
        // Taken first: a line is given once, also if that fails.
        take(&std::mem::take(begun))?;
    }
    keep(begun, limit, rest)
}

/// Keeps as much of the text as the limit allows; an error if that is not all of it.
fn keep(kept: &mut Vec<u8>, limit: usize, text: &[u8]) -> Result<()> {
    let room = limit.saturating_sub(kept.len()).min(text.len());
    if kept.try_reserve(room).is_err() {
        return Err(MemoryError::new(room).into());
    }
    kept.extend_from_slice(&text[..room]);
    if room == text.len() {
        return Ok(());
    }
    Err(Error::runtime(format!("the script printed more than the {limit} bytes that are kept of its output")))
}

fn pass_on(text: &[u8]) -> Result<()> {
    told(io::stdout().write_all(text))
}

fn told(result: io::Result<()>) -> Result<()> {
    result.map_err(|error| Error::runtime(format!("the standard output cannot be written to: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn lines() -> (Sink, Arc<Mutex<Vec<String>>>) {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut sink = Sink::default();
        let to = Arc::clone(&seen);
        drop(sink.set(Output::lines(move |line| to.lock().unwrap().push(line.to_owned())).limit(8)));
        (sink, seen)
    }

    #[test]
    fn lines_are_whole_wherever_the_text_was_cut() {
        let (mut sink, seen) = lines();
        for text in ["a", "b\nc\n", "", "\n", "d"] {
            sink.write(text.as_bytes()).unwrap();
        }
        assert_eq!(*seen.lock().unwrap(), ["ab", "c", ""]);
        sink.end().unwrap();
        sink.end().unwrap();
        assert_eq!(seen.lock().unwrap().last().unwrap(), "d");
        assert_eq!(seen.lock().unwrap().len(), 4);
    }

    #[test]
    fn a_line_that_never_ends_is_bounded() {
        let (mut sink, seen) = lines();
        sink.write(b"1234567").unwrap();
        assert!(sink.write(b"89").is_err());
        assert!(sink.write(b"\n").is_ok());
        assert_eq!(*seen.lock().unwrap(), ["12345678"]);
        // One that comes in a piece takes nothing to keep.
        sink.write(b"123456789\n").unwrap();
    }

    #[test]
    fn runs_within_runs_have_their_own() {
        let mut sink = Sink::default();
        let outer = sink.begin_run();
        sink.write(b"a").unwrap();
        let inner = sink.begin_run();
        sink.write(b"b").unwrap();
        assert_eq!(sink.end_run(inner), b"b");
        sink.write(b"c").unwrap();
        assert_eq!(sink.end_run(outer), b"ac");
    }
}
