//! The host's part of a program: loans, shared vectors, and whether memory is as it should be.

use std::fmt::Debug;
use std::slice::Iter;

use perilune::{CView, Result, Shared, State, Value};

use crate::model::{Given, Held, Loan, Model, Outcome, Scalar};
use crate::program::Step;
use crate::run::{HELD, MOST_LOANS, Runner, count_of, number};
use crate::world::{ITEM, Item, Kind, SOLDIER, Shape, Soldier};

static ANY_SOLDIER: Kind = Kind::Struct(&SOLDIER);
static ANY_ITEM: Kind = Kind::Struct(&ITEM);

/// A struct of the world.
pub trait Known: CView + Debug {
    const NEW: Self;
    const SHAPE: &'static Shape;
    const KIND: &'static Kind;
    /// A float that a loop counts up.
    const FLOAT: &'static str;
}

impl Known for Soldier {
    const NEW: Self = Soldier::NEW;
    const SHAPE: &'static Shape = &SOLDIER;
    const KIND: &'static Kind = &ANY_SOLDIER;
    const FLOAT: &'static str = "x";
}

impl Known for Item {
    const NEW: Self = Item::NEW;
    const SHAPE: &'static Shape = &ITEM;
    const KIND: &'static Kind = &ANY_ITEM;
    const FLOAT: &'static str = "weight";
}

fn bytes_of<T: Known>(all: &[T]) -> Vec<u8> {
    let mut bytes = vec![0; size_of_val(all)];
    // SAFETY: as many bytes, of a copy that has padding between its fields: that is
    // copied as bytes that are never looked at.
    unsafe { std::ptr::copy_nonoverlapping(all.as_ptr().cast::<u8>(), bytes.as_mut_ptr(), bytes.len()) };
    bytes
}

/// A vector that belongs to the VM, and its loan in the model.
#[derive(Clone)]
pub enum AnyShared {
    Soldiers(Shared<Soldier>),
    Items(Shared<Item>),
}

pub fn resize(state: &mut State, shared: &AnyShared, count: usize) -> Result<()> {
    match shared {
        AnyShared::Soldiers(all) => all.change(state, |all| {
            all.resize(count, Soldier::NEW);
            all.shrink_to_fit();
        }),
        AnyShared::Items(all) => all.change(state, |all| {
            all.resize(count, Item::NEW);
            all.shrink_to_fit();
        }),
    }
}

impl Runner {
    pub fn lend<T: Known>(&mut self, state: &mut State, count: u8, is_writable: bool, rest: &mut Iter<'_, Step>) -> Result<()> {
        if self.depth == MOST_LOANS {
            return Ok(());
        }
        self.depth += 1;
        let count = count_of(count);
        // The first and the last are not lent.
        let mut all = vec![T::NEW; count + 2];
        let loan = self.model.loans.len();
        let bytes = bytes_of(&all[1..=count]);
        self.model.loans.push(Loan { shape: T::SHAPE, element: T::KIND, is_alive: true, is_writable, bytes });
        let name = format!("v{loan}");
        let mut work = |state: &mut State| {
            self.hold(state, 2 * loan % HELD, loan)?;
            self.run(state, rest)
        };
        if is_writable {
            state.lend(&name, &mut all[1..=count], &mut work)?;
        } else {
            state.lend(&name, &all[1..=count], &mut work)?;
        }
        self.model.loans[loan].is_alive = false;
        self.compare(loan, &all[1..=count]);
        for (index, canary) in [(0, &all[0]), (count + 1, &all[count + 1])] {
            let (got, expected) = (bytes_of(std::slice::from_ref(canary)), bytes_of(&[T::NEW]));
            assert!(is_equal(&self.model, T::SHAPE, &got, &expected), "canary {index} was touched");
        }
        self.depth -= 1;
        Ok(())
    }

    pub fn share(&mut self, state: &mut State, items: bool, count: usize) -> Result<()> {
        if self.shared.lock().expect("no panic before").len() == 4 {
            return Ok(());
        }
        let loan = self.model.loans.len();
        let (shared, shape, element, bytes) = if items {
            let all = vec![Item::NEW; count];
            let bytes = bytes_of(&all);
            (AnyShared::Items(state.share("shared", all)?), &ITEM, &ANY_ITEM, bytes)
        } else {
            let all = vec![Soldier::NEW; count];
            let bytes = bytes_of(&all);
            (AnyShared::Soldiers(state.share("shared", all)?), &SOLDIER, &ANY_SOLDIER, bytes)
        };
        self.model.loans.push(Loan { shape, element, is_alive: true, is_writable: true, bytes });
        self.shared.lock().expect("no panic before").push((shared, loan));
        self.hold(state, 2 * loan % HELD, loan)
    }

    /// The shared vector of this number that is still there.
    pub fn shared(&self, which: u8) -> Option<(usize, AnyShared, usize)> {
        let all = self.shared.lock().expect("no panic before");
        let at = usize::from(which).checked_rem(all.len())?;
        let (shared, loan) = all[at].clone();
        self.model.loans[loan].is_alive.then_some((at, shared, loan))
    }

    fn model_resize(&mut self, loan: usize, count: usize) {
        let loan = &mut self.model.loans[loan];
        let new = if loan.shape.name == "Soldier" { bytes_of(&[Soldier::NEW]) } else { bytes_of(&[Item::NEW]) };
        loan.bytes.truncate(count * loan.shape.size);
        while loan.count() < count {
            loan.bytes.extend_from_slice(&new);
        }
    }

    pub fn resize(&mut self, state: &mut State, which: u8, count: usize) -> Result<()> {
        let Some((_, shared, loan)) = self.shared(which) else { return Ok(()) };
        resize(state, &shared, count)?;
        self.model_resize(loan, count);
        Ok(())
    }

    pub fn remove(&mut self, state: &mut State, which: u8, index: usize) -> Result<()> {
        let Some((_, shared, loan)) = self.shared(which) else { return Ok(()) };
        let removed = match shared {
            AnyShared::Soldiers(all) => all.remove(state, index)?.is_some(),
            AnyShared::Items(all) => all.remove(state, index)?.is_some(),
        };
        let loan = &mut self.model.loans[loan];
        assert_eq!(removed, index < loan.count());
        if removed {
            let size = loan.shape.size;
            loan.bytes.drain(index * size..(index + 1) * size);
        }
        Ok(())
    }

    pub fn take(&mut self, state: &mut State, which: u8) -> Result<()> {
        let Some((_, shared, loan)) = self.shared(which) else { return Ok(()) };
        self.model.loans[loan].is_alive = false;
        match shared {
            AnyShared::Soldiers(all) => self.compare(loan, &all.take(state)?),
            AnyShared::Items(all) => self.compare(loan, &all.take(state)?),
        }
        Ok(())
    }

    pub fn count_up(&mut self, state: &mut State, of: u8, which: u8, turn: usize, count: usize) -> Result<()> {
        let (Some((of, loan)), Some((at, _, shared))) = (self.pick_view(of), self.shared(which)) else { return Ok(()) };
        let is_soldier = self.model.loans[loan].shape.name == "Soldier";
        let field = if is_soldier { Soldier::FLOAT } else { Item::FLOAT };
        let name = Value::String(state.create_string(field)?);
        let got = self.call(state, "loop", vec![number(of), name, number(at), number(turn), number(count)])?;
        let mut expected = Ok(());
        for i in 0..100 {
            if i == turn {
                self.model_resize(shared, count);
            }
            expected = self.count_one(loan, i % 3, field);
            if expected.is_err() {
                break;
            }
        }
        self.agree("loop", got, expected);
        Ok(())
    }

    fn count_one(&mut self, loan: usize, index: usize, field: &str) -> Outcome<()> {
        let (element, _) = self.model.get(&Held::View(loan), &Given::Number(index as f64, true))?;
        let field = Given::Text(field.as_bytes().to_vec());
        let (_, Some(Scalar::Number(before))) = self.model.get(&element, &field)? else { unreachable!("it is a float") };
        self.model.set(&element, &field, &Given::Number(before + 1.0, false))
    }

    fn compare<T: Known>(&self, loan: usize, all: &[T]) {
        let loan = &self.model.loans[loan];
        let bytes = bytes_of(all);
        assert!(is_equal(&self.model, loan.shape, &bytes, &loan.bytes), "memory is {bytes:?}, expected {:?}", loan.bytes);
    }

    pub fn compare_shared(&self, state: &State) {
        for (shared, loan) in &*self.shared.lock().expect("no panic before") {
            match shared {
                _ if !self.model.loans[*loan].is_alive => {}
                AnyShared::Soldiers(all) => self.compare(*loan, all.slice(state).expect("a shared vector")),
                AnyShared::Items(all) => self.compare(*loan, all.slice(state).expect("a shared vector")),
            }
        }
    }
}

/// Whether elements are the same, but for what is between their fields and in NaNs.
fn is_equal(model: &Model, shape: &'static Shape, got: &[u8], expected: &[u8]) -> bool {
    let leaves = shape.leaves();
    let same = |got: &[u8], expected: &[u8]| {
        leaves.iter().all(|leaf| match (model.read(leaf.kind, &got[leaf.offset..]), model.read(leaf.kind, &expected[leaf.offset..])) {
            (Scalar::Number(got), Scalar::Number(expected)) => got == expected || got.is_nan() && expected.is_nan(),
            (got, expected) => got == expected,
        })
    };
    got.len() == expected.len()
        && got.chunks_exact(shape.size).zip(expected.chunks_exact(shape.size)).all(|(got, expected)| same(got, expected))
}
