//! What a schema says, for people and for tools: a row for each field that scripts see.
#![forbid(unsafe_code)]

use std::fmt::Write;

use crate::error::Result;
use crate::lang::Table;
use crate::share::fields::{Access, Kind, Schema, expected};
use crate::vm::state::State;

/// A field, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    /// With what it is in before it: `pos.x`, `slots[].id`.
    name: String,
    holds: String,
    read_only: bool,
    doc: &'static str,
}

impl Schema {
    /// A table in Markdown of all that scripts see: the fields by the names that scripts have
    /// for them, what they hold, whether scripts can change them, and their documentation.
    ///
    /// ```
    /// use perilune::{CView, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Place { pub x: f32 }
    ///
    ///     pub struct Soldier {
    ///         /// Who it is.
    ///         #[read_only]
    ///         pub id: i32,
    ///         /// Hit points: now,
    ///         /// and at most.
    ///         pub hp: [u8; 2],
    ///         pub place: Place,
    ///     }
    /// }
    ///
    /// assert_eq!(Soldier::SCHEMA.to_markdown(), "\
    /// | Soldier | holds | access | |
    /// |---|---|---|---|
    /// | `id` | integer (i32) | read | Who it is. |
    /// | `hp` | array of 2: integer (u8) | read, write | Hit points: now, and at most. |
    /// | `place` | Place | read, write | |
    /// | `place.x` | number (f32) | read, write | |
    /// ");
    /// ```
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("| {} | holds | access | |\n|---|---|---|---|\n", self.name);
        for row in rows(self) {
            let doc = one_line(row.doc).replace('|', "\\|");
            let space = if doc.is_empty() { "" } else { " " };
            let _ = writeln!(text, "| `{}` | {} | {} |{space}{doc} |", row.name, row.holds.replace('|', "\\|"), access(row.read_only));
        }
        text
    }

    /// The same as a table of Lua, for scripts and tools: a sequence of a table for each field,
    /// with `name`, `holds`, `read_only` and `doc`.
    ///
    /// ```
    /// use perilune::{CView, Lua, c_struct};
    ///
    /// c_struct! {
    ///     pub struct Rock {
    ///         /// From left to right.
    ///         pub x: f32,
    ///     }
    /// }
    ///
    /// let mut lua = Lua::new()?;
    /// let fields = Rock::SCHEMA.to_table(&mut lua)?;
    /// lua.set("fields", fields)?;
    /// lua.run("assert(fields[1].name == 'x' and fields[1].holds == 'number (f32)' and not fields[1].read_only)")?;
    /// lua.run("assert(#fields == 1 and fields[1].doc == 'From left to right.')")?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`](crate::Error::Memory).
    pub fn to_table(&self, state: &mut State) -> Result<Table> {
        let all = state.create_table()?;
        for (at, row) in rows(self).into_iter().enumerate() {
            let field = state.create_table()?;
            field.raw_set(state, "name", row.name)?;
            field.raw_set(state, "holds", row.holds)?;
            field.raw_set(state, "read_only", row.read_only)?;
            field.raw_set(state, "doc", one_line(row.doc))?;
            all.raw_set(state, at + 1, field)?;
        }
        Ok(all)
    }
}

fn rows(schema: &Schema) -> Vec<Row> {
    let mut all = Vec::new();
    add(&mut all, schema, "", false);
    all
}

fn add(all: &mut Vec<Row>, schema: &Schema, before: &str, read_only: bool) {
    for field in schema.visible() {
        let name = format!("{before}{}", field.name);
        let read_only = read_only || field.access == Access::ReadOnly;
        let fixed = read_only || field.kind.is_pointer();
        all.push(Row { name: name.clone(), holds: words(&field.kind), read_only: fixed, doc: field.doc });
        add_inner(all, &field.kind, &name, read_only);
    }
}

fn add_inner(all: &mut Vec<Row>, kind: &Kind, name: &str, read_only: bool) {
    match kind {
        Kind::Struct(schema) => add(all, schema, &format!("{name}."), read_only),
        Kind::Array(element, _) => add_inner(all, element, &format!("{name}[]"), read_only),
        _ => {}
    }
}

fn words(kind: &Kind) -> String {
    let number = |name: &str, of: &str| format!("{name} ({of})");
    match kind {
        Kind::I8 => number("integer", "i8"),
        Kind::U8 => number("integer", "u8"),
        Kind::I16 => number("integer", "i16"),
        Kind::U16 => number("integer", "u16"),
        Kind::I32 => number("integer", "i32"),
        Kind::U32 => number("integer", "u32"),
        Kind::I64 => number("integer", "i64"),
        Kind::U64 => number("integer", "u64"),
        Kind::F32 => number("number", "f32"),
        Kind::F64 => number("number", "f64"),
        Kind::Bool => "boolean".to_owned(),
        Kind::Text(bytes) => format!("text of at most {} bytes", bytes.saturating_sub(1)),
        Kind::Array(element, count) => format!("array of {count}: {}", words(element)),
        Kind::Struct(schema) => schema.name.to_owned(),
        Kind::TextBehind(bytes) => format!("text of at most {bytes} bytes, or nil"),
        // What is in it, its own table says: it may have such a field itself.
        Kind::Follow(follow) => format!("{}, or nil", follow.schema().name),
        other => expected(other),
    }
}

fn access(read_only: bool) -> &'static str {
    if read_only { "read" } else { "read, write" }
}

fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
