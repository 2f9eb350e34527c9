//! What the operations work on: handles to values of every kind, and callbacks.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::OnceLock;

use perilune::{
    AnyUserData, Bytes, Coroutine, Error, Function, Libs, Lua, LuaString, MetaMethod, MultiValue, Result, State, Table, UserData,
    UserDataFields, UserDataMethods, UserDataRef, Value, Variadic, Yield,
};

/// What the operations work on.
#[derive(Clone)]
pub struct World {
    pub table: Table,
    /// A table whose metamethods allocate.
    pub magic: Table,
    pub twin: Table,
    pub list: Table,
    pub map: Table,
    pub nested: Table,
    pub identity: Function,
    /// Returns what it is called with, by way of Rust.
    pub echo: Function,
    /// Returns 400 values, some of them new strings.
    pub many: Function,
    pub text: LuaString,
    pub coroutine: Coroutine,
    /// Yields and returns what it is given, and in between a text of its own.
    pub generator: Function,
    /// Counts to 300, and makes something new each time.
    pub long: Function,
    pub gauge: AnyUserData,
    pub file: PathBuf,
    pub bytecode: Vec<u8>,
}

const WORLD: &str = r"
    local magic = {
        __index = function(_, key) return key .. '!' end,
        __newindex = function(self, key, value) rawset(self, 'last', key .. '?' .. value) end,
        __len = function() return #('x'):rep(12) end,
        __eq = function(a, b) return #{ a, b } == 2 end,
        __tostring = function() return 'magic ' .. tostring({}) end,
    }
    local list, map = {}, {}
    for i = 1, 40 do
        list[i] = 'item ' .. i
        map['key ' .. i] = 'value ' .. i
    end
    return {
        magic = setmetatable({}, magic),
        twin = setmetatable({}, magic),
        list = list,
        map = map,
        nested = { { 'a', 'b' }, { 'c' }, {} },
        identity = function(...) return ... end,
        many = function()
            local function from(self, i)
                if i <= 400 then return i % 20 == 0 and 'result ' .. i or i, self(self, i + 1) end
            end
            return from(from, 1)
        end,
        coroutine = coroutine.create(function() end),
        generator = function(...)
            local got = coroutine.yield(...)
            got = coroutine.yield('given ' .. tostring(got))
            return got, { got }
        end,
        long = function()
            local t = {}
            for i = 1, 300 do t[i % 10] = { 'number ' .. i } end
            return #t, t
        end,
    }
";

impl World {
    pub fn new(lua: &mut Lua) -> Result<Self> {
        let parts: Table = lua.load(WORLD).eval()?;
        register_callbacks(lua)?;
        Ok(Self {
            table: lua.create_table()?,
            magic: parts.get(lua, "magic")?,
            twin: parts.get(lua, "twin")?,
            list: parts.get(lua, "list")?,
            map: parts.get(lua, "map")?,
            nested: parts.get(lua, "nested")?,
            identity: parts.get(lua, "identity")?,
            echo: lua.create_function(|_: &mut State, all: MultiValue| Ok(all))?,
            many: parts.get(lua, "many")?,
            gauge: lua.create_userdata(Gauge::new(1))?,
            text: lua.create_string("a text in the VM")?,
            coroutine: parts.get(lua, "coroutine")?,
            generator: parts.get(lua, "generator")?,
            long: parts.get(lua, "long")?,
            file: script_file(),
            bytecode: bytecode(),
        })
    }
}

/// A userdata that allocates wherever it can.
pub struct Gauge {
    pub text: String,
}

impl Gauge {
    pub fn new(n: usize) -> Self {
        Self { text: format!("gauge {n}") }
    }
}

impl UserData for Gauge {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field("UNITS", vec!["metre", "foot"]);
        fields.add_field_method_get("text", |_, this| Ok(format!("{}.", this.text)));
        fields.add_field_method_set("text", |_, this, text: String| {
            this.text = text;
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_function("new", |_: &mut State, n: usize| Ok(Self::new(n)));
        methods.add_method("texts", |_: &mut State, this: &Self, n: usize| Ok(vec![this.text.clone(); n]));
        methods.add_method_mut("call", |state: &mut State, _: &mut Self, f: Function| f.call::<Value>(state, "an argument"));
        methods.add_meta_method(MetaMethod::Concat, |_: &mut State, a: &Self, b: UserDataRef<Self>| Ok(format!("{}{}", a.text, b.text)));
    }
}

/// A script on disk, written once for all tests.
fn script_file() -> PathBuf {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    let write = || {
        let file = std::env::temp_dir().join(format!("perilune-memory-{}.lua", std::process::id()));
        std::fs::write(&file, "local a, b = ... return { a, b, 'from a file' }, 'and more'").unwrap();
        file
    };
    FILE.get_or_init(write).clone()
}

/// A compiled chunk.
fn bytecode() -> Vec<u8> {
    // SAFETY: the library is there for the line below.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::UNCHECKED) }.build().unwrap();
    let script = "return string.dump(function() local t = { 1.5, 'two', three = 3 } return t, 'dumped' .. #t end)";
    lua.load(script).eval::<Bytes>().unwrap().0
}

fn register_callbacks(lua: &mut Lua) -> Result<()> {
    lua.register("host.strings", |_: &mut State, n: usize| Ok((0..n).map(|i| format!("string {i}")).collect::<Variadic<String>>()))?;
    lua.register("host.map", |_: &mut State, n: usize| Ok((0..n).map(|i| (i, vec![format!("{i}")])).collect::<BTreeMap<_, _>>()))?;
    lua.register("host.args", |_: &mut State, (a, b, rest): (String, Option<&str>, Variadic<Value>)| -> Result<String> {
        Ok(format!("{a}{b:?}{}", rest.len()))
    })?;
    lua.register("host.lists", |_: &mut State, (list, map): (Vec<String>, HashMap<String, String>)| Ok(list.len() + map.len()))?;
    lua.register("host.fail", |_: &mut State, (): ()| -> Result<()> { Err(Error::runtime("a failure with a long message")) })?;
    lua.register("host.external", |_: &mut State, (): ()| -> Result<()> { Err(Error::external(std::fmt::Error)) })?;
    lua.register("host.panic", |_: &mut State, (): ()| -> Result<()> { panic!("a panic") })?;
    lua.register("host.rethrow", |state: &mut State, f: Function| -> Result<MultiValue> { f.call(state, "an argument") })?;
    lua.register("host.pause", |_: &mut State, text: String| -> Result<Yield<(String, Vec<String>)>> {
        Ok(Yield((text.clone(), vec![text])))
    })?;
    lua.register_mut("host.count", {
        let mut count = 0;
        move |state: &mut State, name: String| -> Result<Table> {
            count += 1;
            let table = state.create_table()?;
            table.set(state, name, count)?;
            Ok(table)
        }
    })
}
