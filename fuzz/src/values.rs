//! What programs give scripts, as the model has it.

use std::collections::BTreeMap;

use crate::model::Given;
use crate::program::{Fields, Given as AnyGiven, Key};

const EDGES: [f64; 20] = [
    0.0,
    -0.0,
    0.5,
    -1.0,
    127.0,
    128.0,
    -129.0,
    255.0,
    256.0,
    32767.0,
    32768.0,
    65536.0,
    2147483648.0,
    4294967295.0,
    4294967296.0,
    9007199254740992.0,
    -9007199254740992.0,
    1e300,
    f64::INFINITY,
    f64::NAN,
];

const NAMES: [&str; 20] = [
    "id", "hp", "secret", "pos", "home", "alive", "stance", "kills", "small", "word", "count", "big", "ubig", "tag", "grid", "x", "y",
    "value", "weight", "nothing",
];

pub fn given(value: &AnyGiven) -> Given {
    match value {
        AnyGiven::Nil => Given::Nil,
        AnyGiven::Boolean(value) => Given::Boolean(*value),
        AnyGiven::Near(number) => Given::Number(f64::from(*number) / 2.0, false),
        AnyGiven::Integer(number) => Given::Number((*number).into(), true),
        AnyGiven::Float(number) => Given::Number(*number, false),
        AnyGiven::Edge(which) => Given::Number(EDGES[usize::from(*which) % EDGES.len()], false),
        AnyGiven::Text(text) => Given::Text(text.to_vec()),
        AnyGiven::Long(length) => Given::Text(vec![b'l'; usize::from(*length) % 40]),
    }
}

pub fn key_of(key: &Key) -> Given {
    match key {
        Key::Index(index) => Given::Number((index % 8).into(), true),
        Key::Field(field) => Given::Text(name(*field)),
        Key::Any(given_key) => given(given_key),
    }
}

fn name(which: u8) -> Vec<u8> {
    NAMES[usize::from(which) % NAMES.len()].as_bytes().to_vec()
}

pub fn table(fields: &Fields) -> Given {
    let named = |all: &[(u8, AnyGiven)]| all.iter().map(|(field, value)| (name(*field), given(value))).collect::<BTreeMap<_, _>>();
    let mut all = named(&fields.scalars.0);
    if let Some(hp) = &fields.hp {
        all.insert(b"hp".to_vec(), Given::Sequence(hp.0.iter().map(given).collect()));
    }
    if let Some(pos) = &fields.pos {
        all.insert(b"pos".to_vec(), Given::Table(named(&pos.0)));
    }
    Given::Table(all)
}
