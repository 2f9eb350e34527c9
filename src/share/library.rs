//! C libraries for scripts that are trusted: their functions and variables by LuaJIT's FFI.

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

use crate::error::{Error, Result};
use crate::lang::Table;
use crate::share::ffi;
use crate::vm::backend::Backend;
use crate::vm::state::State;

/// Where the symbols of a C library are found.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum FfiLibrary<'a> {
    /// What is linked into the program, or was loaded for all to see.
    Program,
    /// A library of the system's, by the name that a linker knows it by, or as it is called: `z`, `libz.so.1`.
    Name(&'a str),
    /// A file.
    File(&'a Path),
    /// What `dlopen` gave. The library stays loaded as long as the VM needs it, also if the
    /// handle is closed.
    Handle(*mut c_void),
}

/// Trusted C libraries.
impl State {
    /// Puts a table with a C library's symbols under a global name, which may be dotted, and
    /// gives the table. `declarations` is C, as `ffi.cdef` takes it: the functions, variables, types and constants that
    /// scripts may use. The same text can be given again. Scripts do not get the `ffi` library.
    ///
    /// ```
    /// use perilune::{Backend, FfiLibrary, Lua};
    ///
    /// let mut lua = Lua::new()?;
    /// if Backend::current().has_ffi {
    ///     // SAFETY: `labs` is declared as the system has it, and takes any number.
    ///     unsafe { lua.register_ffi_library("c", FfiLibrary::Program, "long labs(long n);")? };
    ///     assert_eq!(lua.load("return tonumber(c.labs(-7))").eval::<i64>()?, 7);
    /// }
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::Unsupported`] on Lua 5.4, which has no FFI.
    /// - [`Error::Runtime`] if the library cannot be loaded or LuaJIT refuses the declarations,
    ///   in its words. A symbol is looked up when a script first names it; one that is not declared, or
    ///   not in the library, is an error there.
    /// - [`Error::Type`] for a handle that is null or no library's, a path that is not UTF-8; and as for [`State::set`].
    ///
    /// # Safety
    /// A script that can call C can do anything that the process can. Run only scripts that you trust as your own
    /// code. The declarations have to be those that the library was compiled with. A function of the library must
    /// not call back into this VM, nor be given a Lua function where it expects one of C. A handle is what
    /// `dlopen` gave, and not closed yet.
    pub unsafe fn register_ffi_library(&mut self, name: &str, library: FfiLibrary<'_>, declarations: &str) -> Result<Table> {
        if !Backend::current().has_ffi {
            return Err(Error::unsupported(
                "calling a C library from scripts",
                "Lua 5.4 has no FFI: register functions that call it, or use LuaJIT",
            ));
        }
        let place = || format!("library '{name}'");
        // SAFETY: the caller's.
        let file = unsafe { file_of(library) }.map_err(|error| error.at(place))?;
        ffi::declare_text(self, &place(), declarations)?;
        let symbols = ffi::symbols(self, file)?;
        let (table, behind) = (self.create_table()?, self.create_table()?);
        behind.set(self, "__index", &symbols)?;
        behind.set(self, "__newindex", symbols)?;
        behind.set(self, "__metatable", false)?;
        table.set_metatable(self, Some(&behind))?;
        self.set(name, &table)?;
        Ok(table)
    }
}

/// The file to load; none for the program itself.
///
/// # Safety
/// A handle is what `dlopen` gave.
unsafe fn file_of(library: FfiLibrary<'_>) -> Result<Option<String>> {
    match library {
        FfiLibrary::Program => Ok(None),
        FfiLibrary::Name(name) => Ok(Some(name.to_owned())),
        // A name without a slash would be looked for elsewhere.
        FfiLibrary::File(path) => text_of(&if path.is_relative() { Path::new(".").join(path) } else { path.to_owned() }).map(Some),
        // SAFETY: the caller's.
        FfiLibrary::Handle(handle) => unsafe { file_of_handle(handle) },
    }
}

fn text_of(path: &Path) -> Result<String> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Error::type_mismatch("the path of a library as UTF-8", format!("{}", path.display())))
}

/// What a library was loaded from: to load that again gives the same library, and counts it
/// once more. Empty for the program.
///
/// # Safety
/// `handle` is null or what `dlopen` gave.
#[cfg(target_os = "linux")]
unsafe fn file_of_handle(handle: *mut c_void) -> Result<Option<String>> {
    /// The beginning of what the system's loader knows of a library: `struct link_map` in `link.h`.
    #[repr(C)]
    struct LinkMap {
        address: usize,
        name: *const c_char,
    }
    let wrong = || Error::type_mismatch("a handle that 'dlopen' gave", if handle.is_null() { "a null pointer" } else { "another one" });
    if handle.is_null() {
        return Err(wrong());
    }
    let mut map: *const LinkMap = std::ptr::null();
    // SAFETY: the caller's; `map` is what this request fills.
    let status = unsafe { libc::dlinfo(handle, libc::RTLD_DI_LINKMAP, (&raw mut map).cast()) };
    if status != 0 || map.is_null() {
        return Err(wrong());
    }
    // SAFETY: the loader's own text, there as long as the library is loaded.
    let name = unsafe { CStr::from_ptr((*map).name) }.to_str().map_err(|_| wrong())?;
    Ok(if name.is_empty() { None } else { Some(name.to_owned()) })
}

#[cfg(not(target_os = "linux"))]
unsafe fn file_of_handle(_: *mut c_void) -> Result<Option<String>> {
    Err(Error::unsupported("a C library by its handle", "only Linux says which file a handle is of: use the library's name or file"))
}
