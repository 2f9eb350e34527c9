//! The structs, written down twice: for perilune, and by hand for the model.

use std::ffi::c_char;
use std::mem::offset_of;

use perilune::{c_enum, c_struct};

c_enum! {
    #[derive(Debug)]
    pub enum Stance: u8 { Idle = 0, Guard = 1, Attack = 7 }
}

c_struct! {
    #[derive(Debug)]
    pub struct Pos {
        pub x: f32,
        pub y: f64,
    }

    #[derive(Debug)]
    pub struct Soldier {
        #[read_only]
        pub id: i32,
        pub hp: [i16; 3],
        #[hidden]
        pub secret: u32,
        pub pos: Pos,
        #[read_only]
        pub home: Pos,
        pub alive: bool,
        pub stance: Stance,
        pub kills: u8,
        pub small: i8,
        pub word: u16,
        pub count: u32,
        pub big: i64,
        pub ubig: u64,
        pub tag: [c_char; 6],
        pub grid: [[u8; 2]; 2],
        pub x: f32,
    }

    #[derive(Debug)]
    pub struct Item {
        pub value: i32,
        pub weight: f64,
    }
}

impl Soldier {
    pub const NEW: Self = Self {
        id: 5,
        hp: [1, 2, 3],
        secret: 0xfeed,
        pos: Pos { x: 0.5, y: 0.25 },
        home: Pos { x: 1.0, y: 2.0 },
        alive: true,
        stance: Stance::Guard,
        kills: 200,
        small: -3,
        word: 60_000,
        count: 4_000_000_000,
        big: -9_007_199_254_740_993,
        ubig: 9_007_199_254_740_993,
        tag: [b'f' as c_char; 6],
        grid: [[1, 2], [3, 4]],
        x: 7.5,
    };
}

impl Item {
    pub const NEW: Self = Self { value: 9, weight: 1.5 };
}

#[derive(Debug, PartialEq)]
pub enum Kind {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Bool,
    Stance,
    Text(usize),
    Array(&'static Kind, usize),
    Struct(&'static Shape),
}

#[derive(Debug, PartialEq)]
pub struct Shape {
    pub name: &'static str,
    pub size: usize,
    pub fields: &'static [Field],
}

#[derive(Debug, PartialEq)]
pub struct Field {
    pub name: &'static str,
    pub offset: usize,
    pub kind: Kind,
    pub read_only: bool,
    pub hidden: bool,
}

macro_rules! fields {
    ($Name:ident: $($field:ident $kind:expr, $read_only:literal, $hidden:literal;)*) => {
        &[$(Field {
            name: stringify!($field), offset: offset_of!($Name, $field), kind: $kind, read_only: $read_only, hidden: $hidden,
        }),*]
    };
}

pub static POS: Shape =
    Shape { name: "Pos", size: size_of::<Pos>(), fields: fields! { Pos: x Kind::F32, false, false; y Kind::F64, false, false; } };

pub static SOLDIER: Shape = Shape {
    name: "Soldier",
    size: size_of::<Soldier>(),
    fields: fields! { Soldier:
        id Kind::I32, true, false;
        hp Kind::Array(&Kind::I16, 3), false, false;
        secret Kind::U32, false, true;
        pos Kind::Struct(&POS), false, false;
        home Kind::Struct(&POS), true, false;
        alive Kind::Bool, false, false;
        stance Kind::Stance, false, false;
        kills Kind::U8, false, false;
        small Kind::I8, false, false;
        word Kind::U16, false, false;
        count Kind::U32, false, false;
        big Kind::I64, false, false;
        ubig Kind::U64, false, false;
        tag Kind::Text(6), false, false;
        grid Kind::Array(&Kind::Array(&Kind::U8, 2), 2), false, false;
        x Kind::F32, false, false;
    },
};

pub static ITEM: Shape = Shape {
    name: "Item",
    size: size_of::<Item>(),
    fields: fields! { Item: value Kind::I32, false, false; weight Kind::F64, false, false; },
};

/// A single value in an element.
#[derive(Debug, Clone)]
pub struct Leaf {
    pub name: String,
    pub offset: usize,
    pub kind: &'static Kind,
    pub read_only: bool,
    pub hidden: bool,
}

impl Kind {
    pub fn size(&self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Bool | Self::Stance => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::Text(size) => *size,
            Self::Array(element, count) => element.size() * count,
            Self::Struct(shape) => shape.size,
        }
    }

    pub fn is_place(&self) -> bool {
        matches!(self, Self::Array(..) | Self::Struct(_))
    }

    fn add_leaves(&'static self, all: &mut Vec<Leaf>, at: Leaf) {
        match self {
            Self::Array(element, count) => (0..*count).for_each(|index| {
                let item =
                    Leaf { name: format!("{}[{index}]", at.name), offset: at.offset + index * element.size(), kind: element, ..at.clone() };
                element.add_leaves(all, item);
            }),
            Self::Struct(shape) => shape.fields.iter().for_each(|field| {
                let dot = if at.name.is_empty() { "" } else { "." };
                let inner = Leaf {
                    name: format!("{}{dot}{}", at.name, field.name),
                    offset: at.offset + field.offset,
                    kind: &field.kind,
                    read_only: at.read_only || field.read_only,
                    hidden: at.hidden || field.hidden,
                };
                field.kind.add_leaves(all, inner);
            }),
            _ => all.push(at),
        }
    }
}

impl Shape {
    /// Every single value in such an element, hidden ones too.
    pub fn leaves(&'static self) -> Vec<Leaf> {
        let mut all = Vec::new();
        for field in self.fields {
            let leaf = Leaf {
                name: field.name.to_owned(),
                offset: field.offset,
                kind: &field.kind,
                read_only: field.read_only,
                hidden: field.hidden,
            };
            field.kind.add_leaves(&mut all, leaf);
        }
        all
    }

    pub fn field(&self, name: &[u8]) -> Option<&Field> {
        self.fields.iter().find(|field| !field.hidden && field.name.as_bytes() == name)
    }
}
