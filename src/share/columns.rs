//! Plain C pointers to columns of numbers, for scripts that are trusted: what `raw` is to an
//! array of structs, this is to a struct of arrays.

use crate::error::{Error, Result};
use crate::lang::{Table, Value};
use crate::share::ffi::{high_half, low_half, no_ffi, tools};
use crate::share::fields::FieldType;
use crate::share::raw::check_pointer;
use crate::vm::backend::Backend;
use crate::vm::state::State;

/// A number of which there can be a raw column.
pub trait RawNumber: sealed::Sealed + Copy + Send + 'static {
    #[doc(hidden)]
    const C_NAME: &'static str;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! numbers {
    ($($Number:ty)*) => {$(
        impl sealed::Sealed for $Number {}

        impl RawNumber for $Number {
            const C_NAME: &'static str = <$Number as FieldType>::KIND.c_name();
        }
    )*};
}

numbers! { i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 }

/// A column for [`State::expose_columns_raw`]: its name in scripts and where its numbers are.
#[derive(Debug, Clone, Copy)]
pub struct RawColumn<'a> {
    name: &'a str,
    c_name: &'static str,
    data: *mut (),
    /// Why scripts cannot have the pointer, if they cannot.
    check: fn(*mut (), usize) -> Result<()>,
}

impl<'a> RawColumn<'a> {
    /// Nothing is done with the pointer before it is exposed.
    #[must_use]
    pub fn new<T: RawNumber>(name: &'a str, data: *mut T) -> Self {
        let check = |data: *mut (), len| check_pointer(T::C_NAME, data.cast::<T>(), len);
        Self { name, c_name: T::C_NAME, data: data.cast(), check }
    }
}

impl State {
    /// Puts columns of numbers that have the same length, each a plain C pointer, under a
    /// global name, which may be dotted: a table with a field for each column, and `n`, the
    /// length. Scripts use them as C does, from 0 on and without any check.
    ///
    /// ```
    /// use perilune::{Backend, Lua, RawColumn};
    ///
    /// let (mut x, mut speed) = (vec![0.0_f32; 1000], vec![2.5_f32; 1000]);
    /// let mut lua = Lua::new()?;
    /// if Backend::current().has_ffi {
    ///     let columns = [RawColumn::new("x", x.as_mut_ptr()), RawColumn::new("speed", speed.as_mut_ptr())];
    ///     // SAFETY: both vectors have 1000 numbers, and are neither moved nor used while
    ///     // the one script runs, which was read and stays within them.
    ///     unsafe { lua.expose_columns_raw("swarm", 1000, &columns)? };
    ///     lua.run("local x, speed = swarm.x, swarm.speed for i = 0, swarm.n - 1 do x[i] = x[i] + speed[i] end")?;
    ///     lua.close()?;
    ///     assert_eq!(x[999], 2.5);
    /// }
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::Unsupported`] on Lua 5.4, which has no FFI.
    /// - [`Error::Type`] if `len` is 0 or there is no column, if a pointer is null or not aligned, if two columns
    ///   have the same name or one is called `n`; and as for [`State::set`].
    ///
    /// # Safety
    /// As for [`State::expose_raw`]: each pointer is to `len` initialized numbers, and scripts
    /// that have it can read and write **any** memory of the process.
    pub unsafe fn expose_columns_raw(&mut self, name: &str, len: usize, columns: &[RawColumn<'_>]) -> Result<()> {
        if !Backend::current().has_ffi {
            return Err(no_ffi("Lua 5.4 has no FFI: lend a slice of structs and use columns of the view, or use LuaJIT"));
        }
        check(len, columns).map_err(|error| error.at(|| format!("exposing '{name}'")))?;
        let tools = tools(self)?;
        let table: Table = self.create_table()?;
        table.raw_set(self, "n", len)?;
        for column in columns {
            let address = column.data.addr();
            let pointer: Value = tools.point.call(self, (&tools.library, column.c_name, high_half(address), low_half(address)))?;
            // From here on scripts can use the address.
            column.data.expose_provenance();
            table.raw_set(self, column.name, pointer)?;
        }
        self.set(name, table)
    }
}

fn check(len: usize, columns: &[RawColumn<'_>]) -> Result<()> {
    if columns.is_empty() {
        return Err(Error::type_mismatch("at least one column", "none"));
    }
    for (at, column) in columns.iter().enumerate() {
        let is_taken = column.name == "n" || columns[..at].iter().any(|other| other.name == column.name);
        if is_taken {
            return Err(Error::type_mismatch("columns with names of their own, and none called 'n'", format!("'{}'", column.name)));
        }
        (column.check)(column.data, len).map_err(|error| error.at(|| format!("column '{}'", column.name)))?;
    }
    Ok(())
}
