//! What a column can be of: the single values in a struct, by name.
//!
//! A value inside another struct is `pos.x`, one in an array `hp[0]`. Arrays of more than a
//! few elements are left out: there the inner array is the way.

use crate::share::fields::{Access, Kind, Schema, ViewField};

/// Elements of an array of which each can be a column.
const MOST_ELEMENTS: usize = 32;

/// Columns that a struct can have.
const MOST_LEAVES: usize = 512;

/// A single value in a struct.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub name: String,
    pub steps: Vec<Step>,
    pub offset: usize,
    pub kind: Kind,
    pub read_only: bool,
}

/// A step on the way to a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Field(&'static ViewField),
    Index(usize),
}

/// The values in a struct that scripts see, in its order.
pub(super) fn leaves_of(schema: &'static Schema) -> Vec<Leaf> {
    let mut all = Vec::new();
    let whole = Leaf { name: String::new(), steps: Vec::new(), offset: 0, kind: Kind::Struct(schema), read_only: false };
    add(&mut all, whole);
    all.truncate(MOST_LEAVES);
    all
}

fn add(all: &mut Vec<Leaf>, at: Leaf) {
    match at.kind {
        Kind::Struct(schema) => schema.visible().for_each(|field| add(all, in_field(&at, field))),
        Kind::Array(element, count) if count <= MOST_ELEMENTS => (0..count).for_each(|index| add(all, in_array(&at, element, index))),
        Kind::Array(..) | Kind::Pointer => {}
        // What is behind it is no part of the element.
        Kind::Follow(_) => {}
        Kind::TextBehind(_) => all.push(Leaf { read_only: true, ..at }),
        _ => all.push(at),
    }
}

fn in_field(at: &Leaf, field: &'static ViewField) -> Leaf {
    let dot = if at.name.is_empty() { "" } else { "." };
    Leaf {
        name: format!("{}{dot}{}", at.name, field.name),
        steps: at.steps.iter().copied().chain([Step::Field(field)]).collect(),
        offset: at.offset + field.offset,
        kind: field.kind,
        read_only: at.read_only || field.access == Access::ReadOnly,
    }
}

fn in_array(at: &Leaf, element: &'static Kind, index: usize) -> Leaf {
    Leaf {
        name: format!("{}[{index}]", at.name),
        steps: at.steps.iter().copied().chain([Step::Index(index)]).collect(),
        offset: at.offset + index * element.size(),
        kind: *element,
        read_only: at.read_only,
    }
}
