//! What exported functions take and give: the C types, and how values come to and from them.

use std::ffi::{c_int, c_void};

use crate::error::Result;
use crate::lang::{self, FromArg, FromLua, Internal, IntoLua, Value};
use crate::share::element::Elem;
use crate::share::fields::{CView, Kind, check_safe_to_lend};
use crate::share::views::{self, Pointer};
use crate::sys;
use crate::vm::state::State;

/// A type of a C function's argument or result.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CType {
    Void,
    /// A number or a boolean.
    Value(Kind),
    /// A pointer to bytes, whose number is told beside the call.
    Text,
    /// A pointer to an element of a view, which can be written, or only read.
    Element {
        writable: bool,
    },
}

/// An argument of a function that is exported by [`State::export`]: a number, `bool`,
/// `&str` or `&[u8]`, or an element of a view, as `&T` or `&mut T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of an exported function",
    note = "arguments are numbers, `bool`, `&str`, `&[u8]`, and elements of views as `&T` or `&mut T`; `State::register` takes all others"
)]
pub trait ExportArg {
    /// The type with the lifetime of the call.
    type Item<'a>;

    /// What C passes.
    #[doc(hidden)]
    type Abi: Copy;

    #[doc(hidden)]
    const C: CType;

    /// The value that C passed; `length` is the number of a text's bytes.
    ///
    /// # Safety
    /// The wrapper has checked the value: text and elements are there for `'a`.
    #[doc(hidden)]
    unsafe fn from_c<'a>(value: Self::Abi, length: usize, _: Internal) -> Result<Self::Item<'a>>;

    /// The argument at `index`, where no wrapper has looked at it.
    ///
    /// # Safety
    /// As for [`FromArg::take`]; and no script runs, nor any Rust that has the state, for `'a`.
    #[doc(hidden)]
    unsafe fn take<'a>(state: &mut State, index: c_int, _: Internal) -> Result<Self::Item<'a>>;

    /// What finds the memory of an element in the wrapper.
    #[doc(hidden)]
    fn pointer(_: &mut State, _: Internal) -> Result<Option<Pointer>> {
        Ok(None)
    }
}

/// A result of a function that is exported by [`State::export`]: a number, `bool`, `()`, or
/// a `Result` of one of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the result of an exported function",
    note = "results are numbers, `bool`, `()`, and a `perilune::Result` of these; `State::register` takes all others"
)]
pub trait ExportResult {
    /// What C gives back.
    #[doc(hidden)]
    type Abi: Copy;

    #[doc(hidden)]
    const C: CType;

    /// What is given back beside an error.
    #[doc(hidden)]
    const NOTHING: Self::Abi;

    #[doc(hidden)]
    fn into_c(self, _: Internal) -> Result<Self::Abi>;

    /// Pushes it, if it is a value, and says how many that are. `[-0, +n, m]`
    #[doc(hidden)]
    fn give(self, state: &mut State, _: Internal) -> Result<c_int>;
}

macro_rules! arguments {
    ($($Type:ty: $C:ident;)*) => {$(
        impl ExportArg for $Type {
            type Item<'a> = $Type;
            type Abi = $Type;
            const C: CType = CType::Value(Kind::$C);

            #[inline]
            unsafe fn from_c<'a>(value: $Type, _: usize, _: Internal) -> Result<Self::Item<'a>> {
                Ok(value)
            }

            #[inline]
            unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<Self::Item<'a>> {
                // SAFETY: the caller's.
                unsafe { <$Type as FromArg>::take(state, index, internal) }
            }
        }
    )*};
}

macro_rules! results {
    ($($Type:ty: $C:ident, $nothing:expr;)*) => {$(
        impl ExportResult for $Type {
            type Abi = $Type;
            const C: CType = CType::Value(Kind::$C);
            const NOTHING: $Type = $nothing;

            #[inline]
            fn into_c(self, _: Internal) -> Result<$Type> {
                Ok(self)
            }

            #[inline]
            fn give(self, state: &mut State, internal: Internal) -> Result<c_int> {
                self.push_into(state, internal)?;
                Ok(1)
            }
        }
    )*};
}

arguments! { bool: Bool; i8: I8; u8: U8; i16: I16; u16: U16; i32: I32; u32: U32; f32: F32; f64: F64; }
results! {
    bool: Bool, false; i8: I8, 0; u8: U8, 0; i16: I16, 0; u16: U16, 0; i32: I32, 0; u32: U32, 0; f32: F32, 0.0; f64: F64, 0.0;
}

/// Integers of 64 bits are exact, whatever Lua's numbers are.
macro_rules! long_integers {
    ($($Type:ty: $C:ident, $signed:literal;)*) => {$(
        impl ExportArg for $Type {
            type Item<'a> = $Type;
            type Abi = $Type;
            const C: CType = CType::Value(Kind::$C);

            #[inline]
            unsafe fn from_c<'a>(value: $Type, _: usize, _: Internal) -> Result<Self::Item<'a>> {
                Ok(value)
            }

            unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<Self::Item<'a>> {
                // SAFETY: reads of an acceptable index (I2).
                let kind = unsafe { sys::lua_type(state.raw(), index) };
                if kind <= sys::LUA_TTHREAD {
                    // SAFETY: the caller's.
                    return unsafe { <$Type as FromArg>::take(state, index, internal) };
                }
                let value = Value::read(state, index)?;
                views::take64(state, &value, $signed).map(|bits| bits as $Type)
            }
        }

        impl ExportResult for $Type {
            type Abi = $Type;
            const C: CType = CType::Value(Kind::$C);
            const NOTHING: $Type = 0;

            #[inline]
            fn into_c(self, _: Internal) -> Result<$Type> {
                Ok(self)
            }

            fn give(self, state: &mut State, internal: Internal) -> Result<c_int> {
                views::make64(state, self as u64, $signed)?.push_into(state, internal)?;
                Ok(1)
            }
        }
    )*};
}

long_integers! { i64: I64, true; u64: U64, false; isize: I64, true; usize: U64, false; }

impl ExportResult for () {
    type Abi = ();
    const C: CType = CType::Void;
    const NOTHING: () = ();

    #[inline]
    fn into_c(self, _: Internal) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn give(self, _: &mut State, _: Internal) -> Result<c_int> {
        Ok(0)
    }
}

impl<R: ExportResult> ExportResult for Result<R> {
    type Abi = R::Abi;
    const C: CType = R::C;
    const NOTHING: R::Abi = R::NOTHING;

    #[inline]
    fn into_c(self, internal: Internal) -> Result<R::Abi> {
        self?.into_c(internal)
    }

    #[inline]
    fn give(self, state: &mut State, internal: Internal) -> Result<c_int> {
        self?.give(state, internal)
    }
}

impl ExportArg for &[u8] {
    type Item<'a> = &'a [u8];
    type Abi = *const u8;
    const C: CType = CType::Text;

    #[inline]
    unsafe fn from_c<'a>(value: *const u8, length: usize, _: Internal) -> Result<&'a [u8]> {
        // SAFETY: the wrapper passed a Lua string and its length; it holds the string.
        Ok(unsafe { std::slice::from_raw_parts(value, length) })
    }

    unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<&'a [u8]> {
        // SAFETY: the caller's.
        unsafe { <&[u8] as FromArg>::take(state, index, internal) }
    }
}

impl ExportArg for &str {
    type Item<'a> = &'a str;
    type Abi = *const u8;
    const C: CType = CType::Text;

    #[inline]
    unsafe fn from_c<'a>(value: *const u8, length: usize, internal: Internal) -> Result<&'a str> {
        // SAFETY: the caller's.
        lang::utf8(unsafe { <&[u8] as ExportArg>::from_c(value, length, internal) }?)
    }

    unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<&'a str> {
        // SAFETY: the caller's.
        unsafe { <&str as FromArg>::take(state, index, internal) }
    }
}

impl<T: CView> ExportArg for &T {
    type Item<'a> = &'a T;
    type Abi = *const c_void;
    const C: CType = CType::Element { writable: false };

    #[inline]
    unsafe fn from_c<'a>(value: *const c_void, _: usize, _: Internal) -> Result<&'a T> {
        // SAFETY: the wrapper found the element in its view, which nobody can revoke or
        // write to during the call: nothing that has the state runs.
        Ok(unsafe { &*value.cast() })
    }

    unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<&'a T> {
        let element = Elem::<T>::from_stack(state, index, internal)?;
        // SAFETY: as above.
        Ok(unsafe { &*element.place(state, false)? })
    }

    fn pointer(state: &mut State, _: Internal) -> Result<Option<Pointer>> {
        views::pointer_of::<T>(state).map(Some)
    }
}

impl<T: CView> ExportArg for &mut T {
    type Item<'a> = &'a mut T;
    type Abi = *mut c_void;
    const C: CType = CType::Element { writable: true };

    #[inline]
    unsafe fn from_c<'a>(value: *mut c_void, _: usize, _: Internal) -> Result<&'a mut T> {
        const { check_safe_to_lend::<T>() };
        // SAFETY: as for `&T`, and there is only one element among the arguments.
        Ok(unsafe { &mut *value.cast() })
    }

    unsafe fn take<'a>(state: &mut State, index: c_int, internal: Internal) -> Result<&'a mut T> {
        const { check_safe_to_lend::<T>() };
        let element = Elem::<T>::from_stack(state, index, internal)?;
        // SAFETY: as above.
        Ok(unsafe { &mut *element.place(state, true)? })
    }

    fn pointer(state: &mut State, _: Internal) -> Result<Option<Pointer>> {
        views::pointer_of::<T>(state).map(Some)
    }
}
