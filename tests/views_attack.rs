//! Promise: no script reaches anything but what it was lent, whatever it tries.
//!
//! Random hostile programs work on memory that ends at a page which nobody may touch, and
//! that is surrounded by canaries; afterwards the canaries, what can only be read, and what
//! Rust relies on (`bool`, enumerations) are looked at. They run in processes of their own,
//! so that a crash is told from a failure. The seed is printed; `PERILUNE_SEED` sets it, and
//! `PERILUNE_ATTACK_ROUNDS` says how long to go on.
#![cfg(unix)]

mod common;
#[path = "common/views.rs"]
mod world;

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::path::Path;
use std::sync::{Arc, Mutex};

use common::is_luajit;
use perilune::{Elem, Function, Lua, Result, State, Table, Value, ViewAccess};
use world::{Item, Soldier, army, paths};

unsafe extern "C" {
    fn mmap(address: *mut c_void, length: usize, protection: c_int, flags: c_int, file: c_int, offset: isize) -> *mut c_void;
    fn mprotect(address: *mut c_void, length: usize, protection: c_int) -> c_int;
}

const PAGE: usize = 1 << 16;
const CANARY: u8 = 0xA5;
const PRIVATE_AND_ANONYMOUS: c_int = 2 | if cfg!(target_os = "linux") { 0x20 } else { 0x1000 };
const FIXED: c_int = 0x10;

/// Soldiers between two pages that nobody may touch, right before the second one or right
/// behind the first; what is left of their own pages is canaries.
struct Field {
    pages: *mut u8,
    bytes: usize,
    start: usize,
    count: usize,
}

impl Field {
    fn new(soldiers: &[Soldier], at_the_end: bool) -> Self {
        let size = size_of_val(soldiers);
        let bytes = (size + PAGE).next_multiple_of(PAGE);
        // SAFETY: new memory, of which the middle is read and written and the rest is not.
        unsafe {
            let all = mmap(std::ptr::null_mut(), bytes + 2 * PAGE, 0, PRIVATE_AND_ANONYMOUS, -1, 0).cast::<u8>();
            assert_ne!(all.addr(), usize::MAX, "mmap");
            let pages = all.add(PAGE);
            assert_eq!(mprotect(pages.cast(), bytes, 3), 0, "mprotect");
            pages.write_bytes(CANARY, bytes);
            let start = if at_the_end { bytes - size } else { 0 };
            pages.add(start).cast::<Soldier>().copy_from_nonoverlapping(soldiers.as_ptr(), soldiers.len());
            Self { pages, bytes, start, count: soldiers.len() }
        }
    }

    fn soldiers(&mut self) -> &mut [Soldier] {
        // SAFETY: `new` put them there.
        unsafe { std::slice::from_raw_parts_mut(self.pages.add(self.start).cast(), self.count) }
    }

    fn check(&mut self) {
        let size = self.count * size_of::<Soldier>();
        for (start, end) in [(0, self.start), (self.start + size, self.bytes)] {
            // SAFETY: bytes of the pages.
            let canaries = unsafe { std::slice::from_raw_parts(self.pages.add(start), end - start) };
            assert!(canaries == vec![CANARY; end - start], "a canary was touched");
        }
        check(self.count, self.start, self.pages);
    }
}

/// Nobody may touch it from now on: whoever still knows where it was ends the process.
impl Drop for Field {
    fn drop(&mut self) {
        // SAFETY: the pages are its own.
        let gone = unsafe { mmap(self.pages.cast(), self.bytes, 0, PRIVATE_AND_ANONYMOUS | FIXED, -1, 0) };
        assert_eq!(gone.cast::<u8>(), self.pages, "mmap");
    }
}

/// What can only be read is as it was, and what Rust relies on is valid: looked at as bytes.
fn check(count: usize, start: usize, pages: *mut u8) {
    use std::mem::offset_of;
    for (i, soldier) in army().iter().enumerate().take(count) {
        // SAFETY: bytes of a soldier.
        let bytes = unsafe { std::slice::from_raw_parts(pages.add(start + i * size_of::<Soldier>()), size_of::<Soldier>()) };
        let read = |at: usize, length: usize| &bytes[at..at + length];
        assert_eq!(read(offset_of!(Soldier, id), 4), soldier.id.to_ne_bytes(), "a field that can only be read");
        assert_eq!(read(offset_of!(Soldier, secret), 8), soldier.secret.to_ne_bytes(), "a hidden field");
        assert_eq!(read(offset_of!(Soldier, home), 4), soldier.home.x.to_ne_bytes(), "a struct that can only be read");
        for (k, stat) in soldier.stats.iter().enumerate() {
            assert_eq!(read(offset_of!(Soldier, stats) + 4 * k, 4), stat.to_ne_bytes(), "an array that can only be read");
        }
        for (k, slot) in soldier.slots.iter().enumerate() {
            assert_eq!(read(offset_of!(Soldier, slots) + 8 * k, 4), slot.id.to_ne_bytes(), "a field in an array");
        }
        assert!(bytes[offset_of!(Soldier, alive)] <= 1, "no bool");
        assert!([0, 1, 7].contains(&bytes[offset_of!(Soldier, stance)]), "no stance");
        let rank = read(offset_of!(Soldier, rank), 4).try_into().map(i32::from_ne_bytes).unwrap();
        assert!((-1..=1).contains(&rank), "no rank");
    }
}

/// A VM with what the program may ask of the host.
fn host(lua: &mut Lua) -> Result<Table> {
    let host = lua.create_table()?;
    let turn = Cell::new(false);
    let lend = lua.create_function(move |state: &mut State, work: Function| -> Result<()> {
        let mut others = Field::new(&army()[..4], true);
        let run = |state: &mut State| {
            let others: Value = state.get("others")?;
            work.call::<()>(state, others)
        };
        // In turns, so that a block is used again for another struct.
        let mut few = [Item { value: 1 }];
        turn.set(!turn.get());
        let result = if turn.get() {
            state.lend_all((("few", &mut few), ("others", others.soldiers())), run)
        } else {
            state.lend_all((("others", others.soldiers()), ("few", &mut few)), run)
        };
        others.check();
        result
    })?;
    host.set(lua, "lend", lend)?;
    let shared = lua.share("shared", army())?;
    let vector = shared.clone();
    let grow = lua.create_function(move |state: &mut State, n: usize| {
        (0..n).try_for_each(|_| if vector.len(state)? < 1000 { vector.push(state, Soldier::default()) } else { Ok(()) })
    })?;
    host.set(lua, "grow", grow)?;
    let vector = shared.clone();
    let shrink = lua.create_function(move |state: &mut State, n: usize| {
        vector.change(state, |all| {
            all.truncate(n);
            all.shrink_to_fit();
        })
    })?;
    host.set(lua, "shrink", shrink)?;
    // Elements as references, and as what a host function keeps.
    lua.register_elem("change", |unit: &mut Soldier, n: i32| {
        unit.hp[1] = n;
        unit.pos = unit.target;
        Ok(unit.hp[0])
    })?;
    let change: Function = lua.get("change")?;
    host.set(lua, "change", change)?;
    let kept: Arc<Mutex<Option<Elem<Soldier>>>> = Arc::default();
    let use_kept = Arc::clone(&kept);
    let keep = lua.create_function(move |_: &mut State, unit: Elem<Soldier>| {
        *kept.lock().unwrap() = Some(unit);
        Ok(())
    })?;
    host.set(lua, "keep", keep)?;
    let use_it = lua.create_function(move |state: &mut State, n: i16| -> Result<()> {
        let Some(unit) = *use_kept.lock().unwrap() else { return Ok(()) };
        let mut soldier = unit.get(state)?;
        soldier.word = n;
        unit.with_mut(state, |unit| unit.word = soldier.word)
    })?;
    host.set(lua, "use", use_it)?;
    let view = lua.create_function(move |state: &mut State, (): ()| shared.view(state))?;
    host.set(lua, "shared", view)?;
    Ok(host)
}

fn attack(lua: &mut Lua, path: ViewAccess, seed: u64, rounds: usize) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let host = host(lua)?;
    let harness: Table = lua.load_file(folder.join("harness.lua"))?.call((if is_luajit() { "luajit" } else { "lua54" }, &host))?;
    harness.set(lua, "path", if path == ViewAccess::Handles { "handles" } else { "accessors" })?;
    for round in 0..rounds as u64 {
        let mut field = Field::new(&army(), round % 2 == 0);
        let items = [10, 11, 12].map(|value| Item { value });
        let failed: usize = lua.lend_all((("units", field.soldiers()), ("items", &items)), |state| {
            let (units, items): (Value, Value) = (state.get("units")?, state.get("items")?);
            harness.set(state, "items", items)?;
            let program = state.load_file(folder.join("views_attack.lua"))?;
            program.call((&harness, units, seed.wrapping_add(round) % 2_147_483_646 + 1, 100))
        })?;
        field.check();
        assert_eq!(items, [10, 11, 12].map(|value| Item { value }), "what was lent to be read");
        assert!((200..2000).contains(&failed), "{failed} of 2000 steps were refused");
    }
    Ok(())
}

/// The part in a process of its own: it does nothing unless it was called as that.
#[test]
fn child() {
    let Ok(seed) = std::env::var("PERILUNE_ATTACK") else { return };
    let seed = seed.parse().unwrap();
    let rounds = std::env::var("PERILUNE_ATTACK_ROUNDS").map_or(60, |rounds| rounds.parse().unwrap());
    for (path, mut lua) in paths() {
        attack(&mut lua, path, seed, rounds).unwrap_or_else(|error| panic!("{path:?}, seed {seed}: {error:#}"));
        common::check(&mut lua);
        lua.close().unwrap();
    }
}

#[test]
fn random_hostile_programs() {
    common::attack_in_a_child();
}
