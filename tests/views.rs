//! Promise: a checked view shows scripts the host's own memory, and every access is
//! checked, with one meaning on every path: handles that LuaJIT compiles, accessors in C
//! with its compiler off, and those on Lua 5.4.

mod common;
#[path = "common/views.rs"]
mod world;

use std::ffi::c_char;
use std::path::Path;

use common::is_luajit;
use perilune::{Function, Lua, Result, State, Table, Value, ViewAccess};
use world::{Item, Rank, Slot, Soldier, Stance, army, paths};

/// Runs a script of `scripts/` on every path, and looks at the memory afterwards.
fn on_every_path(name: &str, look: impl Fn(&[Soldier])) {
    for (path, mut lua) in paths() {
        assert_eq!(lua.view_access().unwrap(), path);
        let mut army = army();
        run(&mut lua, name, path, &mut army).unwrap_or_else(|error| panic!("{name} with {path:?}: {error:#}"));
        look(&army);
        common::check(&mut lua);
        lua.close().unwrap();
    }
}

fn run(lua: &mut Lua, name: &str, path: ViewAccess, army: &mut Vec<Soldier>) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let host = lua.create_table()?;
    let names = lua.create_table()?;
    host.set(lua, "names", names)?;
    let (start, count) = (army.as_ptr().expose_provenance(), army.len());
    // What the scripts cannot see. SAFETY: in both, no Rust reference is alive, and the
    // memory outlives the functions, which are called by the script below only.
    let soldier = move |i: usize| unsafe { std::ptr::with_exposed_provenance::<Soldier>(start).add(i.min(count - 1)).read() };
    let secret = lua.create_function(move |_: &mut State, i: usize| Ok(soldier(i).secret as f64))?;
    host.set(lua, "secret", secret)?;
    let same_ubig = lua.create_function(move |_: &mut State, (a, b): (usize, usize)| Ok(soldier(a).ubig == soldier(b).ubig))?;
    host.set(lua, "same_ubig", same_ubig)?;
    let lend = lua.create_function(|state: &mut State, work: Function| -> Result<()> {
        state.lend("others", &mut world::army(), |state| {
            let others: Value = state.get("others")?;
            work.call(state, others)
        })
    })?;
    host.set(lua, "lend", lend)?;
    let backend = if is_luajit() { "luajit" } else { "lua54" };
    let harness: Table = lua.load_file(folder.join("harness.lua"))?.call((backend, &host))?;
    harness.set(lua, "path", if path == ViewAccess::Handles { "handles" } else { "accessors" })?;
    let items = [10, 11, 12].map(|value| Item { value });
    let loans = (("units", army), ("items", &items));
    lua.lend_all(loans, |state| {
        let (units, items): (Value, Value) = (state.get("units")?, state.get("items")?);
        harness.set(state, "items", items)?;
        state.load_file(folder.join(format!("{name}.lua")))?.call::<()>((&harness, units))
    })
}

#[test]
fn fields_of_every_kind() {
    on_every_path("views_fields", |army| {
        assert_eq!(army[3].x, 3.0);
        assert_eq!(army[2].ubig, 7);
        assert_eq!(army[3].big, -9_007_199_254_740_993);
        assert_eq!(army[3].ubig, u64::MAX - 2);
        assert_eq!(army[9].tag, b"brimfull".map(|byte| byte as c_char));
        assert_eq!((army[2].stance, army[2].rank), (Stance::Idle, Rank::Recruit));
    });
}

#[test]
fn arrays_and_structs_inside() {
    on_every_path("views_inner", |army| {
        assert_eq!((army[3].id, army[3].secret, army[3].home.x), (103, 1003, 1.5));
        assert_eq!(army[2].slots, [(21, 1), (22, 2), (23, 12)].map(|(id, n)| Slot { id, n }));
        assert_eq!(army[2].grid, [[1, 2, 3], [4, 5, 6]]);
    });
}

#[test]
fn views_as_a_whole() {
    on_every_path("views_whole", |army| assert_eq!(army[4].hp[1], 4));
}

#[test]
fn what_stores_several_values_stores_all_or_none() {
    on_every_path("views_atomic", |army| {
        assert_eq!((army[3].id, army[3].secret, army[3].home.x), (103, 1003, 1.5));
        assert_eq!((army[3].tag, army[3].stance), (b"five\0\0\0\0".map(|byte| byte as c_char), Stance::Guard));
    });
}

#[test]
fn errors_name_the_scripts_line() {
    on_every_path("views_positions", |_| {});
}

/// Host functions get elements as places that are checked, too.
#[test]
fn elements_as_arguments() {
    use perilune::Elem;
    for (path, mut lua) in paths() {
        lua.register("swap", |state: &mut State, (a, b): (Elem<Soldier>, Elem<Soldier>)| {
            let (first, second) = (a.get(state)?, b.get(state)?);
            a.set(state, second)?;
            b.set(state, first)?;
            Ok(a.index() + b.index())
        })
        .unwrap();
        lua.register("value", |state: &mut State, item: Elem<Item>| item.get(state).map(|item| item.value)).unwrap();
        lua.register("spoil", |state: &mut State, item: Elem<Item>| item.set(state, Item { value: 0 })).unwrap();
        let (mut army, items) = (army(), vec![Item { value: 5 }]);
        lua.lend_all((("units", &mut army), ("items", &items)), |state| {
            state.run(
                "assert(swap(units[1], units[4]) == 5) swap(units[2], units[2]) assert(units[1].id == 104 and value(items[0]) == 5)",
            )?;
            for (wrong, message) in [
                ("swap(units[1], items[0])", "bad argument #2 to 'swap': expected an element of a view of Soldier, got "),
                ("swap(units, units[1])", "bad argument #1 to 'swap': expected an element of a view of Soldier, got "),
                ("swap(units[1].pos, units[1])", "bad argument #1 to 'swap': expected an element of a view of Soldier, got "),
                ("swap(units[1].hp, units[1])", "bad argument #1 to 'swap': expected an element of a view of Soldier, got "),
                ("swap(1, units[1])", "bad argument #1 to 'swap': expected an element of a view of Soldier, got number"),
                ("spoil(items[0])", "cannot change a Item: this view can only be read"),
            ] {
                let error = state.run(wrong).unwrap_err().to_string();
                assert!(error.contains(message), "{path:?}, {wrong}: {error}");
            }
            state.run("kept, item = units[1], items[0]").map(drop)
        })
        .unwrap();
        assert_eq!((army[1].id, army[4].id, items[0].value), (104, 101, 5));
        for late in ["swap(kept, kept)", "value(item)", "spoil(item)"] {
            assert!(lua.run(late).unwrap_err().to_string().contains("view revoked"), "{path:?}, {late}");
        }
        let shared = lua.share("units", army).unwrap();
        lua.run("kept = units[9]").unwrap();
        shared.resize(&mut lua, 5, Soldier::default()).unwrap();
        let error = lua.run("swap(kept, units[0])").unwrap_err().to_string();
        assert!(error.contains("index 9 is out of range: this view of Soldier has 5 elements now"), "{error}");
        common::check(&mut lua);
    }
}

/// LuaJIT gives a trace up in which it counts too many turns: a loop that does much with
/// an element has to be compiled all the same.
#[test]
fn a_loop_with_many_accesses_is_compiled() {
    if !is_luajit() {
        return;
    }
    // SAFETY: the script below only listens to the compiler.
    let mut lua = unsafe { Lua::builder().unsafe_libs(perilune::Libs::ALL) }.build().unwrap();
    let accesses = "u.x = u.x + u.y u.pos.x = u.hp[0] u.hp[1] = u.hp[0] u.tag = 'abc' x[i] = y[i] set(i, (get(i))) ".repeat(8);
    let script = format!(
        "local util, listening, compiled = require('jit.util'), nil, 0
         jit.attach(function(what, trace, func)
           if what == 'start' then listening = util.funcinfo(func).source == '=loop' end
           if what == 'stop' and listening then compiled = compiled + 1 end
         end, 'trace')
         local x, y, get, set = units:column('x'), units:column('y'), units:getter('ratio'), units:setter('ratio')
         for round = 1, 300 do
           for i = 0, #units - 1 do local u = units[i] {accesses} end
         end
         return compiled"
    );
    let mut army = army();
    let compiled = lua.lend("units", &mut army, |state| state.load(&script).name("loop").eval::<usize>()).unwrap();
    assert!(compiled > 0);
}
