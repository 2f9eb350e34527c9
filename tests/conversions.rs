//! Every value arrives as what it was, or not at all: conversions check ranges and kinds, and say what came.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::{CStr, CString};
use std::fmt::Debug;

use perilune::{Backend, BackendKind, Bytes, Error, FromLua, Function, IntoLua, Lua, Result, State, Value, Variadic};

/// Sends a value through Lua and back.
fn through<T: IntoLua + FromLua>(lua: &mut Lua, value: T) -> Result<T> {
    let same: Function = lua.load("return function(v) return v end").eval()?;
    same.call(lua, value)
}

fn survives<T: IntoLua + FromLua + Clone + PartialEq + Debug>(values: &[T]) {
    let mut lua = Lua::new().unwrap();
    for value in values {
        assert_eq!(&through(&mut lua, value.clone()).unwrap(), value);
        let by_value = value.clone().into_lua(&mut lua).unwrap();
        assert_eq!(&T::from_lua(by_value, &mut lua).unwrap(), value);
    }
}

/// What reading `script` as a `T` complains about.
fn complaint<T: FromLua>(script: &str) -> String {
    let mut lua = Lua::new().unwrap();
    match lua.load(script).eval::<T>() {
        Ok(_) => panic!("{script} was accepted"),
        Err(error @ Error::Type(_)) => error.to_string(),
        Err(other) => panic!("{script} gave {other:?}"),
    }
}

macro_rules! limits {
    ($($Integer:ident)*) => { $(survives(&[$Integer::MIN, $Integer::MAX, 0, 1]);)* };
}

#[test]
fn integers_survive_up_to_their_limits() {
    limits! { i8 u8 i16 u16 i32 u32 }
    let largest = if Backend::current().kind == BackendKind::Lua54 { i64::MAX } else { 1 << 53 };
    survives(&[largest, -largest, 0]);
    survives(&[isize::try_from(largest).unwrap()]);
    survives(&[u64::try_from(largest).unwrap(), 0]);
    survives(&[usize::try_from(largest).unwrap(), 0]);
    survives(&[i128::from(largest), -i128::from(largest)]);
    survives(&[u128::try_from(largest).unwrap()]);
}

#[test]
fn an_integer_that_lua_cannot_hold_is_refused_rather_than_rounded() {
    let mut lua = Lua::new().unwrap();
    for wide in [u128::MAX, u128::from(u64::MAX)] {
        assert!(matches!(lua.set("n", wide), Err(Error::Type(_))));
    }
    assert!(matches!(lua.set("n", u64::MAX), Err(Error::Type(_))));
    assert!(matches!(lua.set("n", i128::MIN), Err(Error::Type(_))));
    let odd = (1_i64 << 53) + 1;
    match Backend::current().kind {
        BackendKind::Lua54 => assert_eq!(through(&mut lua, odd).unwrap(), odd),
        _ => assert!(lua.set("n", odd).unwrap_err().to_string().contains("9007199254740993")),
    }
    // A large power of two is exact on both.
    assert_eq!(through(&mut lua, 1_i64 << 60).unwrap(), 1 << 60);
    assert_eq!(through(&mut lua, i64::MIN).unwrap(), i64::MIN);
    // The refused ones left nothing behind.
    assert!(lua.get::<Value>("n").unwrap().is_nil());
}

#[test]
fn integers_out_of_range_are_named_with_the_range() {
    assert_eq!(complaint::<u8>("return 256"), "expected an integer from 0 to 255, got number 256");
    assert_eq!(complaint::<i8>("return -129"), "expected an integer from -128 to 127, got number -129");
    assert_eq!(complaint::<u64>("return -1"), "expected an integer from 0 on, got number -1");
    assert_eq!(complaint::<i32>("return 1.5"), "expected an integer from -2147483648 to 2147483647, got number 1.5");
    assert!(complaint::<i64>("return 2^63").starts_with("expected an integer, got number 92233720368547"));
    assert!(complaint::<i64>("return 0/0").contains("NaN"));
    assert!(complaint::<i64>("return 1/0").contains("inf"));
    assert_eq!(complaint::<u32>("return {}"), "expected an integer from 0 to 4294967295, got table");
    assert_eq!(complaint::<i16>("return nil"), "expected an integer from -32768 to 32767, got nil");
}

#[test]
fn floats_survive_bit_by_bit() {
    survives(&[0.0, 1.5, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY, 1e308]);
    survives(&[0.25_f32, f32::MAX, f32::INFINITY]);
    let mut lua = Lua::new().unwrap();
    assert!(through(&mut lua, f64::NAN).unwrap().is_nan());
    assert!(through(&mut lua, -0.0_f64).unwrap().is_sign_negative());
    assert_eq!(complaint::<f64>("return true"), "expected a number, got boolean true");
}

#[test]
fn numeric_text_counts_as_a_number_and_a_number_as_text() {
    let mut lua = Lua::new().unwrap();
    assert_eq!(lua.load("return '0x10'").eval::<u8>().unwrap(), 16);
    assert_eq!(lua.load("return ' 2.5 '").eval::<f64>().unwrap(), 2.5);
    assert_eq!(lua.load("return 12").eval::<String>().unwrap(), "12");
    assert_eq!(complaint::<f64>("return 'twelve'"), "expected a number, got string \"twelve\"");
    // Reading a key as text does not change it under the traversal.
    let map: HashMap<String, i32> = lua.load("return { 1, 2, 3, [10] = 4 }").eval().unwrap();
    assert_eq!(map.len(), 4);
    assert_eq!(map["10"], 4);
}

#[test]
fn only_booleans_are_booleans() {
    survives(&[true, false]);
    assert_eq!(complaint::<bool>("return 1"), "expected a boolean, got number 1");
    assert_eq!(complaint::<bool>("return nil"), "expected a boolean, got nil");
}

#[test]
fn text_and_bytes_survive_whole() {
    survives(&[String::new(), "plain".into(), "nul\0inside".into(), "Žluťoučký 🐎".into(), "x".repeat(200_000)]);
    survives(&[Box::<str>::from("boxed")]);
    survives(&[Cow::Borrowed("cow"), Cow::Owned(String::from("owned"))]);
    survives(&['a', 'ß', '🐎', '\0']);
    survives(&[Bytes(vec![]), Bytes((0..=255).collect())]);
    survives(&[CString::new("c").unwrap()]);
    let mut lua = Lua::new().unwrap();
    lua.set("s", c"borrowed").unwrap();
    assert_eq!(lua.get::<String>("s").unwrap(), "borrowed");
    lua.set("s", &b"\xff\0"[..]).unwrap();
    assert_eq!(lua.load("return #s").eval::<usize>().unwrap(), 2);
    assert_eq!(complaint::<String>(r"return 'ab\255'"), "expected a UTF-8 string, got a string of 3 bytes that is not UTF-8 at byte 2");
    assert_eq!(complaint::<CString>(r"return 'a\0b'"), "expected a string without NUL bytes, got one with NUL at byte 1");
    assert_eq!(complaint::<char>("return 'ab'"), "expected a single character, got a string of 2 bytes");
    assert_eq!(complaint::<String>("return {}"), "expected a string, got table");
}

/// Lua 5.4 remembers the text that it made of an address.
#[test]
fn a_c_text_is_what_its_buffer_holds_now() {
    let mut lua = Lua::new().unwrap();
    let table = lua.create_table().unwrap();
    let mut buffer = *b"hp\0";
    for (byte, value) in [(b'h', 1), (b'x', 2), (b'h', 3)] {
        buffer[0] = byte;
        table.raw_set(&mut lua, CStr::from_bytes_with_nul(&buffer).unwrap(), value).unwrap();
    }
    let read = |lua: &mut Lua| ["hp", "xp"].map(|key| table.raw_get::<i32>(lua, key).unwrap());
    assert_eq!(read(&mut lua), [3, 2]);
    assert_eq!(table.get::<i32>(&mut lua, c"hp").unwrap(), 3);

    let long = CString::new(vec![b'a'; 100_000]).unwrap();
    table.raw_set(&mut lua, long.as_c_str(), 4).unwrap();
    assert_eq!(table.raw_get::<i32>(&mut lua, long.to_str().unwrap()).unwrap(), 4);
}

#[test]
fn options_are_nil_or_the_value() {
    survives(&[Some(3), None]);
    survives(&[Some(String::from("x")), None]);
    let mut lua = Lua::new().unwrap();
    assert_eq!(lua.load("return").eval::<Option<i32>>().unwrap(), None);
    assert_eq!(complaint::<Option<u8>>("return 'x'"), "expected an integer from 0 to 255, got string \"x\"");
}

#[test]
fn collections_survive() {
    survives(&[vec![1, 2, 3], vec![]]);
    survives(&[vec![vec![vec![String::from("deep")]]]]);
    survives(&[[1.5, 2.5]]);
    survives(&[VecDeque::from([1, 2])]);
    survives(&[Vec::from([true, false]).into_boxed_slice()]);
    survives(&[HashMap::from([(String::from("a"), 1), ("b".into(), 2)]), HashMap::new()]);
    survives(&[BTreeMap::from([(1, vec!["x".to_owned()]), (-5, vec![])])]);
    survives(&[HashSet::from([1, 2, 3])]);
    survives(&[BTreeSet::from(["a".to_owned(), "b".to_owned()])]);
    survives(&[(0..10_000).collect::<Vec<i32>>()]);
}

#[test]
fn a_wrong_element_is_named() {
    assert_eq!(complaint::<Vec<u8>>("return { 1, 2, 300 }"), "element 3: expected an integer from 0 to 255, got number 300");
    assert_eq!(complaint::<[i32; 2]>("return { 1, 2, 3 }"), "expected a sequence of 2 values, got one of 3");
    assert_eq!(complaint::<Vec<i32>>("return 'text'"), "expected a table, got string \"text\"");
    assert_eq!(complaint::<HashMap<String, i32>>("return { a = {} }"), "expected an integer from -2147483648 to 2147483647, got table");
    let mut lua = Lua::new().unwrap();
    let error = lua.set("list", vec![1, u64::MAX]).unwrap_err();
    assert!(error.to_string().starts_with("element 2: expected an integer that a Lua number holds"), "{error}");
}

#[test]
fn a_map_cannot_have_the_key_nan() {
    let mut lua = Lua::new().unwrap();
    let table = lua.create_table().unwrap();
    assert!(matches!(table.set(&mut lua, f64::NAN, 1), Err(Error::Type(_))));
    assert!(matches!(table.raw_set(&mut lua, Value::Nil, 1), Err(Error::Type(_))));
    assert!(table.is_empty(&mut lua).unwrap());
}

#[test]
fn tuples_carry_up_to_twelve_values_and_a_variadic_tail() {
    let mut lua = Lua::new().unwrap();
    let same: Function = lua.load("return function(...) return ... end").eval().unwrap();
    let twelve = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    let back: (u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8) = same.call(&mut lua, twelve).unwrap();
    assert_eq!(back, twelve);
    let (first, rest): (i32, Variadic<i32>) = same.call(&mut lua, (1, Variadic(vec![2, 3]))).unwrap();
    assert_eq!((first, rest.0), (1, vec![2, 3]));
    let (one, two): (i32, Option<i32>) = same.call(&mut lua, 1).unwrap();
    assert_eq!((one, two), (1, None));
    let () = same.call(&mut lua, (1, 2)).unwrap();
}

#[test]
fn thousands_of_values_pass_at_once() {
    let mut lua = Lua::new().unwrap();
    let same: Function = lua.load("return function(...) return ... end").eval().unwrap();
    let many: Vec<i32> = (0..5000).collect();
    let back: Variadic<i32> = same.call(&mut lua, Variadic(many.clone())).unwrap();
    assert_eq!(back.0, many);
    lua.register("same", |_: &mut State, values: Variadic<Value>| -> Result<Variadic<Value>> { Ok(values) }).unwrap();
    let same: Function = lua.get("same").unwrap();
    let back: Variadic<i32> = same.call(&mut lua, Variadic(many.clone())).unwrap();
    assert_eq!(back.0, many);
}

#[test]
fn callbacks_borrow_their_text() {
    let mut lua = Lua::new().unwrap();
    lua.register("join", |_: &mut State, (a, b, sep): (&str, &[u8], Option<&str>)| -> Result<String> {
        Ok(format!("{a}{}{}", sep.unwrap_or("-"), b.len()))
    })
    .unwrap();
    assert_eq!(lua.load(r"return join('x', '\255\0')").eval::<String>().unwrap(), "x-2");
    assert_eq!(lua.load("return join(1.5, 'ab', '+')").eval::<String>().unwrap(), "1.5+2");
    let error = lua.run("join('a')").unwrap_err().to_string();
    assert!(error.contains("bad argument #2 to 'join': expected a string, got nil"), "{error}");
    let error = lua.run(r"join('\255', '')").unwrap_err().to_string();
    assert!(error.contains("bad argument #1 to 'join': expected a UTF-8 string"), "{error}");
}

struct Point {
    x: f64,
    y: f64,
}

impl IntoLua for Point {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        let table = state.create_table()?;
        table.set(state, "x", self.x)?;
        table.set(state, "y", self.y)?;
        Ok(Value::Table(table))
    }
}

impl FromLua for Point {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        let table = perilune::Table::from_lua(value, state)?;
        Ok(Self { x: table.get(state, "x")?, y: table.get(state, "y")? })
    }
}

#[test]
fn user_types_convert_alone_and_inside_others() {
    let mut lua = Lua::new().unwrap();
    lua.register("mirrored", |_: &mut State, points: Vec<Point>| -> Result<Vec<Point>> {
        Ok(points.into_iter().map(|p| Point { x: -p.x, y: p.y }).collect())
    })
    .unwrap();
    let (x, n): (f64, usize) = lua.load("local m = mirrored { { x = 1, y = 2 }, { x = 3, y = 4 } } return m[2].x, #m").eval().unwrap();
    assert_eq!((x, n), (-3.0, 2));
    let error = lua.run("mirrored { { x = 1 } }").unwrap_err().to_string();
    assert!(error.contains("bad argument #1 to 'mirrored': element 1: expected a number, got nil"), "{error}");
}
