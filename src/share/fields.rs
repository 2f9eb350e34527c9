//! What scripts see of a struct: its fields with their kinds and access, and the trait
//! by which a Rust type says what it is as a field.
//!
//! `schema` is about where fields are; this file is about what they mean, which is what
//! a checked view has to know. It makes nothing: the declaration, the views and the
//! conversions are all made from what is described here.

use crate::share::schema::CStruct;

/// What a field of a struct holds.
///
/// ```
/// use perilune::{FieldType, Kind};
///
/// assert_eq!(<[f32; 3]>::KIND, Kind::Array(&Kind::F32, 3));
/// assert_eq!(<[f32; 3]>::KIND.size(), 12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// `i8`.
    I8,
    /// `u8`.
    U8,
    /// `i16`.
    I16,
    /// `u16`.
    U16,
    /// `i32`.
    I32,
    /// `u32`.
    U32,
    /// `i64`: an exact integer to scripts, `int64_t` on LuaJIT.
    I64,
    /// `u64`: an exact integer to scripts, `uint64_t` on LuaJIT. On Lua 5.4, values from
    /// 2⁶³ on are the negative integers with the same bits.
    U64,
    /// `f32`.
    F32,
    /// `f64`.
    F64,
    /// `bool`.
    Bool,
    /// An enumeration, which scripts see as numbers.
    Enum(&'static Enumeration),
    /// Text that ends at a NUL or with the field, which has this many bytes.
    Text(usize),
    /// An array.
    Array(&'static Kind, usize),
    /// A struct.
    Struct(&'static Schema),
    /// A pointer, which scripts never see.
    Pointer,
}

/// The values of an enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enumeration {
    /// Its name.
    pub name: &'static str,
    /// The integer that it is in memory: one of [`Kind::I8`] to [`Kind::U32`].
    pub repr: Kind,
    /// The values that there are.
    pub values: &'static [i64],
    /// Their names, in the same order.
    pub names: &'static [&'static str],
}

/// What scripts see of a struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// Its name, as in C.
    pub name: &'static str,
    /// How many bytes it takes.
    pub size: usize,
    /// Its fields, in their order.
    pub fields: &'static [ViewField],
}

/// One field, as scripts see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewField {
    /// Its name in scripts.
    pub name: &'static str,
    /// Its name in C: as in [`CField::name`](crate::CField::name).
    pub c_name: &'static str,
    /// What it is for, a line each.
    pub doc: &'static str,
    /// Where it begins, in bytes from the start of the struct.
    pub offset: usize,
    /// What it holds.
    pub kind: Kind,
    /// What scripts may do with it.
    pub access: Access,
}

/// What scripts may do with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// Read and write it.
    ReadWrite,
    /// Read it, and everything in it.
    ReadOnly,
    /// Nothing: to scripts it is not there.
    Hidden,
}

/// A Rust type that can be a field of a struct that scripts see.
///
/// It is there for the numbers, `bool`, arrays, raw pointers (which have to be hidden),
/// and what [`c_struct!`](crate::c_struct) and [`c_enum!`](crate::c_enum) make.
///
/// # Safety
/// [`KIND`](Self::KIND) is what the type is in memory, and whatever a checked view stores
/// by it is a valid value of the type: any bits for numbers, a declared value for
/// enumerations, and so for each field of a struct that is not hidden or read-only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a struct that scripts see",
    note = "fields are numbers, `bool`, arrays, raw pointers, and types made by `c_struct!` and `c_enum!`"
)]
pub unsafe trait FieldType: 'static {
    /// What it is.
    const KIND: Kind;
}

/// A struct of which scripts can have a checked view. Made by
/// [`c_struct!`](crate::c_struct); by hand for structs that a C header owns.
///
/// # Safety
/// [`SCHEMA`](Self::SCHEMA) describes this very type: every field's offset, kind and C
/// name are as they are in Rust, and what a view may store in it (see [`FieldType`]) is
/// valid there. Whatever C may store is not asked for: nobody but Rust and the views
/// writes.
pub unsafe trait CView: CStruct + Copy + Send {
    /// What scripts see of it.
    const SCHEMA: &'static Schema;
}

impl Kind {
    /// How many bytes it takes.
    #[must_use]
    pub const fn size(&self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::Enum(all) => all.repr.size(),
            Self::Text(bytes) => *bytes,
            Self::Array(element, count) => element.size() * *count,
            Self::Struct(schema) => schema.size,
            Self::Pointer => size_of::<*const ()>(),
        }
    }

    /// The smallest and the largest value of an integer that Lua's numbers hold exactly.
    pub(crate) const fn range(&self) -> Option<(i64, i64)> {
        match self {
            Self::I8 => Some((i8::MIN as i64, i8::MAX as i64)),
            Self::U8 => Some((0, u8::MAX as i64)),
            Self::I16 => Some((i16::MIN as i64, i16::MAX as i64)),
            Self::U16 => Some((0, u16::MAX as i64)),
            Self::I32 => Some((i32::MIN as i64, i32::MAX as i64)),
            Self::U32 => Some((0, u32::MAX as i64)),
            _ => None,
        }
    }

    /// Whether it is of such a kind, or anything in it is that scripts see.
    pub(crate) fn has(&self, is: fn(&Self) -> bool) -> bool {
        match self {
            Self::Array(element, _) => element.has(is),
            Self::Struct(schema) => schema.has(is),
            Self::Enum(all) => is(&all.repr),
            scalar => is(scalar),
        }
    }

    /// The kind of a field whose type was written as `text`: bytes called `c_char` are text.
    #[doc(hidden)]
    #[must_use]
    pub const fn of_field<T: FieldType>(text: &str) -> Self {
        match T::KIND {
            Self::Array(Self::I8 | Self::U8, bytes) if mentions_c_char(text.as_bytes()) => Self::Text(bytes),
            kind => kind,
        }
    }
}

impl Enumeration {
    /// Refuses, when the program is compiled, what no view can be made of.
    #[doc(hidden)]
    pub const fn check(&self) {
        assert!(self.repr.range().is_some(), "an enumeration has to be i8, u8, i16, u16, i32 or u32 in memory");
    }
}

impl Access {
    /// By whether the attributes are there.
    #[doc(hidden)]
    #[must_use]
    pub const fn of(read_only: &[bool], hidden: &[bool]) -> Self {
        match (read_only, hidden) {
            (_, [_, ..]) => Self::Hidden,
            ([_, ..], _) => Self::ReadOnly,
            _ => Self::ReadWrite,
        }
    }
}

impl Schema {
    /// The fields that scripts see.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &'static ViewField> + use<> {
        self.fields.iter().filter(|field| field.access != Access::Hidden)
    }

    /// Whether anything that scripts see is of such a kind.
    pub(crate) fn has(&self, is: fn(&Kind) -> bool) -> bool {
        self.visible().any(|field| field.kind.has(is))
    }

    /// Refuses, when the program is compiled, what no view can be made of.
    #[doc(hidden)]
    pub const fn check(&self) {
        assert!(self.size > 0 && !self.fields.is_empty(), "a struct without fields cannot be shared with scripts");
        let mut at = 0;
        while at < self.fields.len() {
            let field = &self.fields[at];
            assert!(field.offset + field.kind.size() <= self.size, "a field that is not inside its struct");
            if let (Kind::Pointer, Access::ReadWrite | Access::ReadOnly) = (innermost(&field.kind), field.access) {
                panic!("a pointer has to be #[hidden]: scripts never see one");
            }
            assert!(field.kind.size() > 0, "an array without elements cannot be shared with scripts");
            if let [b'_', b'_', ..] = field.name.as_bytes() {
                panic!("a field's name in scripts cannot begin with two underscores: rename it");
            }
            let mut other = 0;
            while other < at {
                assert!(!same(self.fields[other].name, field.name), "two fields with the same name in scripts");
                other += 1;
            }
            at += 1;
        }
    }
}

/// What a script has to give, in words.
pub(crate) fn expected(kind: &Kind) -> String {
    match kind {
        Kind::F32 | Kind::F64 => "a number".to_owned(),
        Kind::Bool => "a boolean".to_owned(),
        Kind::I64 => "an integer of 64 bits".to_owned(),
        Kind::U64 => "an integer of 64 bits without a sign".to_owned(),
        Kind::Enum(all) => {
            let named = all.names.iter().zip(all.values).map(|(name, value)| format!("{value} ({name})"));
            format!("one of {}", named.collect::<Vec<_>>().join(", "))
        }
        Kind::Text(bytes) => format!("a string of at most {} bytes without NUL", bytes.saturating_sub(1)),
        Kind::Struct(schema) => format!("a {} of such a view, or a table", schema.name),
        Kind::Array(_, count) => format!("such an array, or a table of {count} elements"),
        other => {
            let (low, high) = other.range().unwrap_or_default();
            format!("an integer from {low} to {high}")
        }
    }
}

/// What an array is of, in the end.
const fn innermost(kind: &Kind) -> &Kind {
    match kind {
        Kind::Array(element, _) => innermost(element),
        other => other,
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn mentions_c_char(text: &[u8]) -> bool {
    let mut rest = text;
    while let [_, tail @ ..] = rest {
        if let [b'c', b'_', b'c', b'h', b'a', b'r', ..] = rest {
            return true;
        }
        rest = tail;
    }
    false
}

macro_rules! numbers {
    ($($Number:ty: $Kind:ident,)*) => {$(
        // SAFETY: any bits that a view stores are such a number; of `bool`, 0 and 1 only.
        unsafe impl FieldType for $Number {
            const KIND: Kind = Kind::$Kind;
        }
    )*};
}

numbers! {
    i8: I8, u8: U8, i16: I16, u16: U16, i32: I32, u32: U32, i64: I64, u64: U64, f32: F32, f64: F64, bool: Bool,
}

// SAFETY: an array is its elements, one after the other.
unsafe impl<T: FieldType, const N: usize> FieldType for [T; N] {
    const KIND: Kind = Kind::Array(&T::KIND, N);
}

// SAFETY: views never store in it.
unsafe impl<T: 'static> FieldType for *mut T {
    const KIND: Kind = Kind::Pointer;
}

// SAFETY: views never store in it.
unsafe impl<T: 'static> FieldType for *const T {
    const KIND: Kind = Kind::Pointer;
}
