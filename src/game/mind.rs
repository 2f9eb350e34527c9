//! What goes on in a unit. The C game has only reserved the room so far.

use std::ffi::c_int;

use crate::game::layout::twin;

/// A unit's traits: `Traits` in `ffi_defs/traits.h`.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Traits {
    /// Not used yet.
    pub placeholder: c_int,
}

/// A unit's emotions: `Emotions` in `ffi_defs/emotions.h`.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Emotions {
    /// Not used yet.
    pub placeholder: c_int,
}

/// A unit's opinions: `Opinions` in `ffi_defs/opinions.h`.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Opinions {
    /// Not used yet.
    pub placeholder: c_int,
}

twin!(Traits, "traits.h", uses [], fields { placeholder });
twin!(Emotions, "emotions.h", uses [], fields { placeholder });
twin!(Opinions, "opinions.h", uses [], fields { placeholder });
