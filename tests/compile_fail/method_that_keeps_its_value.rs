//! A method's value is lent for the call.
use perilune::{Result, State, UserData, UserDataMethods};
use std::sync::Mutex;

static KEPT: Mutex<Option<&'static Gate>> = Mutex::new(None);

struct Gate;

impl UserData for Gate {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("keep", |_: &mut State, this: &Self, (): ()| -> Result<()> {
            *KEPT.lock().unwrap() = Some(this);
            Ok(())
        });
    }
}

fn main() {}
