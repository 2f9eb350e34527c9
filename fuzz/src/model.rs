//! What every operation does, in plain Rust on plain bytes: results, errors and memory.

use std::collections::BTreeMap;

use crate::world::{Kind, Leaf, Shape};

/// Parts of the messages by which errors are told apart.
pub const REVOKED: &str = "view revoked";
pub const RANGE: &str = "is out of range";
pub const BAD_INDEX: &str = "bad index of";
pub const BAD_VALUE: &str = "bad value for";
pub const FIELD_READ_ONLY: &str = "it can only be read";
pub const VIEW_READ_ONLY: &str = "this view can only be read";
pub const NO_FIELD: &str = "has no field";
pub const NO_METHOD: &str = "has no method";
pub const NO_ELEMENT: &str = "expected an element of a view of Soldier";

pub type Outcome<T> = Result<T, &'static str>;

/// A value of a script's.
#[derive(Debug, Clone, PartialEq)]
pub enum Given {
    Nil,
    Boolean(bool),
    /// A number, and whether Lua 5.4 has it as an integer.
    Number(f64, bool),
    Text(Vec<u8>),
    Table(BTreeMap<Vec<u8>, Given>),
    Sequence(Vec<Given>),
    /// What is in a place of this kind, if that can be read; or what is no place.
    Part(Option<(&'static Kind, Outcome<Vec<u8>>)>),
}

/// What a script reads.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Number(f64),
    Signed(i64),
    Unsigned(u64),
    Boolean(bool),
    Text(Vec<u8>),
}

/// What a script has.
#[derive(Debug, Clone)]
pub enum Held {
    Nothing,
    View(usize),
    Place(Place),
    Column(usize, Leaf),
    Getter(usize, Vec<Leaf>),
    Setter(usize, Vec<Leaf>),
}

#[derive(Debug, Clone)]
pub struct Place {
    pub loan: usize,
    pub index: usize,
    pub offset: usize,
    pub kind: &'static Kind,
    pub read_only: bool,
    /// It is the element itself.
    pub is_element: bool,
}

#[derive(Debug)]
pub struct Loan {
    pub shape: &'static Shape,
    pub element: &'static Kind,
    pub is_alive: bool,
    pub is_writable: bool,
    pub bytes: Vec<u8>,
}

impl Loan {
    pub fn count(&self) -> usize {
        self.bytes.len() / self.shape.size
    }

    /// Where an element is, if it can be read.
    fn readable(&self, index: usize) -> Outcome<usize> {
        match () {
            () if !self.is_alive => Err(REVOKED),
            () if index >= self.count() => Err(RANGE),
            () => Ok(index * self.shape.size),
        }
    }

    fn writable(&self, index: usize) -> Outcome<usize> {
        let at = self.readable(index)?;
        if self.is_writable { Ok(at) } else { Err(VIEW_READ_ONLY) }
    }

    /// The element that a key means.
    fn index(&self, key: &Given) -> Outcome<usize> {
        let Given::Number(number, _) = *key else { return Err(BAD_INDEX) };
        if !self.is_alive {
            return Err(REVOKED);
        }
        whole_below(number, self.count())
    }
}

fn whole_below(number: f64, count: usize) -> Outcome<usize> {
    if number >= 0.0 && number < count as f64 && number.fract() == 0.0 { Ok(number as usize) } else { Err(RANGE) }
}

pub struct Model {
    pub loans: Vec<Loan>,
    /// Numbers are doubles, and integers of 64 bits are values of their own.
    pub is_luajit: bool,
}

impl Model {
    /// `of[key]`: what is held then, and the value, if it is one.
    pub fn get(&self, of: &Held, key: &Given) -> Outcome<(Held, Option<Scalar>)> {
        match of {
            Held::View(loan) => {
                if !matches!(key, Given::Number(..)) {
                    return Err(NO_METHOD);
                }
                let index = self.loans[*loan].index(key)?;
                let kind = self.loans[*loan].element;
                Ok((Held::Place(Place { loan: *loan, index, offset: 0, kind, read_only: false, is_element: true }), None))
            }
            Held::Column(loan, leaf) => {
                let loan = &self.loans[*loan];
                let at = loan.index(key)? * loan.shape.size + leaf.offset;
                Ok((Held::Nothing, Some(self.read(leaf.kind, &loan.bytes[at..]))))
            }
            Held::Place(place) => {
                let inner = self.inner(place, key, false)?;
                let at = self.loans[place.loan].readable(place.index)? + inner.offset;
                if inner.kind.is_place() {
                    return Ok((Held::Place(inner), None));
                }
                Ok((Held::Nothing, Some(self.read(inner.kind, &self.loans[place.loan].bytes[at..]))))
            }
            _ => unreachable!("nothing else is indexed"),
        }
    }

    /// The place in a place that a key means. An array's memory is asked for before its
    /// index is looked at, a struct's after its field was found.
    fn inner(&self, place: &Place, key: &Given, to_write: bool) -> Outcome<Place> {
        match place.kind {
            Kind::Struct(shape) => {
                let Given::Text(name) = key else { return Err(NO_FIELD) };
                let field = shape.field(name).ok_or(NO_FIELD)?;
                let read_only = place.read_only || field.read_only;
                Ok(Place { offset: place.offset + field.offset, kind: &field.kind, read_only, is_element: false, ..*place })
            }
            Kind::Array(element, count) => {
                let loan = &self.loans[place.loan];
                if to_write && !place.read_only {
                    loan.writable(place.index)?
                } else {
                    loan.readable(place.index)?
                };
                let Given::Number(number, _) = *key else { return Err(BAD_INDEX) };
                let offset = place.offset + whole_below(number, *count)? * element.size();
                Ok(Place { offset, kind: element, is_element: false, ..*place })
            }
            _ => unreachable!("a value is no place"),
        }
    }

    /// `of[key] = value`
    pub fn set(&mut self, of: &Held, key: &Given, value: &Given) -> Outcome<()> {
        let (loan, at, kind) = match of {
            Held::View(number) => {
                let loan = &self.loans[*number];
                (*number, loan.writable(loan.index(key)?)?, loan.element)
            }
            Held::Column(number, leaf) => {
                let loan = &self.loans[*number];
                let at = loan.writable(loan.index(key)?)? + leaf.offset;
                if leaf.read_only {
                    return Err(FIELD_READ_ONLY);
                }
                (*number, at, leaf.kind)
            }
            Held::Place(place) => {
                let inner = self.inner(place, key, true)?;
                if inner.read_only {
                    self.loans[place.loan].readable(place.index)?;
                    return Err(FIELD_READ_ONLY);
                }
                (place.loan, self.loans[place.loan].writable(place.index)? + inner.offset, inner.kind)
            }
            _ => unreachable!("nothing else is indexed"),
        };
        let mut new = self.loans[loan].bytes[at..at + kind.size()].to_vec();
        self.fill(kind, &mut new, value)?;
        self.loans[loan].bytes[at..at + kind.size()].copy_from_slice(&new);
        Ok(())
    }

    /// A place as a value to be assigned.
    pub fn part(&self, from: &Held) -> Given {
        let Held::Place(place) = from else { return Given::Part(None) };
        let loan = &self.loans[place.loan];
        let bytes = loan.readable(place.index).map(|at| loan.bytes[at + place.offset..][..place.kind.size()].to_vec());
        Given::Part(Some((place.kind, bytes)))
    }

    fn fill(&self, kind: &'static Kind, to: &mut [u8], value: &Given) -> Outcome<()> {
        match (kind, value) {
            (Kind::Struct(_) | Kind::Array(..), Given::Part(Some((from, bytes)))) if *from == kind => {
                bytes.as_ref().map(|bytes| copy(kind, to, bytes)).map_err(|error| *error)
            }
            (Kind::Struct(shape), Given::Table(all)) => {
                for field in shape.fields.iter().filter(|field| !field.hidden) {
                    match all.get(field.name.as_bytes()) {
                        None | Some(Given::Nil) => {}
                        Some(_) if field.read_only => return Err(FIELD_READ_ONLY),
                        Some(value) => self.fill(&field.kind, &mut to[field.offset..field.offset + field.kind.size()], value)?,
                    }
                }
                let unknown = all.iter().any(|(name, value)| *value != Given::Nil && shape.field(name).is_none());
                if unknown { Err(NO_FIELD) } else { Ok(()) }
            }
            (Kind::Struct(_), Given::Sequence(all)) if all.iter().all(|value| *value == Given::Nil) => Ok(()),
            (Kind::Struct(_), Given::Sequence(_)) => Err(NO_FIELD),
            (Kind::Array(element, count), Given::Sequence(all)) => {
                if all.get(*count).is_some_and(|value| *value != Given::Nil) {
                    return Err(BAD_VALUE);
                }
                for (index, to) in to.chunks_exact_mut(element.size()).enumerate() {
                    self.fill(element, to, all.get(index).unwrap_or(&Given::Nil))?;
                }
                Ok(())
            }
            (Kind::Struct(_) | Kind::Array(..), _) => Err(BAD_VALUE),
            _ => self.store(kind, to, value),
        }
    }

    /// Stores a single value, if it is one for the kind.
    pub fn store(&self, kind: &Kind, to: &mut [u8], value: &Given) -> Outcome<()> {
        let whole = |low: f64, high: f64| match *value {
            Given::Number(number, _) if number >= low && number <= high && number.fract() == 0.0 => Ok(number as i64),
            _ => Err(BAD_VALUE),
        };
        let float = || match *value {
            Given::Number(number, _) => Ok(number),
            _ => Err(BAD_VALUE),
        };
        match kind {
            Kind::I8 => put(to, &(whole(-128.0, 127.0)? as i8).to_ne_bytes()),
            Kind::U8 => put(to, &(whole(0.0, 255.0)? as u8).to_ne_bytes()),
            Kind::I16 => put(to, &(whole(-32768.0, 32767.0)? as i16).to_ne_bytes()),
            Kind::U16 => put(to, &(whole(0.0, 65535.0)? as u16).to_ne_bytes()),
            Kind::I32 => put(to, &(whole(-2147483648.0, 2147483647.0)? as i32).to_ne_bytes()),
            Kind::U32 => put(to, &(whole(0.0, 4294967295.0)? as u32).to_ne_bytes()),
            Kind::I64 => put(to, &self.long(value, false)?.to_ne_bytes()),
            Kind::U64 => put(to, &self.long(value, true)?.to_ne_bytes()),
            Kind::F32 => put(to, &(float()? as f32).to_ne_bytes()),
            Kind::F64 => put(to, &float()?.to_ne_bytes()),
            Kind::Bool => match value {
                Given::Boolean(value) => put(to, &[u8::from(*value)]),
                _ => return Err(BAD_VALUE),
            },
            Kind::Stance => match whole(0.0, 7.0)? {
                value @ (0 | 1 | 7) => put(to, &[value as u8]),
                _ => return Err(BAD_VALUE),
            },
            Kind::Text(size) => match value {
                Given::Text(text) if text.len() < *size && !text.contains(&0) => {
                    to[..*size].fill(0);
                    put(to, text);
                }
                _ => return Err(BAD_VALUE),
            },
            Kind::Array(..) | Kind::Struct(_) => return Err(BAD_VALUE),
        }
        Ok(())
    }

    /// An integer of 64 bits. LuaJIT's numbers are exact up to 2^53; Lua 5.4 has integers.
    fn long(&self, value: &Given, is_unsigned: bool) -> Outcome<i64> {
        let Given::Number(number, is_integer) = *value else { return Err(BAD_VALUE) };
        let limit = if self.is_luajit { 2f64.powi(53) } else { 2f64.powi(63) };
        let in_range = number >= -limit && (number < limit || self.is_luajit && number == limit);
        let may_be_negative = !is_unsigned || !self.is_luajit && is_integer;
        if in_range && number.fract() == 0.0 && (number >= 0.0 || may_be_negative) { Ok(number as i64) } else { Err(BAD_VALUE) }
    }

    /// What reading gives.
    pub fn read(&self, kind: &Kind, from: &[u8]) -> Scalar {
        match kind {
            Kind::I8 => Scalar::Number(i8::from_ne_bytes(head(from)).into()),
            Kind::U8 | Kind::Stance => Scalar::Number(from[0].into()),
            Kind::I16 => Scalar::Number(i16::from_ne_bytes(head(from)).into()),
            Kind::U16 => Scalar::Number(u16::from_ne_bytes(head(from)).into()),
            Kind::I32 => Scalar::Number(i32::from_ne_bytes(head(from)).into()),
            Kind::U32 => Scalar::Number(u32::from_ne_bytes(head(from)).into()),
            Kind::I64 => Scalar::Signed(i64::from_ne_bytes(head(from))),
            Kind::U64 => Scalar::Unsigned(u64::from_ne_bytes(head(from))),
            Kind::F32 => Scalar::Number(f32::from_ne_bytes(head(from)).into()),
            Kind::F64 => Scalar::Number(f64::from_ne_bytes(head(from))),
            Kind::Bool => Scalar::Boolean(from[0] != 0),
            Kind::Text(size) => Scalar::Text(from[..*size].iter().copied().take_while(|byte| *byte != 0).collect()),
            Kind::Array(..) | Kind::Struct(_) => unreachable!("a place is no value"),
        }
    }

    /// The leaves that a getter or a setter is to have.
    pub fn chosen(&self, loan: usize, chosen: &[Leaf], to_write: bool) -> Outcome<()> {
        if !self.loans[loan].is_alive {
            return Err(REVOKED);
        }
        for leaf in chosen {
            if leaf.hidden {
                return Err(NO_FIELD);
            }
            if to_write && leaf.read_only {
                return Err(FIELD_READ_ONLY);
            }
        }
        Ok(())
    }

    pub fn call_getter(&self, loan: usize, leaves: &[Leaf], key: &Given) -> Outcome<Vec<Scalar>> {
        let loan = &self.loans[loan];
        let at = loan.index(key)? * loan.shape.size;
        Ok(leaves.iter().map(|leaf| self.read(leaf.kind, &loan.bytes[at + leaf.offset..])).collect())
    }

    pub fn call_setter(&mut self, loan: usize, leaves: &[Leaf], key: &Given, values: &[Given]) -> Outcome<()> {
        let at = self.loans[loan].writable(self.loans[loan].index(key)?)?;
        let mut new = self.loans[loan].bytes.clone();
        for (leaf, number) in leaves.iter().zip(0..) {
            self.store(leaf.kind, &mut new[at + leaf.offset..], values.get::<usize>(number).unwrap_or(&Given::Nil))?;
        }
        self.loans[loan].bytes = new;
        Ok(())
    }

    /// What the host does with an element that it has as a reference.
    pub fn change(&mut self, of: &Held, work: impl FnOnce(&mut [u8])) -> Outcome<()> {
        let Held::Place(place) = of else { return Err(NO_ELEMENT) };
        let loan = &mut self.loans[place.loan];
        if !place.is_element || loan.shape.name != "Soldier" {
            return Err(NO_ELEMENT);
        }
        let at = loan.writable(place.index)?;
        work(&mut loan.bytes[at..at + loan.shape.size]);
        Ok(())
    }
}

/// Copies what scripts may write.
fn copy(kind: &Kind, to: &mut [u8], from: &[u8]) {
    match kind {
        Kind::Struct(shape) => {
            for field in shape.fields.iter().filter(|field| !field.hidden && !field.read_only) {
                let range = field.offset..field.offset + field.kind.size();
                copy(&field.kind, &mut to[range.clone()], &from[range]);
            }
        }
        Kind::Array(element, _) => {
            let size = element.size();
            to.chunks_exact_mut(size).zip(from.chunks_exact(size)).for_each(|(to, from)| copy(element, to, from));
        }
        scalar => put(to, &from[..scalar.size()]),
    }
}

fn put(to: &mut [u8], bytes: &[u8]) {
    to[..bytes.len()].copy_from_slice(bytes);
}

fn head<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|index| bytes[index])
}
