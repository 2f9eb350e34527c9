//! Promise: a value that the VM holds is dropped exactly once, whoever ends it: the
//! collector, the host, a script's `<close>`, or the VM's own end. Using it afterwards
//! is an error, also in a finalizer, and a panic in `Drop` waits for the next call.

mod common;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{check, height, is_luajit, measurable, quietly, settled, stops_growing};
use perilune::{AnyUserData, Error, Libs, Lua, Result, State, Table, UserData, UserDataError, UserDataFields, UserDataMethods, Value};

/// Counts drops.
#[derive(Clone, Default)]
struct Drops(Arc<AtomicUsize>);

impl Drops {
    fn one(&self) -> Once {
        Once { drops: Arc::clone(&self.0), panics: false }
    }

    fn one_that_panics(&self) -> Once {
        Once { drops: Arc::clone(&self.0), panics: true }
    }

    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// Something that is to be dropped once.
struct Once {
    drops: Arc<AtomicUsize>,
    panics: bool,
}

impl Drop for Once {
    fn drop(&mut self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
        assert!(!self.panics, "a panic in Drop");
    }
}

impl UserData for Once {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("drops", |_, this| Ok(this.drops.load(Ordering::Relaxed)));
        fields.add_field_method_set("drops", |_, this, n| {
            this.drops.store(n, Ordering::Relaxed);
            Ok(())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("use", |_: &mut State, this: &Self, (): ()| Ok(this.drops.load(Ordering::Relaxed)));
        methods.add_method("during", |state: &mut State, _: &Self, work: perilune::Function| work.call::<Value>(state, ()));
    }
}

fn dropped<T: std::fmt::Debug>(result: Result<T>) {
    let error = result.unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&UserDataError::Dropped), "{error}");
    assert!(error.to_string().contains("it has been dropped"), "{error}");
}

#[test]
fn by_the_collector() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    lua.set("u", drops.one()).unwrap();
    settled(&mut lua);
    assert_eq!(drops.take(), 0);
    lua.run("u = nil").unwrap();
    settled(&mut lua);
    assert_eq!(drops.take(), 1);
    let handle = lua.create_userdata(drops.one()).unwrap();
    settled(&mut lua);
    assert_eq!(drops.take(), 0, "a handle keeps it");
    drop(handle);
    settled(&mut lua);
    assert_eq!(drops.take(), 1);
    lua.close().unwrap();
    assert_eq!(drops.take(), 0);
}

#[test]
fn by_the_end_of_the_vm() {
    let drops = Drops::default();
    for close in [|lua: Lua| lua.close().unwrap(), |lua: Lua| drop(lua)] {
        let mut lua = Lua::new().unwrap();
        lua.set("u", drops.one()).unwrap();
        let handle = lua.create_any_userdata(drops.one()).unwrap();
        lua.run("local v = u u = nil coroutine.wrap(function() local w = v coroutine.yield() return w end)()").unwrap();
        close(lua);
        assert_eq!(drops.take(), 2);
        drop(handle);
        assert_eq!(drops.take(), 0);
    }
}

#[test]
fn by_whoever_takes_it() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    let handle = lua.create_userdata(drops.one()).unwrap();
    lua.set("u", &handle).unwrap();
    let value = handle.take::<Once>(&mut lua).unwrap();
    assert_eq!(drops.take(), 0);
    drop(value);
    assert_eq!(drops.take(), 1);
    dropped(handle.take::<Once>(&mut lua).map(drop));
    dropped(handle.borrow::<Once>(&lua).map(drop));
    dropped(handle.borrow_mut::<Once>(&mut lua).map(drop));
    for script in ["u:use()", "u.drops = 1", "return u.drops", "u:during(print)"] {
        dropped(lua.run(script));
    }
    handle.destroy(&mut lua).unwrap();
    assert!(handle.is::<Once>(&lua));
    lua.run("assert(tostring(u):find('^Once: ') and getmetatable(u) == false)").unwrap();
    check(&mut lua);
    lua.close().unwrap();
    assert_eq!(drops.take(), 0);
}

#[test]
fn by_being_destroyed() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    let handle = lua.create_userdata(drops.one()).unwrap();
    handle.destroy(&mut lua).unwrap();
    assert_eq!(drops.take(), 1);
    handle.destroy(&mut lua).unwrap();
    lua.set("u", &handle).unwrap();
    dropped(lua.run("u:use()"));
    lua.close().unwrap();
    assert_eq!(drops.take(), 0);
}

#[test]
fn by_the_end_of_a_block() {
    if is_luajit() {
        return;
    }
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    let counter = drops.clone();
    lua.register("make", move |_: &mut State, (): ()| Ok(counter.one())).unwrap();
    lua.run("do local u <close> = make() assert(u:use() == 0) end").unwrap();
    assert_eq!(drops.take(), 1);
    assert!(lua.run("local u <close> = make() error('x')").is_err());
    assert_eq!(drops.take(), 1);
    lua.run("local kept do local u <close> = make() kept = u end assert(not pcall(kept.use, kept))").unwrap();
    assert_eq!(drops.take(), 1);
    // While a method runs the value has to stay.
    let error = lua.run("local u = make() u:during(function() local v <close> = u end)").unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&UserDataError::Borrowed));
    settled(&mut lua);
    assert_eq!(drops.take(), 1);
    check(&mut lua);
}

#[test]
fn when_it_cannot_be_made() {
    let drops = Drops::default();
    for n in 1..1000 {
        let mut lua = measurable();
        lua.fail_allocations(n..u64::MAX);
        let before = lua.memory().allocations;
        let result = lua.create_userdata(drops.one()).map(drop);
        let made = lua.memory().allocations - before;
        lua.fail_allocation(0);
        settled(&mut lua);
        assert_eq!(drops.take(), 1, "allocation {n}");
        check(&mut lua);
        if made < n {
            return result.unwrap();
        }
        assert!(matches!(result, Err(Error::Memory(_))), "{result:?}");
    }
    panic!("never made");
}

#[test]
fn a_panic_in_drop_waits_for_the_next_call() {
    quietly(|| {
        let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
        lua.set("u", drops.one_that_panics()).unwrap();
        lua.run("u = nil").unwrap();
        let Err(Error::Panic(panic)) = lua.gc_collect().and_then(|()| lua.gc_collect()) else { panic!("no panic") };
        assert_eq!(panic.message(), "a panic in Drop");
        assert_eq!(drops.take(), 1);
        check(&mut lua);

        let handle = lua.create_userdata(drops.one_that_panics()).unwrap();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| handle.destroy(&mut lua)));
        assert!(caught.is_err());
        handle.destroy(&mut lua).unwrap();
        assert_eq!(drops.take(), 1);
        check(&mut lua);

        lua.set("u", drops.one_that_panics()).unwrap();
        assert!(matches!(lua.close(), Err(Error::Panic(_))));
        assert_eq!(drops.take(), 1);
    });
}

#[test]
fn a_panic_in_drop_at_the_end_of_a_block_is_an_error_there() {
    if is_luajit() {
        return;
    }
    quietly(|| {
        let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
        lua.set("u", drops.one_that_panics()).unwrap();
        assert!(matches!(lua.run("local v <close> = u"), Err(Error::Panic(_))));
        assert_eq!(drops.take(), 1);
        check(&mut lua);
    });
}

/// A finalizer of a script's own may run after the value's.
#[test]
fn finalizers_find_it_whole_or_dropped() {
    // SAFETY: only the scripts below run there.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::UNCHECKED) }.build().unwrap();
    let drops = Drops::default();
    lua.set("u", drops.one()).unwrap();
    let script = if is_luajit() {
        "local p = newproxy(true) getmetatable(p).__gc = function() seen = { pcall(u.use, u) } end held = p"
    } else {
        "held = setmetatable({}, { __gc = function() seen = { pcall(u.use, u) } end })"
    };
    for order in [script.to_owned(), format!("{script} u2, u = u, u")] {
        lua.set("u", drops.one()).unwrap();
        lua.run(&order).unwrap();
        lua.run("held = nil collectgarbage() collectgarbage() assert(type(seen[1]) == 'boolean')").unwrap();
    }
    // At the end of the VM all finalizers run, in an order that is the VM's own.
    lua.run(script).unwrap();
    lua.close().unwrap();
    assert_eq!(drops.take(), 3);
}

/// Values with a reference to their own userdata: gone, though each leads to the other.
#[test]
fn cycles_through_user_values_are_collected() {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    for _ in 0..10 {
        let (a, b) = (lua.create_userdata(drops.one()).unwrap(), lua.create_userdata(drops.one()).unwrap());
        a.set_user_value(&mut lua, &b).unwrap();
        b.set_named_user_value(&mut lua, "other", &a).unwrap();
        let table: Table = lua.load("local u = ... return { u }").call(&a).unwrap();
        a.set_nth_user_value(&mut lua, 2, table).unwrap();
    }
    settled(&mut lua);
    assert_eq!(drops.take(), 20);
}

#[test]
fn what_it_holds_of_its_own_vm_goes_with_it() {
    struct Holder(#[allow(dead_code, reason = "held, not used")] Vec<AnyUserData>, #[allow(dead_code, reason = "held")] Once);
    impl UserData for Holder {}
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    let held = vec![lua.create_userdata(drops.one()).unwrap()];
    let holder = lua.create_userdata(Holder(held, drops.one())).unwrap();
    drop(holder);
    settled(&mut lua);
    settled(&mut lua);
    assert_eq!(drops.take(), 2);
    let held = vec![lua.create_userdata(drops.one()).unwrap()];
    lua.set("u", Holder(held, drops.one())).unwrap();
    lua.close().unwrap();
    assert_eq!(drops.take(), 2);
}

macro_rules! aligned {
    ($($Name:ident $align:literal)*) => {$(
        #[repr(align($align))]
        struct $Name(#[allow(dead_code, reason = "held, not used")] u8, #[allow(dead_code, reason = "held, not used")] Once);
        impl UserData for $Name {}
    )*};
}
aligned! { A1 1 A16 16 A64 64 A4096 4096 }

fn is_aligned<T: UserData>(make: impl Fn(Once) -> T) {
    let (mut lua, drops) = (Lua::new().unwrap(), Drops::default());
    for round in 0..40 {
        let handle = lua.create_userdata(make(drops.one())).unwrap();
        let value: *const T = handle.borrow::<T>(&lua).unwrap();
        assert_eq!(value.addr() % align_of::<T>(), 0);
        if round % 2 == 0 {
            drop(handle.take::<T>(&mut lua).unwrap());
        }
    }
    lua.close().unwrap();
    assert_eq!(drops.take(), 40);
}

#[test]
fn whatever_its_alignment_and_size() {
    is_aligned(|once| A1(1, once));
    is_aligned(|once| A16(1, once));
    is_aligned(|once| A64(1, once));
    is_aligned(|once| A4096(1, once));
    let mut lua = Lua::new().unwrap();
    let empty = lua.create_any_userdata(()).unwrap();
    assert_eq!(empty.borrow::<()>(&lua).unwrap(), &());
    let large = lua.create_any_userdata([7_u8; 50_000]).unwrap();
    assert_eq!(large.borrow::<[u8; 50_000]>(&lua).unwrap()[49_999], 7);
    let before = lua.memory().used;
    drop((empty, large));
    // On Lua 5.4 the stack that a finalizer had is some slots larger afterwards.
    assert!(settled(&mut lua) + 49_000 <= before, "the value's memory is the VM's");
}

#[test]
fn a_million_of_them_leave_nothing() {
    let (mut lua, drops) = (measurable(), Drops::default());
    let top = height(&mut lua);
    let counter = drops.clone();
    lua.register("make", move |_: &mut State, (): ()| Ok(counter.one())).unwrap();
    stops_growing(&mut lua, "userdata", |lua| {
        lua.run("for i = 1, 300000 do local u = make() assert(u:use() >= 0) end").unwrap();
        (0..200_000).for_each(|_| drop(lua.create_userdata(drops.one()).unwrap()));
        settled(lua);
        assert_eq!(drops.take(), 500_000);
    });
    assert!(lua.memory().peak < 64 << 20, "{:?}", lua.memory());
    assert_eq!(height(&mut lua), top);
}

/// What is not `Send` cannot be given to a VM; what is can be dropped on another thread.
#[test]
fn on_whatever_thread_the_vm_ends() {
    let drops = Drops::default();
    let mut lua = Lua::new().unwrap();
    lua.set("u", drops.one()).unwrap();
    std::thread::spawn(move || lua.close().unwrap()).join().unwrap();
    assert_eq!(drops.take(), 1);
}

/// The value of a scope may be anything, and goes with it.
#[test]
fn with_its_scope() {
    struct Local<'a>(Rc<Cell<i32>>, &'a Cell<i32>);
    impl Drop for Local<'_> {
        fn drop(&mut self) {
            self.1.set(self.1.get() + self.0.get());
        }
    }
    let (sum, count) = (Cell::new(0), Rc::new(Cell::new(1)));
    let mut lua = Lua::new().unwrap();
    for kept in ["kept = u", "kept = nil", "u = nil collectgarbage() collectgarbage()"] {
        sum.set(0);
        lua.scope(|lua, scope| {
            let local = scope.create_any_userdata(lua, Local(Rc::clone(&count), &sum), |_| ())?;
            lua.set("u", local)?;
            lua.run(kept)?;
            settled(lua);
            assert_eq!(sum.get(), 0);
            Ok(())
        })
        .unwrap();
        assert_eq!(sum.get(), 1, "{kept}");
        settled(&mut lua);
        assert_eq!(sum.get(), 1);
    }
    assert_eq!(Rc::strong_count(&count), 1);
}
