//! Runs a program, step by step, by a VM and by the model.

use std::fmt::Debug;
use std::slice::Iter;
use std::sync::{Arc, Mutex};

use perilune::{Backend, Function, Libs, Lua, MultiValue, Result, State, Table, Value};

use crate::loans::{AnyShared, resize};
use crate::model::{Given, Held, Model, Outcome, RANGE, REVOKED, Scalar};
use crate::program::{Given as AnyGiven, Key, Program, Step};
use crate::values::{given, key_of, table};
use crate::world::{Item, Kind, Leaf, SOLDIER, Soldier, Stance};

/// What a script can hold at once.
pub const HELD: usize = 8;

/// Steps that a program may take, and loans inside of each other.
const MOST_STEPS: usize = 400;
pub const MOST_LOANS: usize = 5;

/// Elements that a loan can have.
pub const MOST_ELEMENTS: usize = 9;

type AllShared = Arc<Mutex<Vec<(AnyShared, usize)>>>;

pub struct Runner {
    pub model: Model,
    pub held: Vec<Held>,
    pub steps: Table,
    pub hot: usize,
    pub shared: AllShared,
    pub taken: usize,
    pub depth: usize,
    pub counts: Counts,
}

/// What a program came to.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// Steps of scripts that went well.
    pub done: usize,
    /// Those that were refused.
    pub refused: usize,
}

/// Runs a program by a VM and by the model.
///
/// # Panics
/// If they do not agree.
pub fn run(program: &Program) -> Counts {
    let mut lua = open(program.interpreted);
    let shared = AllShared::default();
    let host = host(&mut lua, &shared).expect("functions of the host");
    let (steps, hot) = lua.load(include_str!("driver.lua")).name("driver").call((&host,)).expect("the driver");
    let model = Model { loans: Vec::new(), is_luajit: Backend::current().has_jit };
    let mut runner = Runner { model, held: vec![Held::Nothing; HELD], steps, hot, shared, taken: 0, depth: 0, counts: Counts::default() };
    let mut steps = program.steps.iter();
    while steps.len() > 0 {
        runner.run(&mut lua, &mut steps).expect("nothing fails but what scripts do");
    }
    runner.compare_shared(&lua);
    lua.close().expect("a VM that can be closed");
    runner.counts
}

fn open(interpreted: bool) -> Lua {
    if !interpreted || !Backend::current().has_jit {
        return Lua::new().expect("a VM");
    }
    // SAFETY: only the line below uses the library.
    let mut lua = unsafe { Lua::builder().unsafe_libs(Libs::JIT_UNSAFE) }.build().expect("a VM");
    lua.run("jit.off() jit = nil").expect("a compiler to turn off");
    lua
}

fn host(lua: &mut Lua, shared: &AllShared) -> Result<Table> {
    let host = lua.create_table()?;
    let all = Arc::clone(shared);
    let resize = lua.create_function(move |state: &mut State, (which, count): (usize, usize)| {
        let vector = all.lock().expect("no panic before")[which].0.clone();
        resize(state, &vector, count)
    })?;
    host.set(lua, "resize", resize)?;
    lua.register_elem("change", |unit: &mut Soldier, value: i16| {
        unit.hp[0] = value;
        unit.stance = Stance::Attack;
        unit.secret = unit.secret.wrapping_add(1);
        Ok(unit.hp[1])
    })?;
    let change: Function = lua.get("change")?;
    host.set(lua, "change", change)?;
    Ok(host)
}

impl Runner {
    /// Takes steps up to the end of the loan.
    pub fn run(&mut self, state: &mut State, steps: &mut Iter<'_, Step>) -> Result<()> {
        while let Some(step) = steps.next() {
            self.taken += 1;
            match step {
                Step::End => return Ok(()),
                _ if self.taken > MOST_STEPS => {}
                step => self.step(state, step, steps)?,
            }
        }
        Ok(())
    }

    fn step(&mut self, state: &mut State, step: &Step, rest: &mut Iter<'_, Step>) -> Result<()> {
        match step {
            Step::End => Ok(()),
            Step::View { to, loan } => self.view(state, at(*to), *loan),
            Step::Get { to, of, key, hot } => self.get(state, at(*to), *of, key, *hot),
            Step::Set { of, key, value, hot } => self.set(state, *of, key, &given(value), *hot),
            Step::SetFields { of, key, fields } => self.set(state, *of, key, &table(fields), false),
            Step::Copy { of, key, from } => self.copy(state, *of, key, *from),
            Step::Column { to, of, leaf } => self.choose(state, "column", at(*to), *of, &[*leaf]),
            Step::Getter { to, of, leaves } => self.choose(state, "getter", at(*to), *of, &leaves.0),
            Step::Setter { to, of, leaves } => self.choose(state, "setter", at(*to), *of, &leaves.0),
            Step::CallGetter { of, key, hot } => self.call_getter(state, *of, key, *hot),
            Step::CallSetter { of, key, values, hot } => self.call_setter(state, *of, key, &values.0, *hot),
            Step::Length { of } => self.length(state, *of),
            Step::Each { of } => self.each(state, *of),
            Step::Change { of, value } => self.change(state, *of, *value),
            Step::Lend { items: false, count, is_writable } => self.lend::<Soldier>(state, *count, *is_writable, rest),
            Step::Lend { items: true, count, is_writable } => self.lend::<Item>(state, *count, *is_writable, rest),
            Step::Share { items, count } => self.share(state, *items, count_of(*count)),
            Step::Resize { shared, count } => self.resize(state, *shared, count_of(*count)),
            Step::Remove { shared, index } => self.remove(state, *shared, usize::from(*index) % MOST_ELEMENTS),
            Step::Take { shared } => self.take(state, *shared),
            Step::Loop { of, shared, at: turn, count } => self.count_up(state, *of, *shared, usize::from(*turn) % 120, count_of(*count)),
        }
    }

    /// One of the places where there is such a thing.
    fn pick(&self, of: u8, is: impl Fn(&Held) -> bool) -> Option<usize> {
        let all: Vec<usize> = (0..HELD).filter(|&at| is(&self.held[at])).collect();
        Some(all[usize::from(of).checked_rem(all.len())?])
    }

    pub fn pick_view(&self, of: u8) -> Option<(usize, usize)> {
        let of = self.pick(of, |held| matches!(held, Held::View(_)))?;
        let Held::View(loan) = self.held[of] else { return None };
        Some((of, loan))
    }

    /// Calls a step of the driver.
    pub fn call(&mut self, state: &mut State, name: &str, arguments: Vec<Value>) -> Result<std::result::Result<Vec<Value>, String>> {
        let step: Function = self.steps.get(state, name)?;
        let mut results = step.call::<MultiValue>(state, arguments.into_iter().collect::<MultiValue>())?.into_iter();
        if let Some(Value::Boolean(true)) = results.next() {
            self.counts.done += 1;
            return Ok(Ok(results.collect()));
        }
        self.counts.refused += 1;
        Ok(Err(results.next().unwrap_or(Value::Nil).to_text(state)?))
    }

    /// Both have to have the same result, or the same error.
    pub fn agree<T>(&self, step: &str, got: std::result::Result<Vec<Value>, String>, expected: Outcome<T>) -> Option<(Vec<Value>, T)> {
        match (got, expected) {
            (Ok(values), Ok(expected)) => Some((values, expected)),
            (Err(message), Err(part)) if message.contains(part) => None,
            (got, expected) => panic!("{step}: got {got:?}, expected {:?}", expected.err()),
        }
    }

    fn agree_on(
        &self,
        state: &mut State,
        step: &str,
        got: std::result::Result<Vec<Value>, String>,
        expected: Outcome<Vec<Scalar>>,
    ) -> Result<()> {
        let Some((values, expected)) = self.agree(step, got, expected) else { return Ok(()) };
        assert_eq!(values.len(), expected.len(), "{step}");
        for (value, expected) in values.iter().zip(&expected) {
            assert!(self.is_same(state, value, expected)?, "{step}: got {value:?}, expected {expected:?}");
        }
        Ok(())
    }

    fn is_same(&self, state: &mut State, value: &Value, expected: &Scalar) -> Result<bool> {
        Ok(match (value, expected) {
            (Value::Number(number), Scalar::Number(expected)) => number == expected || number.is_nan() && expected.is_nan(),
            (Value::Integer(number), Scalar::Number(expected)) => *number as f64 == *expected,
            (Value::Integer(number), Scalar::Signed(expected)) => number == expected,
            (Value::Integer(number), Scalar::Unsigned(expected)) => *number as u64 == *expected,
            (Value::Boolean(value), Scalar::Boolean(expected)) => value == expected,
            (Value::String(_), Scalar::Text(expected)) => bytes(state, value)? == *expected,
            (Value::String(_), Scalar::Signed(expected)) => bytes(state, value)? == format!("{expected}LL").into_bytes(),
            (Value::String(_), Scalar::Unsigned(expected)) => bytes(state, value)? == format!("{expected}ULL").into_bytes(),
            _ => false,
        })
    }

    fn view(&mut self, state: &mut State, to: usize, loan: u8) -> Result<()> {
        let alive: Vec<usize> = (0..self.model.loans.len()).filter(|&loan| self.model.loans[loan].is_alive).collect();
        if alive.is_empty() {
            return Ok(());
        }
        self.hold(state, to, alive[usize::from(loan) % alive.len()])
    }

    pub fn hold(&mut self, state: &mut State, to: usize, loan: usize) -> Result<()> {
        let shared = self.shared.lock().expect("no panic before").iter().find(|(_, of)| *of == loan).cloned();
        let view: Value = match shared {
            Some((AnyShared::Soldiers(all), _)) => all.view(state)?,
            Some((AnyShared::Items(all), _)) => all.view(state)?,
            None => state.get(&format!("v{loan}"))?,
        };
        self.call(state, "hold", vec![number(to), view])?.expect("a view that is held");
        self.held[to] = Held::View(loan);
        // An element of it, to begin with.
        let key = Given::Number(0.0, true);
        if let Ok((element, _)) = self.model.get(&self.held[to], &key) {
            let beside = (to + 1) % HELD;
            let arguments = vec![number(beside), number(to), number(0), number(1)];
            self.call(state, "get", arguments)?.expect("an element that is there");
            self.held[beside] = element;
        }
        Ok(())
    }

    fn get(&mut self, state: &mut State, to: usize, of: u8, key: &Key, hot: bool) -> Result<()> {
        let Some(of) = self.pick(of, can_index) else { return Ok(()) };
        let key = key_of(key);
        let arguments = vec![number(to), number(of), self.value(state, &key)?, self.times(hot)];
        let (got, expected) = (self.call(state, "get", arguments)?, self.model.get(&self.held[of], &key));
        let step = format!("get {key:?} of {:?}", self.held[of]);
        if let Some((values, (held, scalar))) = self.agree(&step, got, expected) {
            if let Some(expected) = scalar {
                assert!(self.is_same(state, &values[0], &expected)?, "{step}: got {values:?}, expected {expected:?}");
            }
            self.held[to] = held;
        }
        Ok(())
    }

    fn set(&mut self, state: &mut State, of: u8, key: &Key, value: &Given, hot: bool) -> Result<()> {
        let Some(of) = self.pick(of, can_index) else { return Ok(()) };
        let key = key_of(key);
        let arguments = vec![number(of), self.value(state, &key)?, self.value(state, value)?, self.times(hot)];
        let got = self.call(state, "set", arguments)?;
        let expected = self.model.set(&self.held[of], &key, value);
        self.agree(&format!("set {key:?} of {:?} to {value:?}", self.held[of]), got, expected);
        Ok(())
    }

    fn copy(&mut self, state: &mut State, of: u8, key: &Key, from: u8) -> Result<()> {
        let (Some(of), Some(from)) = (self.pick(of, can_index), self.pick(from, is_something)) else { return Ok(()) };
        let key = key_of(key);
        let arguments = vec![number(of), self.value(state, &key)?, number(from)];
        let got = self.call(state, "copy", arguments)?;
        let part = self.model.part(&self.held[from]);
        let expected = self.model.set(&self.held[of], &key, &part);
        self.agree(&format!("copy {:?} to {key:?} of {:?}", self.held[from], self.held[of]), got, expected);
        Ok(())
    }

    fn choose(&mut self, state: &mut State, what: &str, to: usize, of: u8, leaves: &[u8]) -> Result<()> {
        let Some((of, loan)) = self.pick_view(of) else { return Ok(()) };
        let all = self.model.loans[loan].shape.leaves();
        let chosen: Vec<Leaf> = leaves.iter().map(|leaf| all[usize::from(*leaf) % all.len()].clone()).collect();
        if chosen.is_empty() {
            return Ok(());
        }
        let mut arguments = vec![number(to), number(of)];
        for leaf in &chosen {
            arguments.push(Value::String(state.create_string(&leaf.name)?));
        }
        let (got, expected) = (self.call(state, what, arguments)?, self.model.chosen(loan, &chosen, what == "setter"));
        if self.agree(&format!("{what} {chosen:?}"), got, expected).is_some() {
            self.held[to] = match what {
                "column" => Held::Column(loan, chosen[0].clone()),
                "getter" => Held::Getter(loan, chosen),
                _ => Held::Setter(loan, chosen),
            };
        }
        Ok(())
    }

    fn call_getter(&mut self, state: &mut State, of: u8, key: &Key, hot: bool) -> Result<()> {
        let Some(of) = self.pick(of, |held| matches!(held, Held::Getter(..))) else { return Ok(()) };
        let Held::Getter(loan, leaves) = self.held[of].clone() else { return Ok(()) };
        let key = key_of(key);
        let arguments = vec![number(of), self.value(state, &key)?, self.times(hot)];
        let got = self.call(state, "call_getter", arguments)?;
        let expected = self.model.call_getter(loan, &leaves, &key);
        self.agree_on(state, &format!("getter of {leaves:?} at {key:?}"), got, expected)
    }

    fn call_setter(&mut self, state: &mut State, of: u8, key: &Key, values: &[AnyGiven], hot: bool) -> Result<()> {
        let Some(of) = self.pick(of, |held| matches!(held, Held::Setter(..))) else { return Ok(()) };
        let Held::Setter(loan, leaves) = self.held[of].clone() else { return Ok(()) };
        let (key, values): (_, Vec<Given>) = (key_of(key), values.iter().map(given).collect());
        let mut arguments = vec![number(of), self.times(hot), self.value(state, &key)?];
        for value in &values {
            arguments.push(self.value(state, value)?);
        }
        let got = self.call(state, "call_setter", arguments)?;
        let expected = self.model.call_setter(loan, &leaves, &key, &values);
        self.agree(&format!("setter of {leaves:?} at {key:?} to {values:?}"), got, expected);
        Ok(())
    }

    fn length(&mut self, state: &mut State, of: u8) -> Result<()> {
        let Some(of) = self.pick(of, can_index) else { return Ok(()) };
        let expected = match &self.held[of] {
            Held::View(loan) | Held::Column(loan, _) if !self.model.loans[*loan].is_alive => Err(REVOKED),
            Held::View(loan) | Held::Column(loan, _) => Ok(self.model.loans[*loan].count()),
            Held::Place(place) => {
                let (loan, Kind::Array(_, count)) = (&self.model.loans[place.loan], place.kind) else { return Ok(()) };
                match () {
                    () if !loan.is_alive => Err(REVOKED),
                    () if place.index >= loan.count() => Err(RANGE),
                    () => Ok(*count),
                }
            }
            _ => return Ok(()),
        };
        let got = self.call(state, "length", vec![number(of)])?;
        self.agree_on(state, "length", got, expected.map(|count| vec![Scalar::Number(count as f64)]))
    }

    fn each(&mut self, state: &mut State, of: u8) -> Result<()> {
        let Some((of, loan)) = self.pick_view(of) else { return Ok(()) };
        let got = self.call(state, "each", vec![number(of)])?;
        let loan = &self.model.loans[loan];
        let expected = if loan.is_alive { Ok(vec![Scalar::Number(loan.count() as f64)]) } else { Err(REVOKED) };
        self.agree_on(state, "each", got, expected)
    }

    fn change(&mut self, state: &mut State, of: u8, value: i16) -> Result<()> {
        let Some(of) = self.pick(of, is_something) else { return Ok(()) };
        let got = self.call(state, "change", vec![number(of), Value::Number(value.into())])?;
        let mut result = Vec::new();
        let (hp, stance, secret) = (&SOLDIER.fields[1], &SOLDIER.fields[6], &SOLDIER.fields[2]);
        let held = self.held[of].clone();
        let done = self.model.change(&held, |bytes| {
            bytes[hp.offset..][..2].copy_from_slice(&value.to_ne_bytes());
            bytes[stance.offset] = 7;
            let before = u32::from_ne_bytes([0, 1, 2, 3].map(|at| bytes[secret.offset + at]));
            bytes[secret.offset..][..4].copy_from_slice(&before.wrapping_add(1).to_ne_bytes());
            result.push(Scalar::Number(i16::from_ne_bytes([2, 3].map(|at| bytes[hp.offset + at])).into()));
        });
        self.agree_on(state, &format!("change {held:?}"), got, done.map(|()| result))
    }

    fn times(&self, hot: bool) -> Value {
        number(if hot { self.hot } else { 1 })
    }

    /// A value, as Lua has it.
    fn value(&self, state: &mut State, given: &Given) -> Result<Value> {
        Ok(match given {
            Given::Nil => Value::Nil,
            Given::Boolean(value) => Value::Boolean(*value),
            Given::Number(number, true) if !self.model.is_luajit => Value::Integer(*number as i64),
            Given::Number(number, _) => Value::Number(*number),
            Given::Text(text) => Value::String(state.create_string(text)?),
            Given::Table(all) => {
                let table = state.create_table()?;
                for (name, value) in all {
                    let (name, value) = (Value::String(state.create_string(name)?), self.value(state, value)?);
                    table.raw_set(state, name, value)?;
                }
                Value::Table(table)
            }
            Given::Sequence(all) => {
                let table = state.create_table()?;
                for (at, value) in all.iter().enumerate() {
                    let value = self.value(state, value)?;
                    table.raw_set(state, at + 1, value)?;
                }
                Value::Table(table)
            }
            Given::Part(_) => unreachable!("parts are copied from where they are held"),
        })
    }
}

fn bytes(state: &mut State, value: &Value) -> Result<Vec<u8>> {
    let Value::String(text) = value else { return Ok(Vec::new()) };
    Ok(text.as_bytes(state)?.to_vec())
}

fn can_index(held: &Held) -> bool {
    matches!(held, Held::View(_) | Held::Place(_) | Held::Column(..))
}

fn is_something(held: &Held) -> bool {
    !matches!(held, Held::Nothing)
}

fn at(number: u8) -> usize {
    usize::from(number) % HELD
}

pub fn count_of(count: u8) -> usize {
    usize::from(count) % MOST_ELEMENTS
}

pub fn number(number: usize) -> Value {
    Value::Number(number as f64)
}
