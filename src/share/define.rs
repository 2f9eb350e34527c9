//! `c_struct!` and `c_enum!`: types that are described once, in Rust.
//!
//! They only write down what the other files of this folder define. The attributes of a
//! field are matched in a fixed order, so that no step of the expansion is recursive and
//! a struct may have any number of fields.

/// Defines structs that scripts can work on, where they are: in the host's own memory.
///
/// Each becomes a `#[repr(C)]` struct that is `Clone` and `Copy`, and gets all that is
/// needed to show it to scripts: see [`CStruct`](crate::CStruct) and
/// [`CView`](crate::CView). Fields are numbers, `bool`, enumerations made by
/// [`c_enum!`](crate::c_enum), structs made by this macro, arrays of all these, and
/// `[c_char; N]` for text. Pointers are possible where they are hidden, or where an `unsafe`
/// attribute says what scripts get by them.
///
/// Behind a field's documentation stand, in this order and each if it is needed:
///
/// - `#[unsafe(text(N))]` on a `*const c_char` or `*mut c_char`: scripts read a copy of the text,
///   which ends at a NUL or after `N` bytes; NULL is nil.
/// - `#[unsafe(follow)]` on a `*mut T` or `*const T`, where `T` is such a struct: scripts get the
///   `T` that it points to, as they get a struct inside; NULL is nil. Behind a `*const T`
///   everything can only be read.
/// - `#[read_only]`: scripts can read it, and everything in it.
/// - `#[hidden]`: to scripts it is not there.
/// - `#[rename("other")]`: its name in scripts.
///
/// ```
/// use std::ffi::c_char;
/// use perilune::{CStruct, CView, Kind, c_struct};
///
/// c_struct! {
///     /// Whoever walks and fights.
///     #[derive(Debug, PartialEq)]
///     pub struct Soldier {
///         /// Hit points: now, and at most.
///         pub hp: [i32; 2],
///         pub x: f32,
///         pub y: f32,
///         #[read_only]
///         pub id: i32,
///         #[hidden]
///         secret: u64,
///         pub tag: [c_char; 16],
///     }
/// }
///
/// assert_eq!(Soldier::SCHEMA.fields[0].kind, Kind::Array(&Kind::I32, 2));
/// assert_eq!(Soldier::SCHEMA.fields[5].kind, Kind::Text(16));
/// assert_eq!(
///     Soldier::DECLARATIONS[0].text,
///     "typedef struct Soldier { int32_t hp[2]; float x; float y; int32_t id; uint64_t secret; char tag[16]; } Soldier;",
/// );
/// ```
///
/// # Pointers
///
/// ```
/// use std::ffi::c_char;
/// use perilune::{Lua, c_struct};
///
/// c_struct! {
///     pub struct Sword { pub damage: i32 }
///
///     pub struct Knight {
///         pub hp: i32,
///         #[unsafe(text(32))]
///         name: *const c_char,
///         #[unsafe(follow)]
///         sword: *mut Sword,
///         #[unsafe(follow)]
///         lord: *const Knight,
///     }
/// }
///
/// let mut sword = Box::new(Sword { damage: 4 });
/// let lord = Knight { hp: 9, name: c"Maud".as_ptr(), sword: std::ptr::null_mut(), lord: std::ptr::null() };
/// let mut knights = [Knight { hp: 7, name: c"Ivo".as_ptr(), sword: &raw mut *sword, lord: &raw const lord }; 2];
/// let mut lua = Lua::new()?;
/// lua.lend("knights", &mut knights, |state| {
///     state.run(
///         "local ivo = knights[1]
///          assert(ivo.name == 'Ivo' and ivo.lord.name == 'Maud' and ivo.lord.sword == nil)
///          ivo.sword.damage = ivo.sword.damage + 1",
///     )?;
///     let error = state.run("knights[1].lord.hp = 1").unwrap_err();
///     assert!(error.to_string().contains("cannot change field 'hp' of a Knight: it can only be read"));
///     Ok(())
/// })?;
/// assert_eq!(sword.damage, 5);
/// # Ok::<(), perilune::Error>(())
/// ```
///
/// Scripts see no pointer, and change none: an assignment to such a field is an error, and copies
/// of structs leave it as it is. What they keep of what is behind one (`local sword = ivo.sword`)
/// goes the way from the element to it at each use again. If the host has changed the pointer, it
/// is the new one that is followed; if that is NULL then, it is an error. There can be four
/// pointers on such a way, so that types that lead back to themselves end somewhere; and
/// `totable` copies what is behind one pointer, and has nil for further ones.
///
/// The word `unsafe` is a promise, for every value of the struct that is ever lent or shared: in
/// these fields is NULL, or a pointer to what the type says, which is valid to be read, and for a
/// `*mut T` to be written, as long as scripts can use the view; no Rust reference to it is used
/// meanwhile, and it is not shown as another type elsewhere, nor is the memory of such a pointer.
/// All that holds for what is behind *those* values, too. Only the module that defines the struct
/// can keep this promise, so let such fields be private.
///
/// A pointer that could not be followed does not compile,
///
/// ```compile_fail,E0277
/// perilune::c_struct! { pub struct Named { #[unsafe(follow)] next: *mut u8 } }
/// ```
///
/// nor does text where there is no pointer to it.
///
/// ```compile_fail,E0277
/// perilune::c_struct! { pub struct Named { #[unsafe(text(16))] name: [std::ffi::c_char; 16] } }
/// ```
///
/// # What does not compile
///
/// What could be shown to nobody: a pointer that is not hidden,
///
/// ```compile_fail,E0080
/// perilune::c_struct! { pub struct Named { pub name: *mut u8 } }
/// ```
///
/// or a type that not every value in memory is a value of.
///
/// ```compile_fail,E0277
/// perilune::c_struct! { pub struct Named { pub name: &'static str } }
/// ```
#[macro_export]
macro_rules! c_struct {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $Name:ident {
            $(
                $(#[doc = $doc:literal])*
                $(#[unsafe(text($text:expr))])?
                $(#[unsafe(follow $($follow:literal)?)])?
                $(#[read_only $($read_only:literal)?])?
                $(#[hidden $($hidden:literal)?])?
                $(#[rename($rename:literal)])?
                $field_vis:vis $field:ident : $Field:ty
            ),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy)]
        #[repr(C)]
        $vis struct $Name {
            $($(#[doc = $doc])* $field_vis $field: $Field,)*
        }

        const _: () = {
            use $crate::{Access, CDeclaration, CField, CStruct, CView, FieldType, Kind, Schema, ViewField};

            const SEEN: &[ViewField] = &[$(ViewField {
                name: $crate::c_struct!(@name $field $($rename)?),
                c_name: $crate::share_parts::plain_name(stringify!($field)),
                doc: concat!($($doc, "\n",)* ""),
                offset: ::std::mem::offset_of!($Name, $field),
                kind: $crate::c_struct!(@kind $Field $(, text $text)? $(, follow $($follow)?)?),
                access: Access::of(&[$({ $(stringify!($read_only);)? true })?], &[$({ $(stringify!($hidden);)? true })?]),
            }),*];
            const SCHEMA: Schema = Schema { name: stringify!($Name), size: ::std::mem::size_of::<$Name>(), fields: SEEN };
            const LENGTH: usize = $crate::share_parts::Declaration::<0>::of(stringify!($Name), SEEN).length();
            const TEXT: $crate::share_parts::Declaration<LENGTH> = $crate::share_parts::Declaration::of(stringify!($Name), SEEN);
            const _: () = SCHEMA.check();

            // SAFETY: `repr(C)`, with the fields from which the declaration was made.
            unsafe impl CStruct for $Name {
                const NAME: &'static str = stringify!($Name);
                const DECLARATIONS: &'static [CDeclaration] =
                    &[CDeclaration { name: stringify!($Name), text: TEXT.text() }];
                const FIELDS: &'static [CField] = &[$(CField {
                    name: $crate::share_parts::plain_name(stringify!($field)),
                    offset: ::std::mem::offset_of!($Name, $field),
                    size: ::std::mem::size_of::<$Field>(),
                }),*];
            }

            // SAFETY: what the macro wrote down is what the compiler laid out.
            unsafe impl CView for $Name {
                const SCHEMA: &'static Schema = &SCHEMA;
            }

            // SAFETY: a struct is its fields, each of which is what its type says.
            unsafe impl FieldType for $Name {
                const KIND: Kind = Kind::Struct(&SCHEMA);
            }

        };
    )*};
    (@kind $Field:ty) => { Kind::of_field::<$Field>(stringify!($Field)) };
    (@kind $Field:ty, text $text:expr) => { <$Field as $crate::share_parts::TextPointer<{ $text }>>::KIND };
    (@kind $Field:ty, follow) => { <$Field as $crate::share_parts::StructPointer>::KIND };
    (@name $field:ident) => { $crate::share_parts::plain_name(stringify!($field)) };
    (@name $field:ident $rename:literal) => { $rename };
}

/// Defines enumerations that can be fields of a [`c_struct!`](crate::c_struct).
///
/// To scripts they are numbers; they can store a declared value and nothing else.
///
/// ```
/// use perilune::{FieldType, Kind, c_enum};
///
/// c_enum! {
///     /// What somebody is about to do.
///     #[derive(Debug, PartialEq)]
///     pub enum Stance: u8 { Idle = 0, Guard, Attack = 7 }
/// }
///
/// let Kind::Enum(stance) = Stance::KIND else { unreachable!() };
/// assert_eq!(stance.values, [0, 1, 7]);
/// assert_eq!(stance.names, ["Idle", "Guard", "Attack"]);
/// assert_eq!(size_of::<Stance>(), 1);
/// ```
///
/// The integer that it is in memory is one of `i8`, `u8`, `i16`, `u16`, `i32` and `u32`.
///
/// ```compile_fail,E0080
/// perilune::c_enum! { pub enum Long: i64 { One = 1 } }
/// ```
#[macro_export]
macro_rules! c_enum {
    ($(
        $(#[$meta:meta])*
        $vis:vis enum $Name:ident : $Repr:ident {
            $($(#[$variant_meta:meta])* $Variant:ident $(= $value:expr)?),+ $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy)]
        #[repr($Repr)]
        $vis enum $Name {
            $($(#[$variant_meta])* $Variant $(= $value)?,)+
        }

        const _: () = {
            use $crate::{Enumeration, FieldType, Kind};

            const ALL: Enumeration = Enumeration {
                name: stringify!($Name),
                repr: <$Repr as FieldType>::KIND,
                values: &[$($Name::$Variant as i64),+],
                names: &[$(stringify!($Variant)),+],
            };
            const _: () = ALL.check();

            // SAFETY: only declared values are stored.
            unsafe impl FieldType for $Name {
                const KIND: Kind = Kind::Enum(&ALL);
            }
        };
    )*};
}

/// A name without the mark that makes it one for Rust.
#[must_use]
pub const fn plain_name(name: &str) -> &str {
    let [b'r', b'#', plain @ ..] = name.as_bytes() else { return name };
    match std::str::from_utf8(plain) {
        Ok(plain) => plain,
        Err(_) => name,
    }
}
