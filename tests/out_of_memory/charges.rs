//! Memory of the host's that is charged.

use perilune::{Charge, Result, State, UserData};

use crate::operations::{Body, Op};

struct Payload(Charge);

impl UserData for Payload {}

/// What was charged is exactly what the operation still has, whether it succeeded or not.
fn charged(state: &mut State, work: impl FnOnce(&mut State, usize) -> Result<()>) -> Result<()> {
    state.gc_collect()?;
    let before = state.memory().charged;
    work(state, before)
}

pub const CHARGES: &[(&str, Op)] = &[
    ("charge", |lua, _| {
        charged(lua, |lua, before| {
            let charge = lua.charge(1000)?;
            assert_eq!((charge.bytes(), lua.memory().charged), (1000, before + 1000));
            drop(charge);
            assert_eq!(lua.memory().charged, before);
            Ok(())
        })
    }),
    ("resize", |lua, _| {
        charged(lua, |lua, before| {
            let mut charge = lua.charge(1000)?;
            let result = charge.resize(lua, 5000);
            let bytes = if result.is_ok() { 5000 } else { 1000 };
            assert_eq!((charge.bytes(), lua.memory().charged), (bytes, before + bytes));
            charge.resize(lua, 0)?;
            assert_eq!(lua.memory().charged, before);
            result
        })
    }),
    ("a userdata with a charge", |lua, _| {
        let charge = lua.charge(3000)?;
        let userdata = lua.create_userdata(Payload(charge))?;
        assert_eq!(userdata.borrow::<Payload>(lua)?.0.bytes(), 3000);
        Ok(())
    }),
    ("a shared vector that counts", |lua, _| {
        let bodies = lua.share("charged.bodies", vec![Body::default()])?;
        let result = bodies.charge(lua).and_then(|()| {
            let before = bodies.len(lua)?;
            let pushed = bodies.push(lua, Body::default());
            assert_eq!(bodies.len(lua)?, before + usize::from(pushed.is_ok()));
            pushed.and_then(|()| bodies.resize(lua, 100, Body::default()))
        });
        let length = bodies.take(lua)?.len();
        result.map(|()| assert_eq!(length, 100))
    }),
];
