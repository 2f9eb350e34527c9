//! What a struct looks like: its C declaration, and where Rust has its fields.
//!
//! Everything that shares memory starts from a [`CStruct`]: the raw pointer declares
//! the type and compares the layouts, and whatever else is made for a struct later
//! (a checked view, an editor's stubs) reads the same description.

/// A Rust struct that C code, and LuaJIT's FFI, see as a struct of their own.
///
/// The C declaration is compared with the Rust side, field by field, when the type is
/// first exposed in a VM: see [`State::expose_raw`](crate::State::expose_raw).
///
/// ```
/// use std::mem::{offset_of, size_of};
/// use perilune::{CDeclaration, CField, CStruct};
///
/// #[repr(C)]
/// struct Point {
///     x: f32,
///     y: f32,
/// }
///
/// // SAFETY: `repr(C)` with the fields of the declaration; any bits are a float.
/// unsafe impl CStruct for Point {
///     const NAME: &'static str = "Point";
///     const DECLARATIONS: &'static [CDeclaration] =
///         &[CDeclaration { name: "Point", text: "typedef struct Point { float x; float y; } Point;" }];
///     const FIELDS: &'static [CField] = &[
///         CField { name: "x", offset: offset_of!(Point, x), size: size_of::<f32>() },
///         CField { name: "y", offset: offset_of!(Point, y), size: size_of::<f32>() },
///     ];
/// }
/// ```
///
/// # Safety
/// - The type is `#[repr(C)]`, or laid out as such a type is, and [`NAME`](Self::NAME)
///   and [`FIELDS`](Self::FIELDS) name the C type and the fields that mean the same.
///   Sizes and offsets are checked; what a field *means* is not.
/// - Any value that C may store in a field is valid in Rust: no reference, `NonNull` or
///   `Box`, but numbers, raw pointers, arrays of them, and structs for which the same
///   holds. A `bool`, or an `enum` that is declared as an integer, may be one if whoever
///   gives C or a trusted script a pointer to it sees to its values.
pub unsafe trait CStruct: Sized + 'static {
    /// The type's name in C: a `typedef`'s name, or `struct Point`.
    const NAME: &'static str;

    /// The declarations that C needs to know the type, each after those it uses: its
    /// own comes last.
    const DECLARATIONS: &'static [CDeclaration];

    /// The fields, in the order of the declaration.
    const FIELDS: &'static [CField];
}

/// The C text that declares one type: declarations only, no preprocessor lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CDeclaration {
    /// The name that it declares.
    pub name: &'static str,
    /// The text, as the C compiler reads it.
    pub text: &'static str,
}

/// One field, as Rust has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CField {
    /// The field's name in C.
    pub name: &'static str,
    /// Where it begins, in bytes from the start of the struct.
    pub offset: usize,
    /// How many bytes it takes.
    pub size: usize,
}

impl CDeclaration {
    /// Whether `text` is the same C. Line ends and indentation mean nothing there, and
    /// differ between copies of a file.
    pub(crate) fn has_text(&self, text: &str) -> bool {
        self.text.split_whitespace().eq(text.split_whitespace())
    }
}

#[cfg(test)]
mod tests {
    use super::CDeclaration;

    #[test]
    fn pure_texts_are_compared_without_regard_to_spacing() {
        let declaration = CDeclaration { name: "P", text: "typedef struct P { int x; } P;" };
        assert!(declaration.has_text("typedef struct P {\r\n    int x;\r\n} P;\r\n"));
        assert!(!declaration.has_text("typedef struct P { int y; } P;"));
    }
}
