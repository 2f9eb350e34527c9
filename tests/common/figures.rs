//! Structs that lead to each other by pointers, for the tests of those.
#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use std::ffi::{CString, c_char};
use std::ptr::null_mut;

use perilune::{Result, State, Vouched, c_struct};

use crate::world::Vec2;

c_struct! {
    #[derive(Debug, PartialEq)]
    pub struct Gem {
        pub value: i32,
        #[read_only]
        pub id: i32,
        #[hidden]
        pub secret: i64,
        pub pos: Vec2,
        pub runes: [i16; 2],
        pub tag: [c_char; 8],
        #[unsafe(text(3 + 1))]
        pub label: *const c_char,
    }

    #[derive(Debug, PartialEq)]
    pub struct Pouch {
        #[unsafe(follow)]
        pub gem: *mut Gem,
        pub count: u8,
    }

    #[derive(Debug, PartialEq)]
    pub struct Figure {
        pub hp: i32,
        /// What it is called.
        #[unsafe(text(8))]
        pub name: *const c_char,
        #[unsafe(text(5))]
        pub titles: [*mut c_char; 2],
        #[unsafe(follow)]
        pub leader: *mut Figure,
        #[unsafe(follow)]
        pub idol: *const Figure,
        #[unsafe(follow)]
        pub gear: [*mut Gem; 3],
        #[unsafe(follow)]
        #[read_only]
        pub shown: *mut Gem,
        #[unsafe(follow)]
        #[hidden]
        pub private: *mut Gem,
        #[hidden]
        pub raw: *mut u8,
        pub inner: Gem,
        pub pouch: [Pouch; 2],
        pub ratio: f64,
    }
}

pub const NO_GEM: Gem = Gem { value: 0, id: 0, secret: 0, pos: Vec2 { x: 0.0, y: 0.0 }, runes: [0; 2], tag: [0; 8], label: null_mut() };

/// Everything in one place, which only pointers lead to while it is lent.
pub struct World {
    pub figures: *mut Figure,
    pub gems: *mut Gem,
    /// Bytes before either that nobody may touch.
    canaries: [usize; 2],
    _texts: Vec<CString>,
}

pub const COUNT: usize = 8;

impl World {
    pub fn new() -> Self {
        let texts = ["figure1", "abcdefg", "", "gem"].map(|text| CString::new(text).unwrap()).to_vec();
        let text = |at: usize| texts[at].as_ptr().cast_mut();
        let gem = |i: usize| Gem { value: 100 + i as i32, id: i as i32, secret: -7, label: text(3), ..NO_GEM };
        let (gems, before_gems) = before_a_guard(COUNT * size_of::<Gem>());
        let gems = gems.cast::<Gem>();
        let figure = |i: usize| Figure {
            hp: 10 + i as i32,
            name: if i == 1 { text(0) } else { null_mut() },
            titles: if i == 1 { [text(1), text(2)] } else { [null_mut(); 2] },
            leader: null_mut(),
            idol: null_mut(),
            gear: [if i == 7 { gems } else { null_mut() }, gems.wrapping_add(i), null_mut()],
            shown: gems.wrapping_add(i),
            private: gems,
            raw: gems.cast(),
            inner: NO_GEM,
            pouch: [Pouch { gem: null_mut(), count: 0 }, Pouch { gem: gems.wrapping_add(i), count: 1 }],
            ratio: 0.5,
        };
        let (figures, before_figures) = before_a_guard(COUNT * size_of::<Figure>());
        let figures = figures.cast::<Figure>();
        // SAFETY: as many as there is room for; pages end where either type may.
        (0..COUNT).for_each(|i| unsafe {
            gems.add(i).write(gem(i));
            figures.add(i).write(figure(i));
        });
        for i in 1..COUNT {
            let leader = figures.wrapping_add(if i == 7 { 7 } else { i - 1 });
            // SAFETY: just made.
            unsafe { ((*figures.add(i)).leader, (*figures.add(i)).idol) = (leader, leader) };
        }
        Self { figures, gems, canaries: [before_figures, before_gems], _texts: texts }
    }

    /// Scripts work on the figures in `work`.
    pub fn lend<R>(&mut self, lua: &mut State, work: impl FnOnce(&mut State) -> Result<R>) -> Result<R> {
        // SAFETY: of this world, and used by nobody else meanwhile.
        let loan = unsafe { Vouched::from_raw(self.figures, COUNT) };
        lua.lend("units", loan, work)
    }

    /// Nothing is changed but what scripts may change.
    pub fn check(&self) {
        for (start, bytes) in [(self.figures.cast::<u8>(), self.canaries[0]), (self.gems.cast(), self.canaries[1])] {
            // SAFETY: bytes before the memory.
            assert!((1..=bytes).all(|at| unsafe { start.sub(at).read() } == CANARY), "a canary was touched");
        }
        for i in 0..COUNT {
            let gem = self.gem(i);
            assert_eq!((gem.id, gem.secret, gem.label.is_null()), (i as i32, -7, false), "what scripts cannot write");
            // SAFETY: of this world.
            let figure = unsafe { self.figures.add(i).read() };
            let gems = figure.gear.into_iter().chain([figure.shown, figure.private, figure.pouch[0].gem, figure.pouch[1].gem]);
            assert!(gems.into_iter().all(|gem| gem.is_null() || self.is_gem(gem)), "a pointer to a gem");
            assert!([figure.leader, figure.idol.cast_mut()].iter().all(|it| it.is_null() || self.is_figure(*it)), "a pointer to a figure");
            assert_eq!((figure.raw, figure.inner.secret), (self.gems.cast(), 0), "what is hidden");
        }
    }

    fn is_gem(&self, gem: *mut Gem) -> bool {
        (0..COUNT).any(|i| self.gems.wrapping_add(i) == gem)
    }

    fn is_figure(&self, figure: *mut Figure) -> bool {
        (0..COUNT).any(|i| self.figures.wrapping_add(i) == figure)
    }

    pub fn gem(&self, i: usize) -> Gem {
        // SAFETY: of this world.
        unsafe { self.gems.add(i).read() }
    }
}

/// Memory of some bytes, whole pages of canaries before it, and a page behind it that nobody may
/// touch. It is never given back.
#[cfg(unix)]
pub fn before_a_guard(size: usize) -> (*mut u8, usize) {
    use std::ffi::{c_int, c_void};
    unsafe extern "C" {
        fn mmap(address: *mut c_void, length: usize, protection: c_int, flags: c_int, file: c_int, offset: isize) -> *mut c_void;
        fn mprotect(address: *mut c_void, length: usize, protection: c_int) -> c_int;
    }
    const PAGE: usize = 1 << 16;
    let private_and_anonymous = 2 | if cfg!(target_os = "linux") { 0x20 } else { 0x1000 };
    let bytes = (size + 1).next_multiple_of(PAGE);
    // SAFETY: new memory, of which all but the last page can be used.
    unsafe {
        let pages = mmap(null_mut(), bytes + PAGE, 0, private_and_anonymous, -1, 0).cast::<u8>();
        assert_ne!(pages.addr(), usize::MAX, "mmap");
        assert_eq!(mprotect(pages.cast(), bytes, 3), 0, "mprotect");
        pages.write_bytes(CANARY, bytes);
        (pages.add(bytes - size), bytes - size)
    }
}

#[cfg(not(unix))]
pub fn before_a_guard(size: usize) -> (*mut u8, usize) {
    (Box::into_raw(vec![CANARY; size].into_boxed_slice()).cast(), 0)
}

const CANARY: u8 = 0xA5;

/// Text right before a page that nobody may touch, without a NUL.
pub fn text_before_a_guard(text: &[u8]) -> *const c_char {
    let (start, _) = before_a_guard(text.len());
    // SAFETY: as many bytes as there are.
    unsafe { start.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    start.cast()
}
