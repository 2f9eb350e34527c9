//! Libraries and what is kept from scripts.

use perilune::{Error, Function, Libs, Lua, State, Table};

use crate::common::{is_luajit, with};

#[test]
fn a_new_vm_has_what_scripts_may_have() {
    with(|lua| {
        lua.run("assert(string and table and math and coroutine and os.time and pcall and print)")?;
        // Elsewhere these come with a VM that is called safe; here each is asked for by name.
        lua.run("assert(not io and not os.execute and not package and not debug and not dofile and not loadfile)").map(drop)
    });
}

#[test]
fn libraries_are_chosen_as_a_set() {
    let libs = Libs::BASE | Libs::STRING.union(Libs::MATH);
    assert!(libs.contains(Libs::MATH) && !libs.intersects(Libs::TABLE));
    let mut lua = Lua::builder().libs(libs).build().unwrap();
    lua.run("assert(string and math and not table and not os and not coroutine)").unwrap();
    let mut lua = Lua::builder().libs(Libs::SAFE - Libs::OS).build().unwrap();
    lua.run("assert(table and not os)").unwrap();
}

#[test]
fn what_is_unsafe_takes_the_word() {
    assert!(matches!(Lua::builder().libs(Libs::ALL).build(), Err(Error::Unsupported(_))));
    // SAFETY: the only script is the one below.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::IO | Libs::PACKAGE | Libs::OS_UNSAFE) }.build().unwrap();
    lua.run("assert(io.open and package.path and os.getenv)").unwrap();
}

#[test]
fn a_script_is_fenced_in_by_its_environment() {
    with(|lua| {
        let fence = lua.create_table()?;
        let print: Function = lua.get("tostring")?;
        fence.set(lua, "tostring", print)?;
        assert_eq!(lua.load("x = tostring(7) return x").environment(&fence).eval::<String>()?, "7");
        assert!(lua.load("print('x')").environment(&fence).exec().is_err());
        assert_eq!(lua.get::<Option<String>>("x")?, None);
        // One that falls back on the globals sees them without changing them.
        let globals = lua.globals()?;
        let metatable = lua.create_table_from([("__index", globals)])?;
        fence.set_metatable(lua, Some(&metatable))?;
        lua.load("assert(math.pi > 3) y = 1").environment(&fence).exec()?;
        assert_eq!(lua.get::<Option<i32>>("y")?, None);
        Ok(())
    });
}

#[test]
fn the_strings_methods_cannot_be_changed_by_a_script() {
    with(|lua| {
        lua.run("string.upper = function() return 'spoiled' end")?;
        assert_eq!(lua.load("return ('x'):upper()").eval::<String>()?, "X");
        assert!(lua.run("getmetatable('').__index = nil").is_err());
        Ok(())
    });
}

#[test]
fn libraries_of_c_are_opened_by_the_host() {
    with(|lua| {
        // SAFETY: the opener is the VM's own, and made to be called like this.
        let open = unsafe { lua.create_c_function(perilune::lua_sys::luaopen_math) }?;
        let math: Option<Table> = if is_luajit() { open.call(lua, "math")? } else { open.call(lua, ())? };
        assert!(math.is_some_and(|math| math.contains_key(lua, "floor").unwrap()));
        Ok(())
    });
}

#[test]
fn a_host_function_is_all_that_a_script_has_of_the_system() {
    let mut lua = Lua::new().unwrap();
    lua.register("save", |state: &mut State, (name, text): (String, String)| -> perilune::Result<usize> {
        if name.contains(['/', '\\', '.']) {
            return Err(Error::runtime(format!("'{name}' is no name for a saved game: use letters and digits")));
        }
        state.set_app_data((name, text.clone()));
        Ok(text.len())
    })
    .unwrap();
    assert_eq!(lua.load("return save('slot1', 'gold=7')").eval::<usize>().unwrap(), 6);
    assert!(lua.run("save('../secrets', '')").unwrap_err().to_string().contains("is no name for a saved game"));
}
