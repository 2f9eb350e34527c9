//! Names, sources and files with anything in them: NUL bytes, byte order marks, every way to end a line, a megabyte of name.

mod common;

use std::fs;
use std::path::PathBuf;

use common::{is_luajit, with};
use perilune::{Bytes, Error, Result, State, Value};

#[test]
fn a_nul_byte_is_a_byte_like_others() {
    with(|lua| {
        lua.set("a\0b", "c\0d")?;
        assert_eq!(lua.get::<String>("a\0b")?, "c\0d");
        assert!(lua.get::<Value>("a")?.is_nil());
        lua.set("x\0.y\0.z\0", 1)?;
        assert_eq!(lua.get::<i32>("x\0.y\0.z\0")?, 1);
        assert_eq!(
            lua.load("return _G['a\\0b'], ...").call::<(Bytes, Bytes)>(&b"\0\0"[..])?,
            (Bytes(b"c\0d".into()), Bytes(b"\0\0".into()))
        );
        lua.register("f\0g", |_: &mut State, text: &[u8]| -> Result<usize> { Ok(text.len()) })?;
        assert_eq!(lua.call::<usize>("f\0g", "\0a\0")?, 3);
        let error = lua.load("_G['f\\0g']()").exec().unwrap_err();
        assert!(error.to_string().contains("'f\0g'"), "{error:?}");
        let t = lua.create_table_from([("\0", 1), ("", 2), ("\0\0", 3)])?;
        assert_eq!((t.get::<i32>(lua, "\0")?, t.get::<i32>(lua, "")?, t.get::<i32>(lua, "\0\0")?), (1, 2, 3));
        let error = lua.load("error('a\\0b', 0)").exec().unwrap_err();
        assert_eq!(error.to_string(), "a\0b");
        lua.register("fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("n\0l")) })?;
        assert_eq!(lua.load("return tostring(select(2, pcall(fail)))").eval::<String>()?, "n\0l");
        // In a source: in a literal a character, elsewhere an error; what follows is not lost.
        assert_eq!(lua.load("return #'\0\0', '\0'").eval::<(usize, String)>()?, (2, "\0".to_owned()));
        assert_eq!(lua.load("return 1 --\0\n+ 1").eval::<i32>()?, 2);
        assert!(matches!(lua.load("return 1\0").exec().unwrap_err(), Error::Syntax(_)));
        assert!(matches!(lua.load("\0return 1").exec().unwrap_err(), Error::Syntax(_)));
        // In the name of a chunk, and of a file.
        let error = lua.load("error('x')").name("na\0me").exec().unwrap_err().to_string();
        assert!(error.starts_with("na") && error.ends_with(":1: x"), "{error:?}");
        assert!(matches!(lua.run_file("na\0me.lua").unwrap_err(), Error::File(_)));
        Ok(())
    });
}

#[test]
fn a_name_may_be_long_and_odd_but_not_empty() {
    with(|lua| {
        let long = "n".repeat(1 << 20);
        lua.set(&long, 1)?;
        assert_eq!(lua.get::<i32>(&long)?, 1);
        lua.register(&long, |_: &mut State, n: u8| Ok(n))?;
        assert!(lua.call::<()>(&long, -1).unwrap_err().to_string().len() > 1 << 20);
        assert!(lua.load("error('x')").name(&long).exec().unwrap_err().to_string().ends_with(":1: x"));
        assert!(matches!(lua.load("x = = 1").name(&long).exec().unwrap_err(), Error::Syntax(_)));
        // 5,000 tables within each other.
        let deep = vec!["t"; 5_000].join(".");
        lua.set(&deep, 1)?;
        assert_eq!(lua.get::<i32>(&deep)?, 1);
        assert!(matches!(lua.set(&format!("{deep}.t"), 1).unwrap_err(), Error::Type(_)));
        assert!(matches!(lua.get::<i32>(&format!("{deep}.t.t")).unwrap_err(), Error::Type(_)));
        for empty in ["", ".", "..", "a.", ".a", "a..b", "a.b."] {
            assert!(matches!(lua.get::<Value>(empty).unwrap_err(), Error::Type(_)), "{empty:?}");
            assert!(matches!(lua.set(empty, 1).unwrap_err(), Error::Type(_)), "{empty:?}");
            assert!(lua.call::<()>(empty, ()).is_err() && lua.register(empty, |_: &mut State, (): ()| Ok(())).is_err());
        }
        for odd in [" ", "\n", "1", "-", "日本", "\u{10ffff}", "a b", "'", "\\", "if", "_G"] {
            lua.set(&format!("odd.{odd}"), odd)?;
            assert_eq!(lua.get::<String>(&format!("odd.{odd}"))?, odd);
        }
        assert!(lua.get::<Value>("string.x.y")?.is_nil());
        assert!(lua.get::<Value>("print.x").is_err() && lua.set("print.x", 1).is_err());
        Ok(())
    });
}

#[test]
fn odd_chunk_names_do_not_confuse_messages() {
    with(|lua| {
        let cut = "x:99999999999: ......cut_in_the_middle_of_this_character:_é and more";
        for name in [cut, "", "=", "@", "x:1: y", "a\nb", "[string \"x\"]", "near 'x'", ":", "::", "9:9:", "\u{feff}", "'", "...", "日本:7"]
        {
            for text in ["x = = 1", "local s = 'abc", "x = ", "return 1 +\n\n+ )", "goto nowhere", "\"\\400\"", "for", "x = }"] {
                let error = lua.load(text).name(name).exec().unwrap_err();
                let Error::Syntax(error) = error else { panic!("{name:?}: {error:?}") };
                assert!((1..=3).contains(&error.line) && !error.message.is_empty(), "{name:?}, {text:?}: {error:?}");
                assert!(text.lines().nth(error.line - 1).is_some_and(|line| line == error.source_line), "{name:?}, {text:?}: {error:?}");
                drop(error.to_string());
            }
            let error = lua.load("error('x')").name(name).exec().unwrap_err();
            assert!(error.to_string().ends_with("1: x"), "{name:?}: {error}");
        }
        Ok(())
    });
}

#[test]
fn a_source_begins_and_breaks_lines_as_files_do() {
    with(|lua| {
        for (text, value) in [
            ("\u{feff}return 1", 1),
            ("#!/usr/bin/lua\nreturn 2", 2),
            ("\u{feff}#!/usr/bin/lua\nreturn 3", 3),
            ("# a note\r\nreturn 4", 4),
            ("return 5\r\n", 5),
            ("return\r6", 6),
            ("return\n\r7", 7),
            ("#\nreturn 8", 8),
        ] {
            assert_eq!(lua.load(text).eval::<i32>()?, value, "{text:?}");
        }
        for nothing in
            ["", "\u{feff}", "#", "#!/usr/bin/lua", "\u{feff}#!/usr/bin/lua", "#\n", "\r\n", "\r", "\n\n", ";", "--", "--[[", "# \r"]
        {
            let outcome = lua.load(nothing).eval::<Value>();
            assert!(outcome.is_ok_and(|value| value.is_nil()) || nothing == "--[[" || is_luajit() && nothing == ";", "{nothing:?}");
        }
        for (text, line) in
            [("\r\nx = = 1", 2), ("#!x\r\nx = = 1", 2), ("#\n\nx = = 1", 3), ("\u{feff}#\nx = = 1", 2), ("\n\n\nx = = 1\n\n", 4)]
        {
            let Error::Syntax(error) = lua.load(text).exec().unwrap_err() else { panic!("{text:?}") };
            assert_eq!((error.line, error.source_line.as_str()), (line, "x = = 1"), "{text:?}");
        }
        // Elsewhere they are not what they are at the beginning.
        for text in [" #x", "return 1 #!", "\n#!/usr/bin/lua"] {
            assert!(matches!(lua.load(text).exec().unwrap_err(), Error::Syntax(_)), "{text:?}");
        }
        // Bytes that are no UTF-8.
        assert_eq!(lua.load(b"return '\xff\xfe'").eval::<Bytes>()?.0, b"\xff\xfe");
        assert!(matches!(lua.load(b"\xff\xfe = 1 1").exec().unwrap_err(), Error::Syntax(_)));
        assert!(matches!(lua.load(b"\xef\xbb").exec().unwrap_err(), Error::Syntax(_)));
        Ok(())
    });
}

#[test]
fn files_of_every_kind_are_read() {
    fn file(name: &str, text: &[u8]) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    with(|lua| {
        for (name, text, value) in [
            ("bom.lua", &b"\xef\xbb\xbfreturn 1"[..], 1),
            ("crlf.lua", b"#!/usr/bin/lua\r\nlocal x = 1\r\nreturn x + 1\r\n", 2),
            ("a name with spaces ' and \n lines.lua", b"return 3", 3),
            ("日.lua", b"return 4", 4),
            ("large.lua", format!("return #'{}' - 999995", "x".repeat(1_000_000)).as_bytes(), 5),
        ] {
            let path = file(name, text);
            assert_eq!(lua.run_file(&path)?.first::<i32>(lua)?, value);
            fs::remove_file(path).unwrap();
        }
        let path = file("bytecode.lua", b"\x1bLua");
        assert!(matches!(lua.run_file(&path).unwrap_err(), Error::Syntax(_)));
        fs::remove_file(path).unwrap();
        Ok(())
    });
}
