//! The structs of the tests of views, and the paths on which scripts reach them.
#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use std::ffi::c_char;

use perilune::{Lua, ViewAccess, c_enum, c_struct};

use crate::common::{is_luajit, measurable};

c_enum! {
    #[derive(Debug, PartialEq, Default)]
    pub enum Stance: u8 {
        #[default]
        Idle = 0,
        Guard = 1,
        Attack = 7,
    }

    #[derive(Debug, PartialEq, Default)]
    pub enum Rank: i32 {
        #[default]
        Recruit = -1,
        Private = 0,
        Captain = 1,
    }
}

c_struct! {
    #[derive(Debug, PartialEq, Default)]
    pub struct Vec2 {
        pub x: f32,
        pub y: f32,
    }

    #[derive(Debug, PartialEq, Default)]
    pub struct Slot {
        #[read_only]
        pub id: i32,
        pub n: i16,
    }

    /// One of everything.
    #[derive(Debug, PartialEq, Default)]
    pub struct Soldier {
        /// Hit points: now, and at most.
        pub hp: [i32; 2],
        pub x: f32,
        pub y: f32,
        #[read_only]
        pub id: i32,
        #[hidden]
        pub secret: u64,
        pub tag: [c_char; 8],
        pub alive: bool,
        pub stance: Stance,
        pub rank: Rank,
        pub pos: Vec2,
        pub target: Vec2,
        #[read_only]
        pub home: Vec2,
        #[read_only]
        pub stats: [i32; 3],
        pub kills: u8,
        pub small: i8,
        pub word: i16,
        pub uword: u16,
        pub udword: u32,
        #[rename("kind")]
        pub r#type: i32,
        pub big: i64,
        pub ubig: u64,
        pub ratio: f64,
        pub slots: [Slot; 3],
        pub grid: [[i16; 3]; 2],
    }

    #[derive(Debug, PartialEq, Default)]
    pub struct Item {
        pub value: i32,
    }
}

pub fn army() -> Vec<Soldier> {
    let soldier = |i: u8| Soldier {
        id: 100 + i32::from(i),
        alive: true,
        secret: u64::from(i) + 1000,
        home: Vec2 { x: f32::from(i) / 2.0, y: 0.0 },
        stats: [0, 1, 2],
        big: -9_007_199_254_740_993,
        ubig: u64::MAX - 2,
        slots: [1, 2, 3].map(|id| Slot { id: id + 10 * i32::from(i), n: 0 }),
        ..Soldier::default()
    };
    let mut army: Vec<Soldier> = (0..10).map(soldier).collect();
    army[9].tag = b"brimfull".map(|byte| byte as c_char);
    army
}

/// The paths that this backend has.
pub fn paths() -> Vec<(ViewAccess, Lua)> {
    let mut all = vec![(ViewAccess::Accessors, measurable())];
    if is_luajit() {
        all.push((ViewAccess::Handles, Lua::new().unwrap()));
    }
    all
}
