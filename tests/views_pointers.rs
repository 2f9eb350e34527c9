//! Promise: scripts follow the pointers of the host's structs by way of checked handles, read the text
//! behind them, and never see, keep or change a pointer.

mod common;
#[path = "common/figures.rs"]
mod figures;
#[path = "common/views.rs"]
mod world;

use std::cell::Cell;
use std::path::Path;
use std::ptr::null_mut;
use std::rc::Rc;

use common::is_luajit;
use figures::{COUNT, Figure, Gem, World, text_before_a_guard};
use perilune::{Access, CView, Elem, Follow, Function, Kind, Lua, Result, Schema, State, Table, Value, ViewAccess, c_struct};
use world::{Vec2, paths};

fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts").join(name)
}

/// The functions of the host that the script calls.
fn host(lua: &mut Lua, world: &World) -> Result<Table> {
    let host = lua.create_table()?;
    let (figures, gems) = (world.figures.expose_provenance(), world.gems.expose_provenance());
    let figure = move |i: usize| std::ptr::with_exposed_provenance_mut::<Figure>(figures).wrapping_add(i % COUNT);
    // SAFETY: of the world, to which there is no reference while the script runs.
    let lead = lua.create_function(move |_: &mut State, (i, leader): (usize, usize)| unsafe {
        (*figure(i)).leader = figure(leader);
        Ok(())
    })?;
    host.set(lua, "lead", lead)?;
    // SAFETY: of the world, to which there is no reference while the script runs.
    let strip = lua.create_function(move |_: &mut State, i: usize| unsafe {
        ((*figure(i)).leader, (*figure(i)).gear) = (null_mut(), [null_mut(); 3]);
        Ok(())
    })?;
    host.set(lua, "strip", strip)?;
    // SAFETY: of the world, to which there is no reference while the script runs.
    let tick = lua.create_function(move |_: &mut State, turn: usize| unsafe {
        if turn == 700 {
            (*figure(5)).leader = null_mut();
        }
        Ok(())
    })?;
    host.set(lua, "tick", tick)?;
    // SAFETY: of the world, to which there is no reference while the script runs.
    let gem = move |i: usize| unsafe { std::ptr::with_exposed_provenance::<Gem>(gems).add(i % COUNT).read() };
    let value = lua.create_function(move |_: &mut State, i: usize| Ok(gem(i).value))?;
    host.set(lua, "gem", value)?;
    let untouched = lua.create_function(move |_: &mut State, (): ()| {
        let as_made = (0..COUNT).all(|i| gem(i).secret == -7 && gem(i).id == i as i32 && !gem(i).label.is_null());
        Ok(if as_made { "untouched" } else { "changed" })
    })?;
    host.set(lua, "gems", untouched)?;
    Ok(host)
}

#[test]
fn pointers_are_followed_on_every_path() {
    for (path, mut lua) in paths() {
        let mut world = World::new();
        // SAFETY: nobody else has the world.
        unsafe { (*world.figures).name = text_before_a_guard(b"exactly8") };
        let host = host(&mut lua, &world).unwrap();
        let harness: Table =
            lua.load_file(script("harness.lua")).unwrap().call((if is_luajit() { "luajit" } else { "lua54" }, &host)).unwrap();
        harness.set(&mut lua, "path", if path == ViewAccess::Handles { "handles" } else { "accessors" }).unwrap();
        let result = world.lend(&mut lua, |state| {
            let units: Value = state.get("units")?;
            state.load_file(script("views_pointers.lua"))?.call::<()>((&harness, units))
        });
        result.unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert_eq!((world.gem(1).value, world.gem(1).runes, world.gem(3).value), (-5, [4, 5], 103));
        world.check();
        common::check(&mut lua);
        lua.close().unwrap();
    }
}

#[test]
fn what_was_followed_is_revoked_with_the_loan() {
    for (path, mut lua) in paths() {
        let mut world = World::new();
        let late: Function = world
            .lend(&mut lua, |state| {
                state
                    .load(
                        "local u = units[2]
                         local leader, gem, pos, runes, gear, titles = u.leader, u.gear[1], u.gear[1].pos, u.leader.gear[1].runes, u.gear, u.titles
                         local function sum(n) local s = 0 for i = 1, n do s = s + leader.hp + gem.value + runes[0] end return s end
                         sum(300)
                         local uses = {
                           function() return leader.hp end, function() leader.hp = 1 end, function() return leader.leader end,
                           function() return gem.value end, function() gem.pos = pos end, function() return pos.x end,
                           function() return runes[0] end, function() runes[1] = 1 end, function() return #runes end,
                           function() return gear[1] end, function() return gear[0] end, function() return titles[0] end,
                           function() return leader.name end, function() return sum(300) end, function() gem.tag = 'x' end,
                         }
                         return function()
                           for i, use in ipairs(uses) do
                             local ok, e = pcall(use)
                             assert(not ok and e:find('view revoked', 1, true), i .. ': ' .. tostring(e))
                           end
                           assert(leader == leader and tostring(gem) == 'a Gem (element 2)')
                         end",
                    )
                    .eval()
            })
            .unwrap();
        late.call::<()>(&mut lua, ()).unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        drop(world);
        late.call::<()>(&mut lua, ()).unwrap();
        common::check(&mut lua);
    }
}

#[test]
fn a_view_to_be_read_is_so_behind_its_pointers() {
    for (path, mut lua) in paths() {
        let world = World::new();
        // SAFETY: of the world, which nobody uses otherwise.
        let figures = unsafe { std::slice::from_raw_parts(world.figures, 1) };
        lua.lend("units", figures, |state| {
            state.run(
                "local u = units[0]
                 assert(u.gear[1].value == 100 and u.leader == nil)
                 for _, f in ipairs({ function() u.gear[1].value = 1 end, function() u.gear[1].pos.x = 1 end, function() u.gear[1].runes[0] = 1 end }) do
                   local ok, e = pcall(f)
                   assert(not ok and e:find('cannot change a Figure: this view can only be read', 1, true), e)
                 end",
            )
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert_eq!(world.gem(0).value, 100);
    }
}

#[test]
fn errors_behind_pointers_name_the_scripts_line() {
    for (path, mut lua) in paths() {
        let mut world = World::new();
        world
            .lend(&mut lua, |state| {
                for wrong in [
                    "units[1].leader = 1",
                    "units[1].gear[1] = 1",
                    "units[1].gear[1].id = 1",
                    "units[1].gear[1].value = true",
                    "units[1].gear[1].runes[0] = true",
                    "local x = units[1].gear[1].nothing",
                    "local x = units[7].leader.leader.leader.leader.leader",
                    "local x = units[7].leader.leader.leader.leader.gear[1]",
                    "units[1].idol.hp = 1",
                    "local step, far = pairs(units[7].leader.leader.leader.leader) local _, e = pcall(step, far, 'titles') error(e, 0)",
                ] {
                    let message = state.load(&format!("\n{wrong}\nreturn 1")).name("script").exec().unwrap_err().to_string();
                    assert!(message.starts_with("script:2: "), "{path:?}, {wrong}: {message}");
                }
                state.run("kept, runes = units[1].leader, units[1].gear[1].runes").map(drop)?;
                let first: Elem<Figure> = state.load("return units[1]").eval()?;
                first.set(state, Figure { leader: null_mut(), gear: [null_mut(); 3], ..first.get(state)? })?;
                for wrong in [
                    "local x = kept.hp",
                    "kept.hp = 1",
                    "local x = runes[0]",
                    "runes[0] = 1",
                    "local x = #runes",
                    "units[4] = kept",
                    "units[4].inner.runes = runes",
                    "local step, leader = pairs(kept) local _, e = pcall(step, leader, nil) error(e, 0)",
                ] {
                    let message = state.load(&format!("\n{wrong}\nreturn 1")).name("script").exec().unwrap_err().to_string();
                    assert!(message.starts_with("script:2: ") && message.contains("is NULL now"), "{path:?}, {wrong}: {message}");
                }
                Ok(())
            })
            .unwrap();
    }
}

/// A loan inside of which pointers change, on the thread that only lends: nothing has to be `Send`.
#[test]
fn the_host_moves_pointers_between_calls() {
    for (_, mut lua) in paths() {
        let mut world = World::new();
        let calls = Rc::new(Cell::new(0));
        let (figures, counted) = (world.figures, calls.clone());
        world
            .lend(&mut lua, |state| {
                let look: Function =
                    state.load("local u = units[5] local l = u.leader return function() return l.hp, u.leader.hp end").eval()?;
                for leader in [0, 3, 5, 6] {
                    // SAFETY: of the world; no script runs now.
                    unsafe { (*figures.add(5)).leader = figures.add(leader) };
                    let (kept, now): (usize, usize) = look.call(state, ())?;
                    assert_eq!((kept, now), (10 + leader, 10 + leader));
                    counted.set(counted.get() + 1);
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(calls.get(), 4);
    }
}

#[test]
fn the_schema_tells_what_is_behind() {
    let fields = Figure::SCHEMA.fields;
    assert_eq!((fields[1].kind, fields[1].doc), (Kind::TextBehind(8), " What it is called.\n"));
    assert_eq!(fields[2].kind, Kind::Array(&Kind::TextBehind(5), 2));
    assert_eq!(fields[3].kind, Kind::Follow(Follow::new(|| Figure::SCHEMA, true)));
    assert_ne!(fields[3].kind, Kind::Follow(Follow::new(|| Figure::SCHEMA, false)));
    assert_ne!(fields[3].kind, Kind::Follow(Follow::new(|| Gem::SCHEMA, true)));
    assert_eq!((fields[6].access, fields[7].access), (Access::ReadOnly, Access::Hidden));
    assert_eq!(format!("{:?} {:?}", fields[3].kind, fields[4].kind), "Follow(Figure) Follow(const Figure)");
    assert_eq!(Gem::SCHEMA.fields[6].kind, Kind::TextBehind(4));
    assert_eq!(Figure::SCHEMA, Figure::SCHEMA);
}

mod other {
    perilune::c_struct! {
        /// Another one by this name, as large.
        pub struct Gem { pub weight: f64, pub rest: [u8; 40] }
    }
}

/// What is behind a pointer is reached by its own description, whatever else the VM knows by its name.
#[test]
fn a_name_that_two_structs_have() {
    for (path, mut lua) in paths() {
        assert_eq!(size_of::<other::Gem>(), size_of::<Gem>());
        let mut others = [other::Gem { weight: 0.1, rest: [9; 40] }];
        let mut world = World::new();
        lua.lend("others", &mut others, |state| {
            world.lend(state, |state| {
                state.run("assert(units[1].gear[1].value == 101 and others[0].weight == 0.1 and others[0].rest[39] == 9)")
            })
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
    }
}

/// Two structs of the same name, size and fields, behind two that are the same but for that.
#[test]
fn what_one_struct_hides_is_not_shown_by_another_of_its_name() {
    mod shown {
        perilune::c_struct! {
            pub struct Coin { pub worth: u64 }
            pub struct Purse { #[unsafe(follow)] pub coin: *mut Coin }
        }
    }
    mod hidden {
        perilune::c_struct! {
            pub struct Coin { #[hidden] pub worth: *mut u8 }
            pub struct Purse { #[unsafe(follow)] pub coin: *mut Coin }
        }
    }
    c_struct! {
        struct Pockets {
            #[unsafe(follow)]
            left: *mut shown::Purse,
            #[unsafe(follow)]
            right: *mut hidden::Purse,
        }
    }
    for (path, mut lua) in paths() {
        let left = Box::into_raw(Box::new(shown::Coin { worth: 1 }));
        let right = Box::into_raw(Box::new(hidden::Coin { worth: null_mut() }));
        let mut purses = (shown::Purse { coin: left }, hidden::Purse { coin: right });
        let mut pockets = [Pockets { left: &raw mut purses.0, right: &raw mut purses.1 }];
        lua.lend("pockets", &mut pockets, |state| {
            state.run("pockets[0].left.coin.worth = 6")?;
            let error = state.run("pockets[0].right.coin.worth = 6").unwrap_err().to_string();
            assert!(error.contains("a Coin has no field 'worth'"), "{path:?}: {error}");
            Ok(())
        })
        .unwrap();
        // SAFETY: as they were made; nobody has them now.
        let (left, right) = unsafe { (Box::from_raw(left), Box::from_raw(right)) };
        assert_eq!((left.worth, right.worth), (6, null_mut()));
    }
}

/// A tree has several ways to each node: what is made for its type grows with the depth alone.
#[test]
fn trees_are_walked() {
    c_struct! {
        struct Tree {
            value: i64,
            #[unsafe(follow)]
            children: [*mut Tree; 4],
            #[unsafe(follow)]
            parent: *const Tree,
            #[unsafe(follow)]
            next: *mut Tree,
        }
    }
    for (path, mut lua) in paths() {
        let empty = Tree { value: 5, children: [null_mut(); 4], parent: null_mut(), next: null_mut() };
        let leaf = Box::into_raw(Box::new(empty));
        let branch = Box::into_raw(Box::new(Tree { value: 6, children: [null_mut(), leaf, null_mut(), leaf], next: leaf, ..empty }));
        let mut roots = [Tree { value: 7, children: [branch, leaf, null_mut(), null_mut()], parent: branch, ..empty }; 2];
        lua.lend("trees", &mut roots, |state| {
            state.run(
                "local t = trees[1]
                 local function leaves(t) local n = 1 for k = 0, 3 do if t.children[k] then n = n + leaves(t.children[k]) end end return n end
                 assert(leaves(t) == 5, leaves(t))
                 assert(t.parent.next.value == 5 and t.children[0].next == t.children[0].next)
                 assert(not pcall(function() t.parent.next.value = 1 end))
                 t.children[0].children[1].value = 9
                 assert(t.children[1].value == 9 and t.parent.children[3].value == 9 and t.children[0].children[3].value == 9)",
            )
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        // SAFETY: as they were made; nobody has them now.
        unsafe {
            assert_eq!((*leaf).value, 9);
            drop((Box::from_raw(leaf), Box::from_raw(branch)));
        }
    }
}

/// Following is no reason for LuaJIT to give a loop up.
#[test]
fn a_loop_that_follows_is_compiled() {
    if !is_luajit() {
        return;
    }
    // SAFETY: the script below only listens to the compiler.
    let mut lua = unsafe { Lua::builder().unsafe_libs(perilune::Libs::ALL) }.build().unwrap();
    let script = "local util, listening, compiled = require('jit.util'), nil, 0
         jit.attach(function(what, trace, func)
           if what == 'start' then listening = util.funcinfo(func).source == '=loop' end
           if what == 'stop' and listening then compiled = compiled + 1 end
         end, 'trace')
         local u, s = units[6], 0
         for i = 1, 1000 do
           local gem = u.leader.leader.gear[1]
           gem.value = gem.value + 1
           u.leader.gear[1].runes[i % 2] = i
           s = s + u.leader.hp + gem.pos.x + (u.gear[0] == nil and 1 or 0)
         end
         assert(s == 16000)
         return compiled";
    let mut world = World::new();
    let compiled: usize = world.lend(&mut lua, |state| state.load(script).name("loop").eval()).unwrap();
    assert!(compiled > 0);
    assert_eq!(world.gem(4).value, 1104);
}

/// As many places of one kind as there may be: none of LuaJIT's limits is met.
#[test]
fn many_places_of_a_kind() {
    c_struct! {
        #[derive(Default)]
        struct Axes { x: Vec2, y: Vec2, z: Vec2, u: Vec2, v: Vec2, w: Vec2, a: [u8; 2], b: [u8; 2], c: [u8; 2] }

        struct Frame {
            #[unsafe(follow)]
            next: *mut Frame,
            all: Axes,
            more: [Axes; 2],
        }
    }
    for (path, mut lua) in paths() {
        let frame = Frame { next: null_mut(), all: Axes::default(), more: [Axes::default(); 2] };
        let behind = Box::into_raw(Box::new(frame));
        let mut frames = [Frame { next: behind, ..frame }];
        lua.lend("frames", &mut frames, |state| {
            state.run(
                "local f = frames[0]
                 f.next.more[1].w.x, f.next.all.c[1] = 2, 3
                 f.all.x, f.all.a = f.next.more[1].w, f.next.all.c
                 f.more[0].y, f.more[0].b = f.all.x, f.all.a
                 assert(f.more[0].y.x == 2 and f.more[0].b[1] == 3)",
            )
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        // SAFETY: as it was made.
        drop(unsafe { Box::from_raw(behind) });
    }
}

/// As many pointers to different structs as there may be.
#[test]
fn many_structs_behind_pointers() {
    macro_rules! pointers {
        ($($Name:ident $name:ident)*) => {
            c_struct! {
                $(struct $Name { $name: i32 })*

                struct Many { $(#[unsafe(follow)] $name: *mut $Name),* }
            }
            const NONE: Many = Many { $($name: null_mut()),* };
        };
    }
    pointers! {
        P0 p0 P1 p1 P2 p2 P3 p3 P4 p4 P5 p5 P6 p6 P7 p7 P8 p8 P9 p9
        P10 p10 P11 p11 P12 p12 P13 p13 P14 p14 P15 p15 P16 p16 P17 p17 P18 p18 P19 p19
        P20 p20 P21 p21 P22 p22 P23 p23 P24 p24 P25 p25 P26 p26 P27 p27 P28 p28 P29 p29
        P30 p30 P31 p31 P32 p32 P33 p33 P34 p34 P35 p35 P36 p36 P37 p37 P38 p38 P39 p39
        P40 p40 P41 p41 P42 p42 P43 p43 P44 p44 P45 p45 P46 p46 P47 p47 P48 p48 P49 p49
        P50 p50 P51 p51 P52 p52 P53 p53 P54 p54 P55 p55 P56 p56 P57 p57 P58 p58
    }
    for (path, mut lua) in paths() {
        let (mut first, mut last) = (P0 { p0: 1 }, P58 { p58: 2 });
        let mut all = [Many { p0: &raw mut first, p58: &raw mut last, ..NONE }];
        lua.lend("all", &mut all, |state| {
            state.run(
                "local t = all:totable(0)
                 assert(t.p0.p0 == 1 and t.p1 == nil and t.p58.p58 == 2)
                 all[0].p58.p58 = t.p0.p0 + 4",
            )
        })
        .unwrap_or_else(|error| panic!("{path:?}: {error:#}"));
        assert_eq!((first.p0, last.p58), (1, 5));
    }
}

/// A description that is not what the struct is in memory is found out where C has to be told.
#[test]
fn a_struct_that_c_has_elsewhere_is_refused() {
    use perilune::{CDeclaration, CField, CStruct, ViewField};
    #[repr(C, packed)]
    #[derive(Clone, Copy)]
    struct Packed {
        flag: u8,
        number: i32,
    }
    const fn seen(name: &'static str, offset: usize, kind: Kind) -> ViewField {
        ViewField { name, c_name: name, doc: "", offset, kind, access: Access::ReadWrite }
    }
    const PACKED: Schema =
        Schema { name: "Packed", size: size_of::<Packed>(), fields: &[seen("flag", 0, Kind::U8), seen("number", 1, Kind::I32)] };
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Holder {
        packed: *mut Packed,
    }
    // SAFETY: `repr(C)`, with one pointer.
    unsafe impl CStruct for Holder {
        const NAME: &'static str = "Holder";
        const DECLARATIONS: &'static [CDeclaration] =
            &[CDeclaration { name: "Holder", text: "typedef struct Holder { void *packed; } Holder;" }];
        const FIELDS: &'static [CField] = &[CField { name: "packed", offset: 0, size: size_of::<*mut u8>() }];
    }
    // SAFETY: as declared; the pointer is NULL below.
    unsafe impl CView for Holder {
        const SCHEMA: &'static Schema =
            &Schema { name: "Holder", size: size_of::<Self>(), fields: &[seen("packed", 0, Kind::Follow(Follow::new(|| &PACKED, true)))] };
    }
    for (path, mut lua) in paths() {
        let result = lua.lend("holders", &mut [Holder { packed: null_mut() }], |state| state.run("assert(holders[0].packed == nil)"));
        match path {
            ViewAccess::Handles => {
                let error = result.map(drop).unwrap_err().to_string();
                assert!(error.contains("struct 'Packed' behind a pointer is not laid out as in C"), "{error}");
            }
            _ => result.map(drop).unwrap(),
        }
    }
    let packed = Packed { flag: 1, number: 2 };
    assert_eq!((packed.flag, { packed.number }), (1, 2));
}
