//! The twins, held against C when the crate is compiled, and what scripts see of them.

use crate::share::{FieldType, Kind, StructPointer, TextPointer};

/// Makes `$Type` a [`CStruct`](crate::CStruct) with the declaration in `ffi_defs`, after
/// those of the types it `uses`. What the compiler refuses: a field that one side has
/// and the other has not, another offset or size of a field, another size or alignment
/// of the whole, all compared with what bindgen made of the same text.
macro_rules! twin {
    ($Type:ident, $file:literal, uses [$($Used:ident),*], fields { $($field:ident $(as $name:literal)?),* $(,)? }) => {
        impl $Type {
            /// Its C declaration.
            pub(crate) const DECLARATION: $crate::CDeclaration = $crate::CDeclaration {
                name: stringify!($Type),
                text: include_str!(concat!("../../ffi_defs/", $file)),
            };
        }

        // SAFETY: `repr(C)` with the fields of the declaration, as checked below; the
        // fields are numbers, raw pointers, and arrays and structs of them.
        unsafe impl $crate::CStruct for $Type {
            const NAME: &'static str = stringify!($Type);
            const DECLARATIONS: &'static [$crate::CDeclaration] = &[$($Used::DECLARATION,)* $Type::DECLARATION];
            const FIELDS: &'static [$crate::CField] = &[$($crate::CField {
                name: twin!(@name $field $($name)?),
                offset: ::std::mem::offset_of!($Type, $field),
                size: $crate::game::layout::size_behind(|it: &$Type| &it.$field),
            }),*];
        }

        const _: () = {
            use $crate::game::layout::size_behind;
            use $crate::sys::unit_defs::$Type as C;

            // No field is left out on either side: these patterns have no `..`.
            fn _all_of_rust($Type { $($field: _),* }: &$Type) {}
            fn _all_of_c(C { $($field: _),* }: &C) {}

            assert!(size_of::<$Type>() == size_of::<C>(), concat!(stringify!($Type), " has another size in C"));
            assert!(align_of::<$Type>() == align_of::<C>(), concat!(stringify!($Type), " is aligned otherwise in C"));
            $(
                assert!(
                    ::std::mem::offset_of!($Type, $field) == ::std::mem::offset_of!(C, $field),
                    concat!(stringify!($Type), ".", stringify!($field), " is elsewhere in C")
                );
                assert!(
                    size_behind(|it: &$Type| &it.$field) == size_behind(|it: &C| &it.$field),
                    concat!(stringify!($Type), ".", stringify!($field), " has another size in C")
                );
            )*
        };
    };
    (@name $field:ident) => { stringify!($field) };
    // C's name, where that is a word of Rust.
    (@name $field:ident $name:literal) => { $name };
}
pub(crate) use twin;

/// Says what scripts see of `$Type` in a checked view: all of it, with what `$how` the pointers lead to.
/// The game's pointers are public, so that no such struct is `safe` to lend unless it has none.
macro_rules! view {
    ($Type:ident, $safe:ident, { $($field:ident $(as $name:literal)? $(=> $how:ident $(($most:expr))?)?),* $(,)? }) => {
        // SAFETY: the fields are where the compiler laid them out, and of the kinds that their
        // types say. Whoever lends a struct with pointers answers for them.
        unsafe impl $crate::CView for $Type {
            const SCHEMA: &'static $crate::Schema = &$crate::Schema {
                name: stringify!($Type),
                size: size_of::<$Type>(),
                fields: &[$($crate::ViewField {
                    name: twin!(@name $field $($name)?),
                    c_name: twin!(@name $field $($name)?),
                    doc: "",
                    offset: ::std::mem::offset_of!($Type, $field),
                    kind: view!(@kind $Type, $field $(, $how $(($most))?)?),
                    access: $crate::Access::ReadWrite,
                }),*],
            };
            const UNSAFE_TO_LEND: bool = view!(@$safe);
        }
    };
    (@kind $Type:ident, $field:ident) => { $crate::game::layout::kind_of(|it: &$Type| &it.$field) };
    (@kind $Type:ident, $field:ident, text($most:expr)) => { $crate::game::layout::text_kind_of::<$most, _, _>(|it: &$Type| &it.$field) };
    (@kind $Type:ident, $field:ident, follow) => { $crate::game::layout::follow_kind_of(|it: &$Type| &it.$field) };
    (@safe) => { false };
    (@vouched) => { true };
}
pub(crate) use view;

/// What the field that `_field` leads to is.
pub(crate) const fn kind_of<S, F: FieldType>(_field: fn(&S) -> &F) -> Kind {
    F::KIND
}

/// What it is as a pointer to text of at most so many bytes.
pub(crate) const fn text_kind_of<const BYTES: usize, S, F: TextPointer<BYTES>>(_field: fn(&S) -> &F) -> Kind {
    F::KIND
}

/// What it is as a pointer to a struct.
pub(crate) const fn follow_kind_of<S, F: StructPointer>(_field: fn(&S) -> &F) -> Kind {
    F::KIND
}

/// The size of the field that `_field` leads to.
pub(crate) const fn size_behind<S, F>(_field: fn(&S) -> &F) -> usize {
    size_of::<F>()
}
