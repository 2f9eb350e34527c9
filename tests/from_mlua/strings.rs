//! Strings: bytes and text, read in place.

use perilune::{Bytes, Error, Lua, LuaString, Result, State, Value};

use crate::common::with;

#[test]
fn what_is_no_utf8_is_still_a_string() {
    with(|lua| {
        let odd = lua.create_string(b"caf\xe9")?;
        assert_eq!(odd.as_bytes(lua)?, b"caf\xe9");
        let error = odd.to_str(lua).unwrap_err();
        assert_eq!(error.to_string(), "expected a UTF-8 string, got a string of 4 bytes that is not UTF-8 at byte 3");
        assert_eq!(odd.to_string_lossy(lua)?, "caf\u{fffd}");
        lua.set("odd", &odd)?;
        lua.run("assert(#odd == 4 and odd:byte(4) == 0xe9)").map(drop)
    });
}

#[test]
fn nul_bytes_are_bytes_like_others() {
    with(|lua| {
        let text = lua.create_string("a\0b")?;
        assert_eq!(text.to_str(lua)?, "a\0b");
        lua.set("text", &text)?;
        assert_eq!(lua.load("return #text, text:reverse()").eval::<(usize, String)>()?, (3, "b\0a".to_owned()));
        Ok(())
    });
}

#[test]
fn strings_are_compared_by_their_bytes() {
    with(|lua| {
        let (a, same, b) = (lua.create_string("ash")?, lua.load("return 'a' .. 'sh'").eval::<LuaString>()?, lua.create_string("birch")?);
        assert_eq!(a.as_bytes(lua)?, same.as_bytes(lua)?);
        assert!(a.as_bytes(lua)? < b.as_bytes(lua)?);
        assert_eq!(a.to_str(lua)?, "ash");
        let (a, same, b) = (Value::String(a), Value::String(same), Value::String(b));
        assert!(a.raw_equals(lua, &same)? && !a.raw_equals(lua, &b)?);
        assert_eq!(a.identity(lua)?, same.identity(lua)?);
        Ok(())
    });
}

#[test]
fn a_handle_of_a_string_outlives_everything_else_that_held_it() {
    with(|lua| {
        let name: LuaString = lua.load("name = ('x'):rep(100) return name").eval()?;
        lua.run("name = nil")?;
        lua.gc_collect()?;
        assert_eq!(name.as_bytes(lua)?, [b'x'; 100]);
        Ok(())
    });
}

#[test]
fn only_strings_are_handles_of_strings() {
    with(|lua| {
        // Text is made of a number where text is asked for, but a handle is one to what is there.
        assert_eq!(lua.load("return 12").eval::<String>()?, "12");
        assert_eq!(lua.load("return 12").eval::<LuaString>().unwrap_err().to_string(), "expected a string, got number 12");
        Ok(())
    });
}

#[test]
fn text_is_borrowed_from_a_call_without_a_copy() {
    with(|lua| {
        lua.register("first_word", |_: &mut State, text: &str| Ok(text.split(' ').next().unwrap_or_default().to_owned()))?;
        lua.register("sum", |_: &mut State, bytes: &[u8]| Ok(bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>()))?;
        assert_eq!(lua.load(r"return first_word('well met') , sum('\1\2\255')").eval::<(String, u64)>()?, ("well".to_owned(), 258));
        Ok(())
    });
}

#[test]
fn bytes_come_and_go_as_strings_and_numbers_as_lists() {
    with(|lua| {
        lua.set("text", Bytes(vec![65, 66]))?;
        lua.set("slice", &b"AB"[..])?;
        lua.set("list", vec![65_u8, 66])?;
        lua.run("assert(text == 'AB' and slice == 'AB' and type(list) == 'table' and list[2] == 66)")?;
        assert!(matches!(lua.get::<Vec<u8>>("text"), Err(Error::Type(_))));
        assert_eq!(lua.get::<Bytes>("text")?.0, lua.get::<Vec<u8>>("list")?);
        Ok(())
    });
}

#[test]
fn a_string_of_another_vm_is_refused() {
    with(|lua| {
        let theirs = Lua::new()?.create_string("theirs")?;
        assert!(matches!(theirs.as_bytes(lua), Err(Error::Closed)));
        let mut other = Lua::new()?;
        let theirs = other.create_string("theirs")?;
        assert!(matches!(theirs.to_str(lua), Err(Error::ForeignHandle)));
        let result: Result<()> = lua.set("theirs", &theirs);
        assert!(matches!(result, Err(Error::ForeignHandle)));
        Ok(())
    });
}
