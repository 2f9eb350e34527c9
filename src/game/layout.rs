//! The twins, held against C when the crate is compiled.

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

/// The size of the field that `_field` leads to.
pub(crate) const fn size_behind<S, F>(_field: fn(&S) -> &F) -> usize {
    size_of::<F>()
}
