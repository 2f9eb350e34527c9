//! Output: what `print` does, and who sees it.

use std::sync::{Arc, Mutex};

use perilune::{Lua, Output, State, Variadic};

use crate::common::with;

#[test]
fn what_is_printed_is_part_of_what_a_run_gives() {
    with(|lua| {
        let outcome = lua.run("print('hp', 7, nil, true) print()")?;
        assert_eq!(outcome.output(), "hp\t7\tnil\ttrue\n\n");
        assert!(outcome.values().is_empty());
        Ok(())
    });
}

#[test]
fn print_is_a_function_that_the_host_may_replace() {
    with(|lua| {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&lines);
        lua.register("print", move |state: &mut State, all: Variadic<perilune::Value>| -> perilune::Result<()> {
            let texts: Vec<String> = all.iter().map(|value| value.to_text(state)).collect::<perilune::Result<_>>()?;
            log.lock().map_err(|_| perilune::Error::runtime("the log is poisoned"))?.push(texts.join(" "));
            Ok(())
        })?;
        assert_eq!(lua.run("print('hp', 7) print(setmetatable({}, { __tostring = function() return 'a hero' end }))")?.output(), "");
        assert_eq!(*lines.lock().unwrap(), ["hp 7", "a hero"]);
        Ok(())
    });
}

#[test]
fn lines_go_to_a_closure() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&lines);
    let output = Output::lines(move |line| log.lock().unwrap().push(line.to_owned()));
    let mut lua = Lua::builder().output(output).build().unwrap();
    lua.run("print 'one' print 'two\\nthree'").unwrap();
    assert_eq!(lines.lock().unwrap().len(), 3);
}
