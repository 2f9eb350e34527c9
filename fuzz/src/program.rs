//! What a program is made of.

use arbitrary::{Arbitrary, Result, Unstructured};

/// A program, decoded from bytes: as many steps as they are enough for.
#[derive(Debug)]
pub struct Program {
    /// By accessors in C also where there is a compiler.
    pub interpreted: bool,
    pub steps: Vec<Step>,
}

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let (interpreted, mut steps) = (bytes.arbitrary()?, Vec::new());
        while !bytes.is_empty() {
            steps.push(bytes.arbitrary()?);
        }
        Ok(Self { interpreted, steps })
    }
}

/// Up to eleven.
#[derive(Debug, Clone)]
pub struct Few<T>(pub Vec<T>);

impl<'a, T: Arbitrary<'a>> Arbitrary<'a> for Few<T> {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let count = bytes.int_in_range(0..=11_u8)?;
        (0..count).map(|_| bytes.arbitrary()).collect::<Result<_>>().map(Self)
    }
}

/// A value that a script gives.
#[derive(Debug, Clone, Arbitrary)]
pub enum Given {
    Nil,
    Boolean(bool),
    Near(i8),
    Integer(i32),
    Float(f64),
    /// One of the numbers that are on the edge of something.
    Edge(u8),
    Text([u8; 3]),
    /// As many letters.
    Long(u8),
}

/// A key: an index that may be there, the name of a field, or anything.
#[derive(Debug, Clone, Arbitrary)]
pub enum Key {
    Index(u8),
    Field(u8),
    Any(Given),
}

/// A table that is to be stored.
#[derive(Debug, Clone, Arbitrary)]
pub struct Fields {
    pub scalars: Few<(u8, Given)>,
    /// Of the field `hp`, which is an array of three.
    pub hp: Option<Few<Given>>,
    /// Of the field `pos`, which is a struct.
    pub pos: Option<Few<(u8, Given)>>,
}

/// One operation. What scripts hold is in numbered places, `of` and `to`.
#[derive(Debug, Clone, Arbitrary)]
pub enum Step {
    /// Takes the view of a loan.
    View {
        to: u8,
        loan: u8,
    },
    Get {
        to: u8,
        of: u8,
        key: Key,
        hot: bool,
    },
    Set {
        of: u8,
        key: Key,
        value: Given,
        hot: bool,
    },
    SetFields {
        of: u8,
        key: Key,
        fields: Fields,
    },
    Copy {
        of: u8,
        key: Key,
        from: u8,
    },
    Column {
        to: u8,
        of: u8,
        leaf: u8,
    },
    Getter {
        to: u8,
        of: u8,
        leaves: Few<u8>,
    },
    Setter {
        to: u8,
        of: u8,
        leaves: Few<u8>,
    },
    CallGetter {
        of: u8,
        key: Key,
        hot: bool,
    },
    CallSetter {
        of: u8,
        key: Key,
        values: Few<Given>,
        hot: bool,
    },
    Length {
        of: u8,
    },
    Each {
        of: u8,
    },
    /// A host function that has the element as `&mut T`.
    Change {
        of: u8,
        value: i16,
    },
    /// What follows is done with the loan, up to its end.
    Lend {
        items: bool,
        count: u8,
        is_writable: bool,
    },
    End,
    Share {
        items: bool,
        count: u8,
    },
    Resize {
        shared: u8,
        count: u8,
    },
    Remove {
        shared: u8,
        index: u8,
    },
    Take {
        shared: u8,
    },
    /// A loop over a view, in the middle of which a shared vector is resized.
    Loop {
        of: u8,
        shared: u8,
        at: u8,
        count: u8,
    },
}
