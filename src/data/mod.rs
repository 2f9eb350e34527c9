//! Lua's values as data for others: JSON, and the text of a result.

mod json;
mod outcome;
