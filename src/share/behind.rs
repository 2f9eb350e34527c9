//! Structs behind pointers, in the Lua code of handles (`handles`).
//!
//! What is behind a pointer has no place in the struct that the pointer is in. So places begin at
//! a *root*: an element of the view, or a struct that some pointers lead to. A handle of the
//! latter has, beside the element's index, where each of these pointers is in what the one
//! before leads to; every access goes that way again, from the element on, so that it sees the
//! pointers as they are. Handles hold no pointer.
//!
//! A root is known by its struct and by how many pointers lead there, not by which: otherwise a
//! tree, whose nodes have several pointers to nodes, would need a type for every path in it.

use std::fmt::Write;

use crate::share::fields::{Kind, Schema};
use crate::vm::views::MOST_POINTERS;

/// Where the paths of places begin.
#[derive(Clone, Copy)]
pub(super) struct Root {
    pub schema: &'static Schema,
    /// How many pointers lead there from an element.
    pub pointers: usize,
    pub read_only: bool,
}

impl Root {
    pub(super) fn element(schema: &'static Schema) -> Self {
        Self { schema, pointers: 0, read_only: false }
    }

    /// What the pointers of this root's struct to `schema` lead to, if that is not too far away.
    pub(super) fn behind(&self, schema: &'static Schema, read_only: bool) -> Option<Self> {
        (self.pointers < MOST_POINTERS).then(|| Self { schema, pointers: self.pointers + 1, read_only })
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.pointers == other.pointers && self.read_only == other.read_only && self.schema.is(other.schema)
    }

    /// Its memory in C: `p` is what `way` leaves.
    pub(super) fn memory(&self) -> &'static str {
        if self.pointers == 0 { "c.p[i]" } else { "p" }
    }

    /// Statements between the check of an access by `handle` and the access itself: they leave
    /// the struct's address in `p`. `number` is the struct's; `what` is quoted.
    pub(super) fn way(&self, handle: &str, number: usize, what: &str) -> String {
        if self.pointers == 0 {
            return String::new();
        }
        let mut text = String::from("\n  local p = cast(bytes, c.p + i)\n");
        for k in 1..=self.pointers {
            let _ = writeln!(text, "  p = cast(pointers, p + {handle}.__h{k})[0] if p == nil then gone({what}) end");
        }
        text + &format!("  p = cast(P{number}, p)\n")
    }

    /// The names of what its handles have of the pointers.
    pub(super) fn names(&self) -> impl Iterator<Item = String> + use<> {
        (1..=self.pointers).map(|k| format!("h{k}"))
    }
}

/// The type of pointers to a struct, as an expression: it is declared by its schema, with
/// whatever is not in that as padding, and the result is compared with it. So nothing hangs on
/// what other structs of its name the VM knows.
pub(super) fn pointer_type(schema: &Schema) -> String {
    let mut fields: Vec<_> = schema.fields.iter().collect();
    fields.sort_by_key(|field| field.offset);
    let (mut text, mut checks, mut end) = (String::new(), String::new(), 0);
    for field in fields {
        // Two fields may share their bytes: the check tells.
        push_padding(&mut text, end, field.offset.max(end));
        let _ = write!(text, "{}; ", c_declared(&field.kind, field.c_name));
        let _ = write!(checks, ", \"{}\", {}", field.c_name, field.offset);
        end = field.offset + field.kind.size();
    }
    push_padding(&mut text, end, schema.size);
    format!("pointer_to(\"{}\", \"struct {{ {text}}}\", {}{checks})", schema.name, schema.size)
}

/// Names with two underscores are no field's.
fn push_padding(text: &mut String, from: usize, to: usize) {
    if from < to {
        let _ = write!(text, "char __pad{from}[{}]; ", to - from);
    }
}

/// A field in C.
fn c_declared(kind: &Kind, name: &str) -> String {
    match kind {
        Kind::Array(element, count) => c_declared(element, &format!("{name}[{count}]")),
        Kind::Text(bytes) => format!("{} {name}[{bytes}]", kind.c_name()),
        Kind::Struct(schema) => {
            let fields = schema.fields.iter().fold(String::new(), |all, field| all + &c_declared(&field.kind, field.c_name) + "; ");
            format!("struct {{ {fields}}} {name}")
        }
        scalar => format!("{} {name}", scalar.c_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, CView, ViewField, c_struct};

    c_struct! {
        struct Pair { a: i16, b: f64 }

        struct Holder {
            tags: [[u8; 3]; 2],
            pair: Pair,
            #[unsafe(follow)]
            next: [*mut Holder; 2],
        }
    }

    #[test]
    fn pure_a_struct_is_declared_by_its_schema() {
        let expected = "pointer_to(\"Holder\", \"struct { uint8_t tags[2][3]; char __pad6[2]; struct { int16_t a; double b; } pair; void * next[2]; }\", \
                        40, \"tags\", 0, \"pair\", 8, \"next\", 24)";
        assert_eq!(pointer_type(Holder::SCHEMA), expected);
        const PART: Schema = Schema {
            name: "Part",
            size: 24,
            fields: &[
                ViewField { name: "y", c_name: "y", doc: "", offset: 16, kind: Kind::F32, access: Access::Hidden },
                ViewField { name: "x", c_name: "x", doc: "", offset: 8, kind: Kind::I32, access: Access::ReadWrite },
            ],
        };
        let expected = "pointer_to(\"Part\", \"struct { char __pad0[8]; int32_t x; char __pad12[4]; float y; char __pad20[4]; }\", 24, \"x\", 8, \"y\", 16)";
        assert_eq!(pointer_type(&PART), expected);
    }
}
