//! Promise: memory of the host's that is charged counts as the VM's, to the byte, until the charge is dropped, wherever
//! that is; what garbage holds is no reason to refuse any; and nothing is lost where it is refused.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{check, is_luajit, settled, with};
use perilune::{Charge, Error, Lua, Result, State, UserData, UserDataMethods, c_struct};

const LIMIT: usize = 2 << 20;

fn limited() -> Lua {
    Lua::builder().memory_limit(LIMIT).build().unwrap()
}

fn assert_refused<T: std::fmt::Debug>(result: Result<T>, needed: usize) {
    let Err(Error::Memory(short)) = result else { panic!("{result:?}") };
    assert_eq!((short.limit(), short.needed()), (Some(LIMIT), needed));
    assert!(short.used() + needed > LIMIT, "{short:?}");
}

/// Something that owns memory elsewhere.
struct Image {
    pixels: Vec<u8>,
    charge: Charge,
}

impl UserData for Image {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("len", |_: &mut State, this: &Self, (): ()| Ok(this.pixels.len()));
        methods.add_method_mut("grow", |state: &mut State, this: &mut Self, length: usize| -> Result<()> {
            this.charge.resize(state, length)?;
            this.pixels.resize(length, 0);
            Ok(())
        });
    }
}

fn with_images(mut lua: Lua) -> Lua {
    lua.register("new_image", |state: &mut State, length: usize| {
        let charge = state.charge(length)?;
        Ok(Image { pixels: vec![0; length], charge })
    })
    .unwrap();
    lua
}

#[test]
fn it_counts_while_it_is_there() {
    with(|lua| {
        let before = settled(lua);
        let mut charge = lua.charge(5000)?;
        assert_eq!((charge.bytes(), lua.memory().charged, lua.memory().used), (5000, 5000, before + 5000));
        charge.resize(lua, 7000)?;
        assert_eq!((charge.bytes(), lua.memory().charged), (7000, 7000));
        charge.resize(lua, 10)?;
        let other = lua.charge(0)?;
        assert_eq!((lua.memory().charged, other.bytes()), (10, 0));
        drop(charge);
        assert_eq!((lua.memory().charged, settled(lua)), (0, before));
        Ok(())
    });
}

#[test]
fn too_much_is_refused_and_nothing_is_lost() {
    let mut lua = limited();
    assert_refused(lua.charge(LIMIT), LIMIT);
    let mut charge = lua.charge(LIMIT / 2).unwrap();
    assert_refused(charge.resize(&mut lua, 2 * LIMIT), 3 * LIMIT / 2);
    assert_refused(lua.charge(LIMIT / 2), LIMIT / 2);
    assert_eq!((charge.bytes(), lua.memory().charged), (LIMIT / 2, LIMIT / 2));
    assert!(lua.memory().peak <= LIMIT);
    // What the script may use is less by that.
    assert!(matches!(lua.run("local t = {} for i = 1, 20000 do t[i] = { i } end"), Err(Error::Memory(_))));
    drop(charge);
    lua.run("local t = {} for i = 1, 20000 do t[i] = { i } end").unwrap();
    check(&mut lua);
    // Sizes that no account can hold.
    let mut lua = Lua::new().unwrap();
    for bytes in [usize::MAX, isize::MAX as usize, isize::MAX as usize + 1] {
        let result = lua.charge(bytes);
        assert!(matches!(&result, Err(Error::Memory(short)) if short.limit().is_none()), "{result:?}");
    }
    let most = lua.charge(isize::MAX as usize / 2).unwrap();
    assert!(lua.charge(isize::MAX as usize / 2 + 1).is_err());
    check(&mut lua);
    drop(most);
    assert_eq!(lua.memory().charged, 0);
}

#[test]
fn another_vms_is_refused() {
    let (mut lua, mut other) = (Lua::new().unwrap(), Lua::new().unwrap());
    let mut charge = lua.charge(100).unwrap();
    assert!(matches!(charge.resize(&mut other, 200), Err(Error::ForeignHandle)));
    assert!(matches!(charge.resize(&mut other, 0), Err(Error::ForeignHandle)));
    assert_eq!((charge.bytes(), lua.memory().charged, other.memory().charged), (100, 100, 0));
    lua.close().unwrap();
    assert!(matches!(charge.resize(&mut other, 0), Err(Error::Closed)));
}

#[test]
fn it_can_be_dropped_anywhere() {
    fn is_send_and_static<T: Send + Sync + 'static>(_: &T) {}
    let mut lua = limited();
    let charges: Vec<Charge> = (0..100).map(|_| lua.charge(1000).unwrap()).collect();
    is_send_and_static(&charges);
    let mut parts = charges.into_iter();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let part: Vec<Charge> = parts.by_ref().take(20).collect();
            scope.spawn(move || drop(part));
        }
    });
    let left: Vec<Charge> = parts.collect();
    assert_eq!((left.len(), lua.memory().charged), (20, 20_000));
    // While the VM allocates: the room is there when it is needed.
    let mut large = Some(lua.charge(LIMIT * 3 / 4).unwrap());
    lua.register_mut("drop_it", move |_: &mut State, (): ()| {
        drop(large.take());
        Ok(())
    })
    .unwrap();
    lua.run("drop_it() local s = ('x'):rep(500000) assert(#s == 500000)").unwrap();
    lua.close().unwrap();
    drop(left);
}

/// The sum is right whatever happens at the same time.
#[test]
fn many_threads_give_back_at_once() {
    let mut lua = Lua::new().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel::<Charge>();
    let receiver = Arc::new(std::sync::Mutex::new(receiver));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            let receiver = Arc::clone(&receiver);
            scope.spawn(move || {
                while let Ok(charge) = { receiver.lock().unwrap().recv() } {
                    drop(charge);
                }
            });
        }
        for i in 0..10_000 {
            sender.send(lua.charge(i % 97).unwrap()).unwrap();
        }
        drop(sender);
    });
    assert_eq!(lua.memory().charged, 0);
}

#[test]
fn a_script_that_forgets_them_runs_on() {
    let mut lua = with_images(limited());
    lua.run("local n = 0 for i = 1, 5000 do n = n + new_image(100000):len() end assert(n == 500000000)").unwrap();
    assert!(lua.memory().peak <= LIMIT, "{:?}", lua.memory());
    // With other garbage in between, and in coroutines.
    lua.run(
        "for i = 1, 2000 do
            local image, t = new_image(50000), {}
            for j = 1, 20 do t[j] = { j } end
            coroutine.wrap(function() new_image(60000):grow(70000) end)()
        end",
    )
    .unwrap();
    assert!(lua.memory().peak <= LIMIT, "{:?}", lua.memory());
    settled(&mut lua);
    assert_eq!(lua.memory().charged, 0);
    check(&mut lua);
    lua.close().unwrap();
}

#[test]
fn a_script_that_keeps_them_is_refused() {
    let mut lua = with_images(limited());
    let keep = "kept = {} for i = 1, 1000 do kept[i] = new_image(100000) end";
    let result = lua.run(keep);
    assert_refused(result, 100_000);
    let kept: usize = lua.load("return #kept").eval().unwrap();
    assert!(kept >= 18 && lua.memory().charged >= kept * 100_000, "{kept}, {:?}", lua.memory());
    assert!(lua.load("return (pcall(new_image, 1000000))").eval::<bool>().is_ok_and(|ok| !ok));
    // What grows asks first, and stays as it was.
    lua.run("local ok, e = pcall(function() kept[1]:grow(1e6) end) assert(not ok and tostring(e):find('^not enough memory: 900000 '))")
        .unwrap();
    lua.run("assert(kept[1]:len() == 100000) kept = nil").unwrap();
    lua.run("assert(new_image(1500000):len() == 1500000)").unwrap();
    check(&mut lua);
}

/// What garbage has charged gives room to the VM's own requests.
#[test]
fn garbage_that_holds_charges_makes_room() {
    let mut lua = with_images(limited());
    for _ in 0..5 {
        lua.run("for i = 1, 15 do new_image(100000) end").unwrap();
        let n: usize = lua.load("local t = {} for i = 1, 15000 do t[i] = { i } end return #t").eval().unwrap();
        assert_eq!(n, 15000);
    }
}

/// Values are dropped where the collector finds them, and each once.
#[test]
fn what_is_charged_is_what_is_there() {
    static THERE: AtomicUsize = AtomicUsize::new(0);
    struct Counted(usize, #[expect(dead_code, reason = "dropped with it")] Charge);
    impl Drop for Counted {
        fn drop(&mut self) {
            THERE.fetch_sub(self.0, Ordering::Relaxed);
        }
    }
    impl UserData for Counted {}
    let mut lua = limited();
    lua.register("make", |state: &mut State, bytes: usize| {
        let charge = state.charge(bytes)?;
        THERE.fetch_add(bytes, Ordering::Relaxed);
        Ok(Counted(bytes, charge))
    })
    .unwrap();
    for seed in 1..200 {
        lua.load(
            "local seed = ...
            local kept = {}
            for i = 1, 20 do
                seed = (seed * 16807) % 2147483647
                kept[seed % 7] = make(seed % 50000)
            end",
        )
        .call::<()>(seed)
        .unwrap();
        assert_eq!(lua.memory().charged, THERE.load(Ordering::Relaxed));
    }
    lua.close().unwrap();
    assert_eq!(THERE.load(Ordering::Relaxed), 0);
}

c_struct! {
    #[derive(Debug, PartialEq)]
    struct Rock { x: f64, y: f64 }
}

const ROCK: Rock = Rock { x: 1.0, y: 2.0 };

#[test]
fn shared_vectors_count_if_asked() {
    let mut lua = limited();
    let rocks = lua.share("rocks", vec![ROCK; 1000]).unwrap();
    assert_eq!(lua.memory().charged, 0);
    rocks.charge(&mut lua).unwrap();
    rocks.charge(&mut lua).unwrap();
    assert_eq!(lua.memory().charged, 16_000);
    rocks.push(&mut lua, ROCK).unwrap();
    assert_eq!(lua.memory().charged, 32_000);
    lua.run("assert(#rocks == 1001 and rocks[1000].y == 2)").unwrap();
    rocks.change(&mut lua, Vec::shrink_to_fit).unwrap();
    assert_eq!(lua.memory().charged, 16_016);
    rocks.resize(&mut lua, 10, ROCK).unwrap();
    assert_eq!(lua.memory().charged, 16_016);
    assert_eq!(rocks.take(&mut lua).unwrap().len(), 10);
    assert_eq!(lua.memory().charged, 0);
    // The next one in its place does not count by itself.
    let other = lua.share("rocks", vec![ROCK; 10]).unwrap();
    other.push(&mut lua, ROCK).unwrap();
    assert_eq!(lua.memory().charged, 0);
    check(&mut lua);
}

#[test]
fn shared_vectors_are_refused_before_they_grow() {
    let mut lua = limited();
    let rocks = lua.share("rocks", Vec::<Rock>::new()).unwrap();
    rocks.charge(&mut lua).unwrap();
    let result = (0..1_000_000).try_for_each(|_| rocks.push(&mut lua, ROCK));
    assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
    let length = rocks.len(&lua).unwrap();
    assert!(length * 16 > LIMIT * 3 / 4, "{length}");
    assert!(lua.memory().peak <= LIMIT && lua.memory().charged >= length * 16);
    lua.load("local n = ... assert(#rocks == n and rocks[n - 1].y == 2)").call::<()>(length).unwrap();
    assert!(matches!(rocks.resize(&mut lua, 1_000_000, ROCK), Err(Error::Memory(_))));
    assert!(matches!(rocks.resize(&mut lua, usize::MAX, ROCK), Err(Error::Memory(_))));
    assert_eq!(rocks.slice(&lua).unwrap(), vec![ROCK; length]);
    // To a size that has just room, and no spare.
    rocks.change(&mut lua, |rocks| *rocks = Vec::new()).unwrap();
    let most = (LIMIT - settled(&mut lua)) / 16 - 100;
    rocks.resize(&mut lua, most, ROCK).unwrap();
    // What the host does all the same is counted, and said.
    let result = rocks.change(&mut lua, |rocks| rocks.resize(1_000_000, ROCK));
    assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
    assert!(lua.memory().charged >= 16_000_000 && rocks.len(&lua).unwrap() == 1_000_000);
    rocks.change(&mut lua, |rocks| *rocks = vec![ROCK]).unwrap();
    assert_eq!(lua.memory().charged, 16);
    let other = lua.share("other", vec![ROCK; 1_000_000]).unwrap();
    assert_refused(other.charge(&mut lua), 16_000_000);
    other.push(&mut lua, ROCK).unwrap();
    assert_eq!(lua.memory().charged, 16);
    check(&mut lua);
}

/// Each allocation that can fail, a charge being one.
#[test]
fn it_fails_on_demand() {
    let mut lua = limited();
    lua.fail_allocation(1);
    let result = lua.charge(100);
    assert!(matches!(&result, Err(Error::Memory(short)) if short.limit().is_none() && short.needed() == 100), "{result:?}");
    assert_eq!(lua.memory().charged, 0);
    let charge = lua.charge(100).unwrap();
    assert_eq!(lua.memory().charged, 100);
    drop(charge);
    check(&mut lua);
}

/// A large request of the VM's own does not wait for what garbage holds: that is what the documentation says.
#[test]
fn a_large_request_may_come_before_the_garbage_is_gone() {
    let mut lua = with_images(limited());
    let script = "
        for i = 1, 8 do new_image(100000) end
        for i = 1, 3 do
            if pcall(string.rep, 'x', 950000) then return i end
            for j = 1, 100 do local t = { j } end
            collectgarbage()
        end";
    let tries: i32 = lua.load(script).eval().unwrap();
    assert!(tries <= 2, "{tries} on {}", if is_luajit() { "LuaJIT" } else { "Lua 5.4" });
}
