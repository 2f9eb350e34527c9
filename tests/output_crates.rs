//! Promise: what scripts print can be messages of the `log` and `tracing` crates, a line
//! each, at the level that was asked for. A LuaJIT that has to interpret under limits is warned of there, once.
#![cfg(any(feature = "log", feature = "tracing"))]

use std::sync::Mutex;
use std::time::Duration;

use perilune::{Backend, Limit, Lua, Output};

/// What is said of limits when they are used again and again.
fn limited() -> usize {
    for _ in 0..2 {
        let mut lua = Lua::builder().time_limit(Duration::from_secs(10)).build().unwrap();
        lua.limit(Limit::time(Duration::from_secs(10)), |state| state.run("assert(true)")).unwrap();
    }
    usize::from(!Backend::current().interruptible_compiled_code)
}

/// Runs a script that prints two lines and a rest.
fn print_to(output: Output) {
    let mut lua = Lua::builder().output(output).build().unwrap();
    lua.run("print('one', 1) print 'two'").unwrap();
}

#[cfg(feature = "log")]
mod logged {
    use super::*;

    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

    struct Logger;

    impl log::Log for Logger {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            SEEN.lock().unwrap().push(format!("{} {} {}", record.level(), record.target(), record.args()));
        }

        fn flush(&self) {}
    }

    #[test]
    fn lines_are_messages_of_log() {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(log::LevelFilter::Info);
        print_to(Output::log(log::Level::Info));
        print_to(Output::log(log::Level::Debug));
        assert_eq!(std::mem::take(&mut *SEEN.lock().unwrap()), ["INFO lua one\t1", "INFO lua two"]);

        let warnings = limited();
        let seen = SEEN.lock().unwrap();
        assert_eq!(seen.len(), warnings, "{seen:?}");
        assert!(seen.iter().all(|line| line.starts_with("WARN perilune scripts are interpreted")), "{seen:?}");
    }
}

#[cfg(feature = "tracing")]
mod traced {
    use std::fmt::Debug;

    use tracing::field::{Field, Visit};
    use tracing::span;

    use super::*;

    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());

    struct Subscriber;

    /// The message of an event.
    struct Message(String);

    impl Visit for Message {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            if field.name() == "message" {
                self.0 = format!("{value:?}");
            }
        }
    }

    impl tracing::Subscriber for Subscriber {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.target() == "lua"
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &tracing::Event<'_>) {
            let mut message = Message(String::new());
            event.record(&mut message);
            let metadata = event.metadata();
            SEEN.lock().unwrap().push(format!("{} {} {}", metadata.level(), metadata.target(), message.0));
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn lines_are_events_of_tracing() {
        tracing::subscriber::set_global_default(Subscriber).unwrap();
        for level in [tracing::Level::ERROR, tracing::Level::WARN, tracing::Level::INFO, tracing::Level::DEBUG, tracing::Level::TRACE] {
            print_to(Output::tracing(level));
            assert_eq!(std::mem::take(&mut *SEEN.lock().unwrap()), [format!("{level} lua one\t1"), format!("{level} lua two")]);
        }
    }
}
