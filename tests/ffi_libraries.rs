//! Promise: a trusted script calls a C library by name, file or handle, with the declarations it
//! was given and no more; what is wrong is an error with a reason, and Lua 5.4 says that it cannot.

mod common;

use std::ffi::{CString, c_void};
use std::path::Path;

use common::is_luajit;
use perilune::{Error, FfiLibrary, Lua, Result, Table};

const MATHS: &str = "double fmod(double x, double y);";

fn register(lua: &mut Lua, library: FfiLibrary<'_>, declarations: &str) -> Result<Table> {
    // SAFETY: the declarations of the tests are those of the C library.
    unsafe { lua.register_ffi_library("c", library, declarations) }
}

fn open(name: &str) -> *mut c_void {
    let name = CString::new(name).unwrap();
    // SAFETY: the C library has no side effects when it is loaded.
    unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) }
}

/// The file that a loaded library came from.
fn loaded_from(name: &str) -> String {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.ends_with(name)).expect("it is loaded");
    line[line.find('/').unwrap()..].to_owned()
}

#[test]
fn lua_54_says_that_it_cannot() {
    if is_luajit() {
        return;
    }
    let error = register(&mut Lua::new().unwrap(), FfiLibrary::Program, MATHS).unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)));
    assert!(error.to_string().contains("Lua 5.4 has no FFI"), "{error}");
}

#[test]
fn symbols_are_found_in_all_ways() {
    if !is_luajit() {
        return;
    }
    let handle = open("libm.so.6");
    let file = loaded_from("libm.so.6");
    for library in [FfiLibrary::Program, FfiLibrary::Name("libm.so.6"), FfiLibrary::File(Path::new(&file)), FfiLibrary::Handle(handle)] {
        let mut lua = Lua::new().unwrap();
        let table = register(&mut lua, library, MATHS).unwrap();
        assert_eq!(lua.load("return c.fmod(27, 12)").eval::<f64>().unwrap(), 3.0, "{library:?}");
        let found: bool = lua.load("local sum = 0 for i = 1, 200 do sum = sum + c.fmod(i, 4) end return sum == 300").eval().unwrap();
        assert!(found);
        // The same text again, under a name in a table.
        // SAFETY: as above.
        unsafe { lua.register_ffi_library("libs.maths", library, MATHS) }.unwrap();
        assert_eq!(lua.load("return libs.maths.fmod(8, 3)").eval::<f64>().unwrap(), 2.0);
        drop(table);
        lua.close().unwrap();
    }
    // SAFETY: what `dlopen` gave, closed once.
    unsafe { libc::dlclose(handle) };
}

#[test]
fn a_handle_may_be_closed_afterwards() {
    if !is_luajit() {
        return;
    }
    let mut lua = Lua::new().unwrap();
    let handle = open("libm.so.6");
    register(&mut lua, FfiLibrary::Handle(handle), MATHS).unwrap();
    // SAFETY: what `dlopen` gave, closed once.
    unsafe { libc::dlclose(handle) };
    assert_eq!(lua.load("return c.fmod(27, 12)").eval::<f64>().unwrap(), 3.0);
}

#[test]
fn what_is_wrong_is_told() {
    if !is_luajit() {
        return;
    }
    let mut lua = Lua::new().unwrap();
    let error = register(&mut lua, FfiLibrary::Program, "double fmod(double").unwrap_err().to_string();
    assert!(error.contains("cannot take the C declaration of library 'c'"), "{error}");
    let error = register(&mut lua, FfiLibrary::Name("no_such_library_at_all"), MATHS).unwrap_err().to_string();
    assert!(error.contains("no_such_library_at_all"), "{error}");
    let error = register(&mut lua, FfiLibrary::File(Path::new("no_such_file.so")), MATHS).unwrap_err().to_string();
    assert!(error.contains("no_such_file.so"), "{error}");
    let error = register(&mut lua, FfiLibrary::Handle(std::ptr::null_mut()), MATHS).unwrap_err().to_string();
    assert!(error.contains("library 'c': expected a handle that 'dlopen' gave, got a null pointer"), "{error}");
    register(&mut lua, FfiLibrary::Program, "int perilune_no_such_function(void);").unwrap();
    let error = lua.run("c.perilune_no_such_function()").unwrap_err().to_string();
    assert!(error.contains("perilune_no_such_function"), "{error}");
    let error = lua.run("c.never_declared()").unwrap_err().to_string();
    assert!(error.contains("never_declared"), "{error}");
    assert!(lua.run("getmetatable(c).__index = nil").is_err());
    common::check(&mut lua);
}
