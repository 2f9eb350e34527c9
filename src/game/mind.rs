//! What goes on in a unit. The C game has only reserved the room so far.

use std::ffi::c_int;

use crate::CView;
use crate::game::layout::{twin, view};
use crate::share::{FieldType, Kind};

/// A unit's traits: `Traits` in `ffi_defs/traits.h`.
#[derive(Debug, Default, Clone, Copy)]
#[repr(C)]
pub struct Traits {
    /// Not used yet.
    pub placeholder: c_int,
}

/// A unit's emotions: `Emotions` in `ffi_defs/emotions.h`.
#[derive(Debug, Default, Clone, Copy)]
#[repr(C)]
pub struct Emotions {
    /// Not used yet.
    pub placeholder: c_int,
}

/// A unit's opinions: `Opinions` in `ffi_defs/opinions.h`.
#[derive(Debug, Default, Clone, Copy)]
#[repr(C)]
pub struct Opinions {
    /// Not used yet.
    pub placeholder: c_int,
}

twin!(Traits, "traits.h", uses [], fields { placeholder });
twin!(Emotions, "emotions.h", uses [], fields { placeholder });
twin!(Opinions, "opinions.h", uses [], fields { placeholder });

view!(Traits, safe, { placeholder });
view!(Emotions, safe, { placeholder });
view!(Opinions, safe, { placeholder });

macro_rules! fields {
    ($($Type:ident)*) => {$(
        // SAFETY: a struct of numbers, as its schema says.
        unsafe impl FieldType for $Type {
            const KIND: Kind = Kind::Struct($Type::SCHEMA);
        }
    )*};
}

fields! { Traits Emotions Opinions }
