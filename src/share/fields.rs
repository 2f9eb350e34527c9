//! What scripts see of a struct: its fields with their kinds and access, and the trait
//! by which a Rust type says what it is as a field.
//!
//! `schema` is about where fields are; this file is about what they mean, which is what
//! a checked view has to know. It makes nothing: the declaration, the views and the
//! conversions are all made from what is described here.

use std::ffi::c_char;

use crate::share::alike::are_alike;
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
    /// A pointer to text that ends at a NUL or after this many bytes: scripts read a copy of it, and
    /// nil where the pointer is NULL.
    TextBehind(usize),
    /// A pointer to a struct: scripts get that struct, and nil where the pointer is NULL.
    Follow(Follow),
}

/// Where scripts get by following a pointer. It holds a function, not the schema itself, so that
/// a struct can lead to structs of its own type.
///
/// ```
/// use perilune::{CView, Follow, Kind, c_struct};
///
/// c_struct! {
///     pub struct Node {
///         pub value: i32,
///         #[unsafe(follow)]
///         next: *mut Node,
///     }
/// }
///
/// let Kind::Follow(next) = Node::SCHEMA.fields[1].kind else { unreachable!() };
/// assert_eq!(next, Follow::new(|| Node::SCHEMA, true));
/// assert_eq!((next.schema().name, next.is_writable()), ("Node", true));
/// ```
#[derive(Clone, Copy)]
pub struct Follow {
    schema: fn() -> &'static Schema,
    is_writable: bool,
}

impl Follow {
    /// To a struct of this description; whether scripts can write what they may write there,
    /// or only read.
    #[must_use]
    pub const fn new(schema: fn() -> &'static Schema, is_writable: bool) -> Self {
        Self { schema, is_writable }
    }

    /// What the struct behind the pointer is.
    #[must_use]
    pub fn schema(&self) -> &'static Schema {
        (self.schema)()
    }

    /// Whether scripts can write it.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        self.is_writable
    }
}

/// They are equal if they lead to structs that are the same to scripts, and all that those lead to
/// is so too.
impl PartialEq for Follow {
    fn eq(&self, other: &Self) -> bool {
        self.is_writable == other.is_writable && are_alike(self.schema(), other.schema())
    }
}

impl Eq for Follow {}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.is_writable { "" } else { "const " }, self.schema().name)
    }
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
///
/// If the schema shows what is behind pointers ([`Kind::TextBehind`], [`Kind::Follow`]), each value
/// of the type that is ever lent or shared has NULL in these fields, or a pointer to what the
/// kind says: valid to be read, and for a [`Follow`] that is writable to be written, as long
/// as scripts can use the view, and not used by Rust meanwhile. No two of these pointers show the
/// same bytes as different types, and none shows bytes of such a pointer as anything else.
/// Whoever cannot answer for every value that safe code can make sets
/// [`UNSAFE_TO_LEND`](Self::UNSAFE_TO_LEND).
pub unsafe trait CView: CStruct + Copy {
    /// What scripts see of it.
    const SCHEMA: &'static Schema;

    /// Whether there are values that scripts must not get, although safe code can make them: because
    /// the pointers in it are public, for instance. Such a struct is lent by
    /// [`Vouched`](crate::Vouched), and neither shared, nor written by
    /// [`Elem::set`](crate::Elem::set),
    ///
    /// ```compile_fail,E0080
    /// # use perilune::{Elem, Lua, Result, State, game::Unit};
    /// # let mut lua = Lua::new().unwrap();
    /// lua.register("clear", |state: &mut State, unit: Elem<Unit>| unit.set(state, Unit::default())).unwrap();
    /// ```
    ///
    /// nor handed to an exported function as `&mut T`:
    ///
    /// ```compile_fail,E0080
    /// # use perilune::{Lua, game::Unit};
    /// # let mut lua = Lua::new().unwrap();
    /// lua.export("clear", |unit: &mut Unit| { *unit = Unit::default(); }).unwrap();
    /// ```
    const UNSAFE_TO_LEND: bool = false;
}

/// Refuses, when the program is compiled, types of which not every value may be seen by scripts.
pub(crate) const fn check_safe_to_lend<T: CView>() {
    assert!(!T::UNSAFE_TO_LEND, "the pointers in values of this type may be bad ones: lend them with `Vouched`");
}

/// A field that is a pointer to text, of which scripts see at most `BYTES`: what
/// `#[unsafe(text(BYTES))]` can be written on.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no pointer to text",
    note = "`#[unsafe(text(N))]` is for `*const c_char`, `*mut c_char`, and arrays of them"
)]
pub trait TextPointer<const BYTES: usize> {
    const KIND: Kind;
}

impl<const BYTES: usize> TextPointer<BYTES> for *const c_char {
    const KIND: Kind = Kind::TextBehind(BYTES);
}

impl<const BYTES: usize> TextPointer<BYTES> for *mut c_char {
    const KIND: Kind = Kind::TextBehind(BYTES);
}

impl<P: TextPointer<BYTES>, const N: usize, const BYTES: usize> TextPointer<BYTES> for [P; N] {
    const KIND: Kind = Kind::Array(&P::KIND, N);
}

/// A field that is a pointer to a struct: what `#[unsafe(follow)]` can be written on.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "scripts cannot follow `{Self}`",
    note = "`#[unsafe(follow)]` is for `*const T` and `*mut T` with a `T` that `c_struct!` made, and arrays of them"
)]
pub trait StructPointer {
    const KIND: Kind;
}

impl<T: CView> StructPointer for *const T {
    const KIND: Kind = Kind::Follow(Follow::new(schema_of::<T>, false));
}

impl<T: CView> StructPointer for *mut T {
    const KIND: Kind = Kind::Follow(Follow::new(schema_of::<T>, true));
}

impl<P: StructPointer, const N: usize> StructPointer for [P; N] {
    const KIND: Kind = Kind::Array(&P::KIND, N);
}

/// Checked as late as this, because a struct can lead to itself.
fn schema_of<T: CView>() -> &'static Schema {
    const { T::SCHEMA.check() };
    const { assert!(T::SCHEMA.size == size_of::<T>(), "the schema has another size than the struct") };
    T::SCHEMA
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
            Self::Pointer | Self::TextBehind(_) | Self::Follow(_) => size_of::<*const ()>(),
        }
    }

    /// What C calls it, or what an array is of; of structs the word, since they are written out in place.
    pub(crate) const fn c_name(&self) -> &'static str {
        match self {
            Self::I8 => "int8_t",
            Self::U8 => "uint8_t",
            Self::I16 => "int16_t",
            Self::U16 => "uint16_t",
            Self::I32 => "int32_t",
            Self::U32 => "uint32_t",
            Self::I64 => "int64_t",
            Self::U64 => "uint64_t",
            Self::F32 => "float",
            Self::F64 => "double",
            Self::Bool => "bool",
            Self::Text(_) => "char",
            Self::Enum(all) => all.repr.c_name(),
            Self::Array(element, _) => element.c_name(),
            Self::Struct(_) => "struct",
            Self::Pointer | Self::TextBehind(_) | Self::Follow(_) => "void *",
        }
    }

    /// Whether it is a pointer, or an array of them: scripts never write it.
    pub(crate) const fn is_pointer(&self) -> bool {
        matches!(innermost(self), Self::Pointer | Self::TextBehind(_) | Self::Follow(_))
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

    /// Whether the values of which it consists are of such a kind. What structs have in them,
    /// or behind pointers, is not looked at: [`Schema::reachable`] gives those.
    pub(crate) fn consists_of(&self, is: fn(&Self) -> bool) -> bool {
        match innermost(self) {
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

    /// Whether anything that scripts see is of such a kind, also behind pointers.
    pub(crate) fn has(&'static self, is: fn(&Kind) -> bool) -> bool {
        self.reachable().iter().any(|schema| schema.visible().any(|field| field.kind.consists_of(is)))
    }

    /// This struct, those in it, and those that scripts get to by its pointers, each once: types
    /// may lead back to themselves.
    pub(crate) fn reachable(&'static self) -> Vec<&'static Self> {
        let mut found: Vec<&'static Self> = vec![self];
        let mut looked_at = 0;
        while let Some(&schema) = found.get(looked_at) {
            for field in schema.visible() {
                let inner = match innermost(&field.kind) {
                    Kind::Struct(inner) => *inner,
                    Kind::Follow(follow) => follow.schema(),
                    _ => continue,
                };
                if !found.iter().any(|known| known.is(inner)) {
                    found.push(inner);
                }
            }
            looked_at += 1;
        }
        found
    }

    /// Whether both describe the same struct. Addresses alone do not tell: the compiler may
    /// keep a constant in several places.
    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self == other
    }

    /// Refuses, when the program is compiled, what no view can be made of.
    #[doc(hidden)]
    pub const fn check(&self) {
        assert!(self.size > 0 && !self.fields.is_empty(), "a struct without fields cannot be shared with scripts");
        assert!(self.size <= i32::MAX as usize, "a struct of 2 GiB or more cannot be shared with scripts");
        let mut at = 0;
        while at < self.fields.len() {
            let field = &self.fields[at];
            assert!(field.offset + field.kind.size() <= self.size, "a field that is not inside its struct");
            if let (Kind::Pointer, Access::ReadWrite | Access::ReadOnly) = (innermost(&field.kind), field.access) {
                panic!("a pointer has to be #[hidden]: scripts never see one");
            }
            if let Kind::TextBehind(0) = innermost(&field.kind) {
                panic!("text behind a pointer needs room for one byte at least");
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
        Kind::Pointer | Kind::TextBehind(_) | Kind::Follow(_) => "nothing".to_owned(),
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
