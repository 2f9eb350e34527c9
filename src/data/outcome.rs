//! What a script returned, as one text.

use crate::error::{Error, Result};
use crate::lang::{Outcome, Value};
use crate::vm::state::State;

impl Outcome {
    /// The first value that the script returned, as text: a string as it is, a number or a
    /// boolean as Lua prints it, a table as JSON, anything else as `tostring` says. `None`
    /// if it returned nothing, or nil.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let outcome = lua.run("return { name = 'Rowan', stats = { 3, 4 } }")?;
    /// assert_eq!(outcome.text(&mut lua)?.unwrap(), r#"{"name":"Rowan","stats":[3,4]}"#);
    /// assert_eq!(lua.run("return 1 / 4")?.text(&mut lua)?.unwrap(), "0.25");
    /// assert_eq!(lua.run("print 'done'")?.text(&mut lua)?, None);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Type`] for a string that is no text, and for a table that is no JSON; what
    /// `__tostring` raises.
    pub fn text(&self, state: &mut State) -> Result<Option<String>> {
        let text = match self.values().first() {
            None | Some(Value::Nil) => return Ok(None),
            Some(Value::String(text)) => text.to_str(state).map(str::to_owned),
            Some(table @ Value::Table(_)) => table.to_json(state),
            Some(other) => other.to_text(state),
        };
        text.map(Some).map_err(|error: Error| error.at(|| "the first result".to_owned()))
    }
}
