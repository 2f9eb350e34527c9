//! Recursion through every way in which C calls Lua ends with an error, not with the process: on the main thread and on
//! threads with stacks of 2 MiB, 512 KiB and 192 KiB. Each test runs its case in a process of its own, so that an overflow
//! of the stack is the failure of that test.
#![cfg(any(target_os = "linux", target_os = "macos"))]

mod common;

use std::env;
use std::hint::black_box;
use std::process::{Stdio, exit};
use std::thread;

use common::{is_luajit, this_program};
use perilune::{
    AnyUserData, Coroutine, Error, FromLua, Function, Inspect, Lua, MetaMethod, MultiValue, Result, Slice, State, Table, UserData,
    UserDataFields, UserDataMethods, Value, Yield, YieldThen,
};

/// Which case a child is to run.
const CASE: &str = "PERILUNE_DEEP_RECURSION";

/// Stack sizes in KiB; 0 is the main thread, whatever it has. In this order, because the
/// C library gives a thread the larger stack of one that has ended.
const STACKS: [usize; 4] = [192, 512, 2048, 0];

/// Runs the case in a child and gives how many levels each stack came to.
fn levels(case: &str) -> [usize; STACKS.len()] {
    let output = this_program().env(CASE, case).stdin(Stdio::null()).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{case}: {}\n{}", output.status, said.chars().take(4000).collect::<String>());
    STACKS.map(|kib| {
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("{kib} KiB: ")));
        line.unwrap_or_else(|| panic!("{case} on {kib} KiB did not end:\n{said}")).parse().unwrap()
    })
}

/// The test runner leaves the main thread to no test: a child does its work before `main`.
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
static CHILD: extern "C" fn() = child;

extern "C" fn child() {
    let Ok(case) = env::var(CASE) else { return };
    for kib in STACKS {
        let case = case.clone();
        let work = move || {
            let mut lua = Lua::new().unwrap();
            let levels = run(&mut lua, &case);
            common::check(&mut lua);
            lua.close().unwrap();
            levels
        };
        let levels = if kib == 0 { work() } else { thread::Builder::new().stack_size(kib << 10).spawn(work).unwrap().join().unwrap() };
        println!("{kib} KiB: {levels}");
    }
    exit(0);
}

/// A value with values of its own kind in it.
#[derive(Debug)]
enum Tree {
    Leaf,
    Branch(#[expect(dead_code, reason = "only its depth matters")] Vec<Tree>),
}

impl FromLua for Tree {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        match value {
            Value::Table(_) => Vec::from_lua(value, state).map(Self::Branch),
            _ => Ok(Self::Leaf),
        }
    }
}

/// A userdata that asks a function for everything.
struct Asking(Function);

impl UserData for Asking {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("field", |state, this| this.0.call::<Value>(state, ()));
        fields.add_field_method_set("written", |state, this, _: Value| this.0.call::<()>(state, ()));
        fields.add_field_function_get("plain", |state, this| this.borrow::<Self>(state)?.0.clone().call::<Value>(state, ()));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("method", |state: &mut State, this: &Self, (): ()| this.0.call::<Value>(state, ()));
        methods.add_meta_method(MetaMethod::Index, |state: &mut State, this: &Self, _: Value| this.0.call::<Value>(state, ()));
        methods.add_meta_method(MetaMethod::ToString, |state: &mut State, this: &Self, (): ()| this.0.call::<String>(state, ()));
    }
}

/// One whose metatable asks the script's own functions, `recursion.index` and `recursion.new_index`.
struct Foreign;

fn make_foreign(state: &mut State) -> Result<AnyUserData> {
    let [index, new_index]: [Function; 2] = [state.get("recursion.index")?, state.get("recursion.new_index")?];
    state.register_userdata_type::<Foreign>(|registry| {
        registry.add_field_method_get("known", |_, _| Ok(1));
        registry.add_field_method_set("known", |_, _, _: Value| Ok(()));
        registry.add_meta_field("__index", index);
        registry.add_meta_field("__newindex", new_index);
    })?;
    state.create_any_userdata(Foreign)
}

/// Rust's ways into Lua, as functions of a script.
fn ways_in(lua: &mut Lua) -> Result<()> {
    lua.register("host.call", |state: &mut State, f: Function| -> Result<Value> { f.call(state, ()) })?;
    lua.register("host.many", |state: &mut State, f: Function| -> Result<MultiValue> { f.call(state, (1, 2, 3)) })?;
    lua.register("host.by_name", |state: &mut State, (): ()| -> Result<Value> { state.call("recursion.step", ()) })?;
    lua.register("host.run", |state: &mut State, text: &str| -> Result<Value> { state.load(text).eval() })?;
    lua.register("host.compile", |state: &mut State, text: &str| -> Result<()> { state.load(text).check() })?;
    lua.register("host.get", |state: &mut State, table: Table| -> Result<Value> { table.get(state, "x") })?;
    lua.register("host.set", |state: &mut State, table: Table| -> Result<()> { table.set(state, "x", 1) })?;
    lua.register("host.len", |state: &mut State, table: Table| -> Result<usize> { table.len(state) })?;
    lua.register("host.equal", |state: &mut State, (a, b): (Table, Table)| -> Result<bool> { a.equals(state, &b) })?;
    lua.register("host.text", |state: &mut State, value: Value| -> Result<String> { value.to_text(state) })?;
    lua.register("host.error_text", |_: &mut State, error: Error| Ok(error.to_string()))?;
    lua.register("host.call_table", |state: &mut State, table: Table| -> Result<Value> { table.call(state, ()) })?;
    lua.register("host.call_method", |state: &mut State, table: Table| -> Result<Value> { table.call_method(state, "step", ()) })?;
    lua.register("host.global", |state: &mut State, (): ()| -> Result<Value> { state.get("recursion.object.x") })?;
    lua.register("host.tree", |_: &mut State, tree: Tree| -> Result<bool> { Ok(matches!(tree, Tree::Leaf)) })?;
    lua.register("host.each", |state: &mut State, (table, f): (Table, Function)| -> Result<()> {
        table.for_each(state, |state, _: Value, _: Value| f.call(state, ()))
    })?;
    lua.register("host.large_frame", |state: &mut State, f: Function| -> Result<Value> {
        let large = black_box([1_u8; 16 << 10]);
        let result = f.call(state, ());
        black_box(large);
        result
    })?;
    lua.register_mut("host.once", |state: &mut State, f: Function| -> Result<Value> { f.call(state, ()) })?;
    lua.register("host.resume", |state: &mut State, f: Function| -> Result<Value> { state.create_coroutine(&f)?.resume(state, ()) })?;
    lua.register("host.slice", |state: &mut State, f: Function| -> Result<()> {
        state.create_task(&f, ())?.run(state, Slice::instructions(1_000_000)).map(drop)
    })?;
    lua.register("host.close", |state: &mut State, co: Coroutine| -> Result<()> { co.close(state) })?;
    lua.register("host.asking", |_: &mut State, f: Function| Ok(Asking(f)))?;
    lua.register("host.foreign", |state: &mut State, (): ()| make_foreign(state))?;
    lua.register("host.inspect", |state: &mut State, (value, metamethods): (Value, bool)| {
        value.inspect(state, Inspect { metamethods, depth: usize::MAX, ..Inspect::default() })
    })?;
    lua.register("host.json", |state: &mut State, value: Value| value.to_json(state))?;
    lua.register("host.scope", |state: &mut State, f: Function| -> Result<()> {
        let mut count = 0;
        state.scope(|state, scope| {
            let lent = scope.create_function_mut(state, |_: &mut State, (): ()| -> Result<()> {
                count += 1;
                Ok(())
            })?;
            f.call(state, lent)
        })
    })?;
    lua.register("host.later", |_: &mut State, f: Function| -> Result<YieldThen<()>> {
        Ok(Yield(()).then(move |state: &mut State, (): ()| f.call::<()>(state, ())))
    })?;
    lua.add_loader(|state: &mut State, name: &str| -> Result<Option<Function>> {
        let text = format!("deeper() return require({:?})", format!("{name}x"));
        state.load(&text).into_function().map(Some)
    })?;
    lua.run("recursion = {}").map(drop)
}

/// Runs a case: its script returns how many levels it came to.
fn run(lua: &mut Lua, case: &str) -> usize {
    let script = CASES.iter().find(|(name, _)| *name == case).unwrap().1;
    ways_in(lua).unwrap();
    lua.load(PRELUDE).name("prelude").exec().unwrap();
    lua.load(script).name(case).eval().unwrap()
}

/// `ended(f, …)` calls `f`, which recurses through `deeper()` and must end with an error; gives the levels it came to.
const PRELUDE: &str = r"
    local level = 0
    function deeper() level = level + 1 end
    function ended(f, ...)
      level = 0
      local ok, e = pcall(f, ...)
      assert(not ok, 'the recursion came to an end without an error')
      return level
    end
    -- For recursions whose levels catch what comes from below.
    function deepest(f, ...)
      level = 0
      pcall(f, ...)
      return level
    end
    -- Uses the stack up by recursing through `way`, and does `work` at the last few levels.
    function at_the_bottom(way, work)
      local from_below = 0
      local function f()
        pcall(way, f)
        from_below = from_below + 1
        if from_below < 4 then work() end
      end
      f()
    end
    luajit = jit ~= nil
    unpack = unpack or table.unpack
";

macro_rules! cases {
    ($($(#[$note:meta])* $name:ident at_least $least:expr; $script:literal)*) => {
        const CASES: &[(&str, &str)] = &[$((stringify!($name), $script)),*];
        $(
            #[test]
            fn $name() {
                let levels = levels(stringify!($name));
                let least: [usize; STACKS.len()] = $least;
                let enough = levels.iter().zip(least).all(|(levels, least)| *levels >= least);
                assert!(enough, "{}: {levels:?} levels on {STACKS:?} KiB, at least {least:?} are promised", stringify!($name));
            }
        )*
    };
}

/// Where nothing is promised but to survive.
const SOME: [usize; STACKS.len()] = [1, 5, 10, 10];

/// Where 150 levels are, on the stacks for which they are.
const PROMISED: [usize; STACKS.len()] = [1, 150, 150, 150];

cases! {
    // ---- Rust → Lua → Rust → Lua

    a_host_function_calls_lua at_least PROMISED; "
        local function f() deeper() return host.call(f) end
        return ended(f)"
    a_host_function_calls_lua_for_many_results at_least PROMISED; "
        local function f() deeper() return host.many(f) end
        return ended(f)"
    a_host_function_calls_lua_by_name at_least PROMISED; "
        function recursion.step() deeper() return host.by_name() end
        return ended(recursion.step)"
    a_host_function_runs_a_script at_least if is_luajit() { [1, 120, 150, 150] } else { [1, 90, 90, 90] }; "
        recursion.text = 'deeper() return host.run(recursion.text)'
        return ended(host.run, recursion.text)"
    a_host_function_resumes_a_coroutine at_least if is_luajit() { PROMISED } else { [1, 90, 90, 90] }; "
        local function f() deeper() return host.resume(f) end
        return ended(f)"
    a_host_function_runs_a_task at_least if is_luajit() { [1, 100, 150, 150] } else { [1, 90, 90, 90] }; "
        local function f() deeper() return host.slice(f) end
        return ended(f)"
    a_host_function_closes_coroutines at_least [1, 90, 90, 90]; "
        if luajit then return 99 end -- it cannot close one
        local text = 'local close, f = ... local v <close> = setmetatable({}, { __close = close }) coroutine.yield()'
        local function f()
          deeper()
          local co = coroutine.create(load(text))
          coroutine.resume(co, f)
          host.close(co)
        end
        return ended(f)"
    a_host_function_reads_a_field at_least [1, 90, 90, 90]; "
        local t t = setmetatable({}, { __index = function() deeper() return host.get(t) end })
        return ended(host.get, t)"
    a_host_function_sets_a_field at_least [1, 90, 90, 90]; "
        local t t = setmetatable({}, { __newindex = function() deeper() host.set(t) end })
        return ended(host.set, t)"
    a_host_function_asks_for_a_length at_least SOME; "
        local t t = setmetatable({}, { __len = function() deeper() return host.len(t) end })
        return ended(host.len, t)"
    a_host_function_compares at_least SOME; "
        local meta = {}
        local a, b = setmetatable({}, meta), setmetatable({}, meta)
        function meta.__eq() deeper() return host.equal(a, b) end
        return ended(host.equal, a, b)"
    a_host_function_asks_for_text at_least SOME; "
        local t t = setmetatable({}, { __tostring = function() deeper() return host.text(t) .. '' end })
        return ended(host.text, t)"
    a_host_function_takes_an_error_that_prints_itself at_least SOME; "
        local t t = setmetatable({}, { __tostring = function() deeper() return host.error_text(t) .. '' end })
        return deepest(host.error_text, t)"
    a_host_function_calls_a_table at_least [1, 90, 90, 90]; "
        local t t = setmetatable({}, { __call = function() deeper() return host.call_table(t) end })
        return ended(host.call_table, t)"
    a_host_function_calls_a_method at_least [1, 90, 90, 90]; "
        local t = { step = function(self) deeper() return host.call_method(self) end }
        return ended(host.call_method, t)"
    a_host_function_reads_a_global at_least SOME; "
        recursion.object = setmetatable({}, { __index = function() deeper() return host.global() end })
        return ended(host.global)"
    a_host_function_visits_a_table at_least SOME; "
        local function f() deeper() host.each({ 1 }, f) end
        return ended(f)"
    a_host_function_converts_a_table_that_contains_itself at_least [0; 4]; "
        local t = {} t[1] = t
        return ended(host.tree, t)"
    a_host_function_that_keeps_much_on_the_stack at_least [1, 5, 20, 20]; "
        local function f() deeper() return host.large_frame(f) end
        return ended(f)"
    a_host_function_that_cannot_be_re_entered at_least [1; 4]; "
        local function f() deeper() return host.once(f) end
        return ended(f)"
    an_error_value_that_prints_itself_through_the_host at_least SOME; "
        local function f() deeper() error(setmetatable({}, { __tostring = function() return host.call(f) end })) end
        return ended(host.call, f)"

    // ---- The libraries

    gsub_with_a_function at_least SOME; "
        local function f() deeper() return (string.gsub('a', 'a', f)) end
        return ended(f)"
    gsub_as_a_method at_least SOME; "
        local function f() deeper() return (('a'):gsub('a', f)) end
        return ended(f)"
    gsub_with_a_table at_least SOME; "
        local t t = setmetatable({}, { __index = function() deeper() return (string.gsub('a', 'a', t)) end })
        return ended(string.gsub, 'a', 'a', t)"
    gmatch_in_gsub at_least SOME; "
        local function f() for w in ('a b'):gmatch('%a') do deeper() w:gsub('.', f) end end
        return ended(f)"
    sort_with_a_function at_least SOME; "
        local function f() deeper() table.sort({ 1, 2, 3 }, f) return true end
        return ended(f)"
    sort_with_lt at_least SOME; "
        local meta = {}
        local function f() deeper() table.sort { setmetatable({}, meta), setmetatable({}, meta) } return true end
        meta.__lt = f
        return ended(f)"
    load_with_a_function at_least SOME; "
        local function f() deeper() local _, e = load(f) error(e, 0) end
        return ended(f)"
    format_with_tostring at_least SOME; "
        local t t = setmetatable({}, { __tostring = function() deeper() return string.format('%s', t) end })
        return ended(tostring, t)"
    format_with_many_arguments at_least SOME; "
        local t t = setmetatable({}, { __tostring = function() deeper() return ('%s%d%s%s%s'):format(1, 2, 3, 4, t) end })
        return ended(tostring, t)"
    tostring_of_itself at_least SOME; "
        local t t = setmetatable({}, { __tostring = function() deeper() return tostring(t) .. '' end })
        return ended(tostring, t)"
    a_field_that_asks_its_own at_least SOME; "
        local o o = host.asking(function() deeper() return (o.field) end)
        return ended(function() return (o.field) end)"
    a_field_that_writes_itself at_least SOME; "
        local o
        local function write() deeper() o = host.asking(write) o.written = 1 end
        return ended(write)"
    a_field_of_the_handle at_least SOME; "
        local o o = host.asking(function() deeper() return (o.plain) end)
        return ended(function() return (o.plain) end)"
    a_method_that_calls_itself at_least SOME; "
        local o o = host.asking(function() deeper() return (o:method()) end)
        return ended(function() return (o:method()) end)"
    an_index_of_a_userdata at_least SOME; "
        local o o = host.asking(function() deeper() return (o.unknown) end)
        return ended(function() return (o.unknown) end)"
    a_tostring_of_a_userdata at_least SOME; "
        local o o = host.asking(function() deeper() return (tostring(o)) end)
        return ended(tostring, o)"
    an_index_of_a_userdata_in_lua at_least SOME; "
        local o
        recursion.index = function(_, k) deeper() return (o[k]) end
        recursion.new_index = function(_, k, v) deeper() o[k] = v return nil end
        o = host.foreign()
        assert(o.known == 1)
        return math.min(ended(function() return (o.unknown) end), ended(function() o.unknown = 1 end))"
    a_userdata_at_the_bottom at_least [0; 4]; "
        local o
        recursion.index = function(_, k) return (o[k]) end
        recursion.new_index = function(_, k, v) o[k] = v return nil end
        o = host.foreign()
        for _, way in ipairs { host.call, host.large_frame, host.many } do
          at_the_bottom(way, function() pcall(function() return (o.unknown) end) end)
          at_the_bottom(way, function() pcall(function() o.unknown = 1 end) end)
          at_the_bottom(way, function() pcall(function() return tostring(o) .. o.known end) end)
        end
        return 0"
    inspecting_what_inspects_itself at_least SOME; "
        local o o = setmetatable({}, { __tostring = function() deeper() return (host.inspect(o, true)) end })
        return ended(host.inspect, o, true)"
    inspecting_and_encoding_deep_tables at_least [0; 4]; "
        local t = {}
        for _ = 1, 100000 do t = { t } end
        pcall(host.inspect, t, false)
        assert(not pcall(host.json, t))
        local shallow = { 'x' }
        for _ = 1, 100 do shallow = { shallow } end
        for _, way in ipairs { host.call, host.large_frame } do
          at_the_bottom(way, function() pcall(host.inspect, shallow, false) pcall(host.json, shallow) end)
        end
        return 0"
    scopes_within_scopes at_least SOME; "
        local function f(lent) deeper() lent() host.scope(f) end
        return ended(host.scope, f)"
    what_comes_after_a_yield at_least SOME; "
        local function f()
            deeper()
            local co = coroutine.create(function() host.later(f) end)
            assert(coroutine.resume(co))
            assert(coroutine.resume(co))
        end
        return ended(f)"
    modules_without_end at_least SOME; "return ended(require, 'x')"
    print_with_tostring at_least SOME; "
        local t t = setmetatable({}, { __tostring = function() deeper() print(t) return '' end })
        return ended(print, t)"
    print_with_a_tostring_of_the_scripts at_least SOME; "
        local before = tostring
        if not luajit then return 99 end -- 5.4 does not ask the globals
        function tostring() deeper() print(1) return '' end
        local levels = ended(print, 1)
        tostring = before
        return levels"
    print_with_an_index_of_the_globals at_least SOME; "
        if not luajit then return 99 end
        local before = tostring
        tostring = nil
        setmetatable(_G, { __index = function(_, name) deeper() print(1) end })
        local levels = ended(print, 1)
        setmetatable(_G, nil)
        tostring = before
        return levels"
    os_time_with_index at_least SOME; "
        local t t = setmetatable({}, { __index = function() deeper() return os.time(t) end })
        return ended(os.time, t)"
    table_functions_with_metamethods at_least SOME; "
        if luajit then return 99 end -- its table functions are raw
        local least = 99
        local functions = { concat = { '', 1, 2 }, unpack = { 1, 3 }, insert = { 1 }, remove = {}, move = { 1, 3, 2 } }
        for name, arguments in pairs(functions) do
          local t
          local function f() deeper() return table[name](t, unpack(arguments)) or 1 end
          t = setmetatable({}, { __index = f, __newindex = f, __len = function() return 2 end })
          least = math.min(least, ended(f))
        end
        return least"
    ipairs_with_index at_least SOME; "
        if luajit then return 99 end
        local t t = setmetatable({}, { __index = function() deeper() for _ in ipairs(t) do end end })
        return ended(function() for _ in ipairs(t) do end end)"
    pairs_with_a_metamethod at_least SOME; "
        if luajit then return 99 end
        local t t = setmetatable({}, { __pairs = function() deeper() for _ in pairs(t) do end end })
        return ended(function() for _ in pairs(t) do end end)"

    // ---- Protected calls and their handlers

    pcall_in_pcall at_least SOME; "
        local function f() deeper() local ok, e = pcall(f) error(e, 0) end
        return ended(f)"
    pcall_of_pcall at_least [0; 4]; "
        local function f() deeper() return pcall(pcall, f) end
        return deepest(f)"
    xpcall_in_xpcall at_least SOME; "
        local function f() deeper() local ok, e = xpcall(f, function(e) return e end) error(e, 0) end
        return ended(f)"
    a_handler_that_fails at_least [1; 4]; "
        local function handler() deeper() error('again') end
        return deepest(xpcall, error, handler)"
    a_handler_that_fails_after_catching at_least [1; 4]; "
        local function handler() deeper() pcall(error) error('again') end
        return deepest(xpcall, error, handler)"
    a_handler_that_fails_by_mistake_after_catching at_least [1; 4]; "
        local function handler() deeper() pcall(error) local x = nil + 1 end
        return deepest(xpcall, error, handler)"
    a_handler_with_a_handler_that_is_itself at_least SOME; "
        local function handler() deeper() pcall(error) xpcall(error, handler) end
        return deepest(xpcall, error, handler)"
    a_handler_that_calls_the_host at_least SOME; "
        local function handler() deeper() pcall(error) host.call(function() xpcall(error, handler) end) end
        return deepest(xpcall, error, handler)"
    a_handler_that_protects_what_failed at_least [1; 4]; "
        local function f() xpcall(f, function() deeper() pcall(f) end) error('x') end
        local function shallow() deeper() xpcall(error, function() xpcall(shallow, print) end) end
        return deepest(shallow)"
    a_handler_that_recurses at_least [1; 4]; "
        local function endless() deeper() return endless() + 1 end
        return deepest(xpcall, error, endless)"
    an_overflow_within_handlers_of_overflows at_least [1; 4]; "
        local function endless() deeper() return endless() + 1 end
        return deepest(xpcall, endless, function() pcall(endless) return endless() end)"

    // ---- Coroutines

    wrap_in_wrap at_least SOME; "
        local function f() deeper() local ok, e = pcall(coroutine.wrap(f)) error(e, 0) end
        return ended(f)"
    wrap_in_wrap_without_catching at_least SOME; "
        local function f() deeper() return (coroutine.wrap(f)()) end
        return ended(f)"
    wrap_as_an_iterator at_least SOME; "
        local function f() for _ in coroutine.wrap(function() deeper() f() end) do end end
        return ended(f)"
    resume_in_resume at_least SOME; "
        local function f() deeper() local ok, e = coroutine.resume(coroutine.create(f)) error(e, 0) end
        return ended(f)"
    a_coroutine_of_library_functions at_least SOME; "
        local function f() deeper() local co = coroutine.wrap(pcall) return assert(select(2, co(f))) end
        return deepest(f)"
    coroutines_through_the_host at_least SOME; "
        local function f() deeper() return coroutine.wrap(function() return host.call(f) end)() end
        return ended(f)"
    a_coroutine_that_is_a_host_function at_least SOME; "
        local function f() deeper() return coroutine.wrap(host.call)(f) end
        return ended(f)"
    closing_coroutines_within_each_other at_least SOME; "
        if not coroutine.close then return 99 end
        local body = load [[
          local done = ...
          local guard <close> = setmetatable({}, { __close = done })
          coroutine.yield()
        ]]
        local function f()
          deeper()
          local co = coroutine.create(body)
          coroutine.resume(co, f)
          local ok, e = coroutine.close(co)
          if not ok then error(e, 0) end
        end
        return ended(f)"
    closing_a_row_of_coroutines at_least SOME; "
        if not coroutine.close then return 99 end
        local body = load [[
          local done = ...
          local guard <close> = setmetatable({}, { __close = done })
          coroutine.yield()
        ]]
        local row = {}
        for i = 1, 20000 do
          row[i] = coroutine.create(body)
          coroutine.resume(row[i], function() deeper() if row[i + 1] then coroutine.close(row[i + 1]) end end)
        end
        return deepest(coroutine.close, row[1])"
    leaving_scopes_that_are_closed at_least SOME; "
        if luajit then return 99 end
        return ended(load [[
          local function f()
            deeper()
            local guard <close> = setmetatable({}, { __close = f })
          end
          f()
        ]])"

    // ---- Metamethods of operators

    operators at_least SOME; "
        local least = 1e9
        local meta = {}
        local a, b = setmetatable({}, meta), setmetatable({}, meta)
        local operations = {
          __index = function() return a.x .. '' end, __newindex = function() a.x = 1 deeper() return end,
          __call = function() return a() .. '' end, __concat = function() return (a .. b) .. '' end,
          __eq = function() return not (a == b) end, __lt = function() return not (a < b) end,
          __le = function() return not (a <= b) end, __unm = function() return (-a) .. '' end,
          __add = function() return (a + b) .. '' end, __pow = function() return (a ^ b) .. '' end,
          __mod = function() return (1 % a) .. '' end,
        }
        if not luajit then operations.__len = function() return #a .. '' end end
        for name, f in pairs(operations) do
          meta[name] = function() deeper() local x = f() return x end
          local ok = pcall(f)
          assert(not ok, name)
          least = math.min(least, ended(f))
          meta[name] = nil
        end
        return least"
    a_chain_of_index_tables at_least [0; 4]; "
        local t = {}
        for _ = 1, 1000 do t = setmetatable({}, { __index = t }) end
        pcall(function() return t.x end)
        local loop = {} setmetatable(loop, { __index = loop, __newindex = loop })
        local ok = pcall(function() return loop.x end)
        local ok2 = pcall(function() loop.x = 1 end)
        assert(not ok and not ok2)
        pcall(host.get, t)
        assert(not pcall(host.get, loop) and not pcall(host.set, loop))
        return 0"
    arithmetic_of_strings at_least SOME; "
        local t t = setmetatable({}, { __add = function() deeper() return ('x' + t) .. '' end })
        return ended(function() return 'x' + t end)"

    // ---- Lua's own stack

    functions_that_never_return at_least [1000; 4]; "
        local function f() deeper() return f() + 1 end
        return ended(f)"
    arguments_that_grow at_least SOME; "
        local function f(...) deeper() return f(1, 2, 3, 4, 5, 6, 7, 8, ...) .. '' end
        return ended(f)"

    // ---- The parsers

    sources_nested_deeply at_least [0; 4]; "
        recursion.patterns = {
          { '(', ')' }, { '{', '}' }, { '-', '' }, { 'not ', '' }, { 'f(', ')' }, { 'function() return ', ' end' }, { 'a^', '' },
          { 'a..', '' }, { '(function(...) local a, b, c = 1, 2, 3 return (', ') end)' }, { 'x[', ']' }, { '{[', ']=1}' },
          { '{x=', '}' }, { 'f{function() return ', ' end}' }, { 'a.b:c(', ')' }, { 'a<(-', ')' },
          { 'do ', ' end', 1 }, { 'while 1 do ', ' end ', 1 }, { 'if 1 then ', ' end ', 1 }, { 'if a then else ', ' end ', 1 },
          { 'local function f() ', ' end ', 1 }, { 'function a.b:c() ', ' end ', 1 }, { 'repeat ', ' until 1 ', 1 },
          { 'for i=1,2 do ', ' end ', 1 }, { 'for k in x do ', ' end ', 1 }, { 'local x = function() ', ' end ', 1 },
          { 'f(function() ', ' end) ', 1 }, { 'function f()', ' end ', 1 },
        }
        function recursion.each(try)
          for _, pattern in ipairs(recursion.patterns) do
            for _, n in ipairs { 48, 64, 97, 100, 150, 190, 195, 196, 197, 198, 199, 200, 10000 } do
              local middle = pattern[3] and ' ' or '1'
              try((pattern[3] and '' or 'return ') .. pattern[1]:rep(n) .. middle .. pattern[2]:rep(n))
            end
          end
        end
        recursion.each(function(source) pcall(load, source) pcall(host.compile, source) end)
        return 0"
    sources_nested_deeply_where_the_stack_is_nearly_used_up at_least [0; 4]; "
        local sources = {}
        for _, pattern in ipairs { { '(', ')' }, { '{[', ']=1}' }, { 'local function f() ', ' end ' }, { 'function a.b:c() ', ' end ' } } do
          for _, n in ipairs { 97, 190, 196, 198 } do
            local middle = pattern[1]:sub(-1) == ' ' and ' ' or '1'
            sources[#sources + 1] = (middle == '1' and 'return ' or '') .. pattern[1]:rep(n) .. middle .. pattern[2]:rep(n)
          end
        end
        at_the_bottom(host.call, function()
          for _, source in ipairs(sources) do pcall(load, source) pcall(host.compile, source) end
        end)
        return 0"
    sources_read_piece_by_piece_where_the_stack_is_nearly_used_up at_least [0; 4]; "
        local function read(first, last, n)
          local pieces, at = {}, 0
          for i = 1, n do pieces[i], pieces[n + i] = first, last end
          -- The last word is cut in two.
          pieces[n], pieces[n + 1] = first:sub(1, 4), first:sub(5) .. last
          return load(function() at = at + 1 return pieces[at] end)
        end
        assert(read('function f() ', 'end ', 20))
        at_the_bottom(host.call, function()
          for _, n in ipairs { 20, 97, 190, 196, 198, 10000 } do
            read('function f() ', 'end ', n)
            read('local x = {[function() ', 'end] = 1} ', n)
            read('do ', 'end ', n)
          end
        end)
        return 0"
    patterns_nested_deeply at_least [0; 4]; "
        local s = ('a'):rep(250)
        at_the_bottom(host.call, function()
          pcall(string.find, s, ('a-'):rep(2) .. 'b')
          pcall(string.find, s, ('a?'):rep(250) .. '$')
          pcall(string.match, s, '.-b')
          pcall(string.gsub, 'aaa', ('(a'):rep(40), '')
          pcall(string.gsub, s:sub(1, 32), ('(a)'):rep(32), '')
          pcall(string.find, ('('):rep(300), '%b()')
        end)
        return 0"

    // ---- All of them together

    everything_in_turns at_least SOME; "
        local step
        local turn = 0
        local meta = { __index = function() return step() end, __tostring = function() return step() .. '' end,
          __lt = function() return step() end, __add = function() return step() end }
        local o, p = setmetatable({}, meta), setmetatable({}, meta)
        local ways = {
          function() return host.call(step) end,
          function() return (('a'):gsub('a', step)) end,
          function() table.sort({ 1, 2 }, step) return 1 end,
          function() return (coroutine.wrap(step)()) end,
          function() local _, e = load(step) error(e, 0) end,
          function() return ('%s'):format(o) end,
          function() local ok, v = pcall(step) if not ok then error(v, 0) end return v end,
          function() table.sort { o, p } return 1 end,
          function() return host.text(o) end,
          function() return host.get(o) end,
          function() return o.x end,
          function() return o + p end,
          function() return os.time(o) end,
          function() error((select(2, xpcall(error, function() return (select(2, pcall(step))) end))), 0) end,
          function() local ok, v = coroutine.resume(coroutine.create(step)) if not ok then error(v, 0) end return v end,
          function() return host.run('return recursion.step()') end,
        }
        function step() deeper() turn = turn % #ways + 1 return ways[turn]() end
        recursion.step = step
        local least = 1e9
        for start = 1, #ways do turn = start - 1 least = math.min(least, deepest(step)) end
        return least"
    everything_below_a_full_stack at_least [0; 4]; "
        -- The host's levels use the stack up; what then is called at the lowest must find its reserve.
        local meta = {}
        local o, p = setmetatable({}, meta), setmetatable({}, meta)
        local leaf
        local leaves = {
          function() local function f() return (('a'):gsub('a', f)) end return f() end,
          function() local function f() return ('%s'):format(o) end meta.__tostring = f return f() end,
          function() local function f() table.sort({ 1, 2 }, f) return true end return f() end,
          function() local function f() return table.concat(o, '', 1, 2) end meta.__index = f return f() end,
          function() local function f() local _, e = load(f) error(e, 0) end return f() end,
          function() local function f() return (coroutine.wrap(f)()) end return f() end,
          function() local function f() local ok, e = pcall(f) error(e, 0) end return f() end,
          function() local function h() pcall(error) local x = nil + 1 end return xpcall(error, h) end,
          function() local function h() pcall(error) xpcall(error, h) end return xpcall(error, h) end,
          function() meta.__index = function() return unpack(o, 1, 3) end return unpack(o, 1, 3) end,
          function() meta.__index = function() return table.move(o, 1, 3, 2) end return table.move(o, 1, 3, 2) end,
          function() meta.__newindex = function() table.insert(o, 1) end return table.insert(o, 1) end,
          function() meta.__index = function() return os.time(o) end return os.time(o) end,
          function() meta.__index = function(_, k) return o[k + 1] end return o[1] end,
          function() meta.__add = function() return ('x' + o) .. '' end return 'x' + o end,
          function() meta.__tostring = function() return tostring(o) .. '' end return tostring(o) end,
          function() return host.tree((function() local t = {} t[1] = t return t end)()) end,
          function() if luajit then local function f() return f() + 1 end f() end end,
          function()
            local s = 0
            for i = 1, 300 do s = s + (i % 7 == 0 and #tostring(i) or ('x'):byte()) end
            return os.date('%c'), ('%99.99f'):format(1e300), s
          end,
        }
        for _, way in ipairs { host.call, host.large_frame, host.many } do
          for i = 1, #leaves do
            at_the_bottom(way, function()
              for name in pairs(meta) do meta[name] = nil end
              pcall(leaves[i])
            end)
          end
        end
        return 0"
}
