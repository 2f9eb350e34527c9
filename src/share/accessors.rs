//! What the C functions that reach the host's memory have to know of a struct: its schema,
//! written down as they read it.
//!
//! It is made once for a struct in a VM, in memory that stays where it is until the VM is
//! closed: every userdata of a view points into it.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use crate::error::{Error, Result};
use crate::lang::{INTERNAL, IntoLua};
use crate::share::fields::{Access, Kind, Schema, ViewField, expected};
use crate::share::leaves::{Leaf, leaves_of};
use crate::vm::state::State;
use crate::vm::views::{Layout, Metatables, POINTER, Place, PlaceKind, READ_ONLY, Range, Shape, make_struct_metatable};

/// A struct, as the accessors know it.
pub(super) struct Shapes {
    shape: *const Shape,
    memory: Memory,
    /// The structs in it, each once.
    layouts: Vec<(&'static Schema, *const Layout)>,
}

// SAFETY: what it points to is its own, and is only read.
unsafe impl Send for Shapes {}

impl Shapes {
    /// # Errors
    /// [`Error::Type`] for names that C cannot have.
    pub(super) fn new(state: &mut State, schema: &'static Schema, metatables: Metatables, long_integers: [c_int; 2]) -> Result<Self> {
        let mut shapes = Self { shape: ptr::null(), memory: Memory(Vec::new()), layouts: Vec::new() };
        let layout = shapes.layout(state, schema)?;
        let what = format!("a {}", schema.name);
        let kind = Kind::Struct(schema);
        let whole = Place { layout, ..shapes.place(state, &kind, schema.name, &what)? };
        let leaves = leaves_of(schema);
        let mut places = Vec::new();
        for leaf in &leaves {
            places.push(shapes.leaf(state, leaf, schema)?);
        }
        let [make64, take64] = long_integers;
        let (leaf_count, leaves) = (places.len(), shapes.memory.keep_all(places));
        shapes.shape = shapes.memory.keep(Shape { whole, leaves, leaf_count, metatables, make64, take64 });
        Ok(shapes)
    }

    pub(super) fn shape(&self) -> *const Shape {
        self.shape
    }

    fn layout(&mut self, state: &mut State, schema: &'static Schema) -> Result<*const Layout> {
        if let Some((_, layout)) = self.layouts.iter().find(|(known, _)| known.is(schema)) {
            return Ok(*layout);
        }
        let name = self.memory.text(schema.name)?;
        let empty =
            Layout { name, size: schema.size, fields: ptr::null(), field_count: 0, copied: ptr::null(), copied_count: 0, metatable: 0 };
        // Known before its fields are: they may lead back to it.
        let layout = self.memory.keep(empty);
        self.layouts.push((schema, layout));
        let mut fields = Vec::new();
        for field in schema.visible() {
            fields.push(self.field(state, schema, field)?);
        }
        let mut copied = Vec::new();
        add_copied(&mut copied, schema, 0);
        let metatable = make_struct_metatable(state, |state| names(state, schema))?;
        let (field_count, copied_count) = (fields.len(), copied.len());
        let (fields, copied) = (self.memory.keep_all(fields), self.memory.keep_all(copied));
        // SAFETY: made above; nobody reads it before the shape is complete.
        unsafe { layout.write(Layout { name, size: schema.size, fields, field_count, copied, copied_count, metatable }) };
        Ok(layout)
    }

    fn field(&mut self, state: &mut State, schema: &Schema, field: &ViewField) -> Result<Place> {
        let what = format!("field '{}' of a {}", field.name, schema.name);
        let place = self.place(state, &field.kind, field.name, &what)?;
        Ok(Place { offset: field.offset, read_only: place.read_only | only_to_read(field.access == Access::ReadOnly), ..place })
    }

    fn leaf(&mut self, state: &mut State, leaf: &Leaf, schema: &Schema) -> Result<Place> {
        let what = format!("field '{}' of a {}", leaf.name, schema.name);
        let place = self.place(state, &leaf.kind, &leaf.name, &what)?;
        Ok(Place { offset: leaf.offset, read_only: place.read_only | only_to_read(leaf.read_only), ..place })
    }

    fn place(&mut self, state: &mut State, kind: &Kind, name: &str, what: &str) -> Result<Place> {
        let mut place = Place {
            name: self.memory.text(name)?,
            what: self.memory.text(what)?,
            expected: self.memory.text(&expected(kind))?,
            offset: 0,
            size: kind.size(),
            count: 0,
            element: ptr::null(),
            layout: ptr::null(),
            values: ptr::null(),
            value_count: 0,
            kind: place_kind(kind),
            read_only: if kind.is_pointer() { POINTER } else { 0 },
        };
        match kind {
            Kind::Array(element, count) => {
                let element = self.place(state, element, name, what)?;
                place.element = self.memory.keep(element);
                place.count = *count;
            }
            Kind::Struct(schema) => place.layout = self.layout(state, schema)?,
            Kind::TextBehind(bytes) => place.count = *bytes,
            Kind::Follow(follow) => {
                let schema = follow.schema();
                let behind = self.place(state, &Kind::Struct(schema), schema.name, &format!("a {}", schema.name))?;
                place.element = self.memory.keep(Place { read_only: only_to_read(!follow.is_writable()), ..behind });
            }
            Kind::Enum(all) => {
                place.values = all.values.as_ptr();
                place.value_count = all.values.len();
            }
            _ => {}
        }
        Ok(place)
    }
}

fn only_to_read(is: bool) -> i32 {
    if is { READ_ONLY } else { 0 }
}

fn place_kind(kind: &Kind) -> PlaceKind {
    match kind {
        Kind::I8 => PlaceKind::I8,
        Kind::U8 => PlaceKind::U8,
        Kind::I16 => PlaceKind::I16,
        Kind::U16 => PlaceKind::U16,
        Kind::I32 => PlaceKind::I32,
        Kind::U32 => PlaceKind::U32,
        Kind::I64 => PlaceKind::I64,
        // A pointer is hidden, so that there is no place for it.
        Kind::U64 | Kind::Pointer => PlaceKind::U64,
        Kind::F32 => PlaceKind::F32,
        Kind::F64 => PlaceKind::F64,
        Kind::Bool => PlaceKind::Bool,
        Kind::Enum(all) => place_kind(&all.repr),
        Kind::Text(_) => PlaceKind::Text,
        Kind::TextBehind(_) => PlaceKind::TextBehind,
        Kind::Array(..) => PlaceKind::Array,
        Kind::Struct(_) => PlaceKind::Struct,
        Kind::Follow(_) => PlaceKind::Follow,
    }
}

/// Pushes the table of names by which fields are found.
fn names(state: &mut State, schema: &Schema) -> Result<()> {
    let table = state.create_table()?;
    for (at, field) in schema.visible().enumerate() {
        table.raw_set(state, field.name, at + 1)?;
        table.raw_set(state, at + 1, field.name)?;
    }
    table.push_into(state, INTERNAL)
}

/// Adds what an assignment copies of a struct at `offset`; ranges that touch become one.
fn add_copied(all: &mut Vec<Range>, schema: &Schema, offset: usize) {
    for field in schema.fields.iter().filter(|field| field.access == Access::ReadWrite) {
        add_copied_kind(all, &field.kind, offset + field.offset);
    }
}

fn add_copied_kind(all: &mut Vec<Range>, kind: &Kind, offset: usize) {
    match kind {
        Kind::Struct(schema) => add_copied(all, schema, offset),
        Kind::Array(element @ (Kind::Struct(_) | Kind::Array(..)), count) => {
            (0..*count).for_each(|index| add_copied_kind(all, element, offset + index * element.size()));
        }
        pointer if pointer.is_pointer() => {}
        other => match all.last_mut() {
            Some(last) if last.offset + last.length == offset => last.length += other.size(),
            _ => all.push(Range { offset, length: other.size() }),
        },
    }
}

/// Memory that stays where it is until this is dropped.
struct Memory(Vec<Kept>);

/// Something and how it is freed.
type Kept = (*mut (), unsafe fn(*mut ()));

impl Memory {
    fn keep<T: 'static>(&mut self, value: T) -> *mut T {
        let place = Box::into_raw(Box::new(value));
        // SAFETY: called once, with what was just made.
        self.0.push((place.cast(), |place| drop(unsafe { Box::from_raw(place.cast::<T>()) })));
        place
    }

    fn keep_all<T: 'static>(&mut self, values: Vec<T>) -> *const T {
        let values = self.keep(values);
        // SAFETY: just made; nobody changes it.
        unsafe { (*values).as_ptr() }
    }

    fn text(&mut self, text: &str) -> Result<*const c_char> {
        let Ok(text) = CString::new(text) else {
            return Err(Error::type_mismatch("names without NUL in a struct that scripts see", format!("{text:?}")));
        };
        let text = self.keep(text);
        // SAFETY: just made; nobody changes it.
        Ok(unsafe { (*text).as_ptr() })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        for (place, drop) in self.0.drain(..) {
            // SAFETY: as `keep` made them, each once.
            unsafe { drop(place) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pure_what_is_copied_leaves_out_what_scripts_cannot_write() {
        const INNER: Schema = Schema {
            name: "Inner",
            size: 8,
            fields: &[
                ViewField { name: "a", c_name: "a", doc: "", offset: 0, kind: Kind::I32, access: Access::ReadWrite },
                ViewField { name: "b", c_name: "b", doc: "", offset: 4, kind: Kind::I32, access: Access::ReadOnly },
            ],
        };
        const OUTER: Schema = Schema {
            name: "Outer",
            size: 32,
            fields: &[
                ViewField { name: "x", c_name: "x", doc: "", offset: 0, kind: Kind::I32, access: Access::ReadWrite },
                ViewField { name: "y", c_name: "y", doc: "", offset: 4, kind: Kind::Array(&Kind::I32, 2), access: Access::ReadWrite },
                ViewField { name: "z", c_name: "z", doc: "", offset: 12, kind: Kind::I32, access: Access::Hidden },
                ViewField {
                    name: "w",
                    c_name: "w",
                    doc: "",
                    offset: 16,
                    kind: Kind::Array(&Kind::Struct(&INNER), 2),
                    access: Access::ReadWrite,
                },
            ],
        };
        let mut all = Vec::new();
        add_copied(&mut all, &OUTER, 0);
        let pairs: Vec<_> = all.iter().map(|range| (range.offset, range.length)).collect();
        assert_eq!(pairs, [(0, 12), (16, 4), (24, 4)]);
    }
}
