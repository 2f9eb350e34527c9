//! The C text of a struct that is described in Rust, made when the program is compiled.
//!
//! Structs inside it are written out in place, without a name, so that one declaration
//! is all that C needs.

use crate::share::fields::{Kind, ViewField};

/// A text of up to `N` bytes; what is beyond that is only counted.
#[derive(Debug)]
pub struct Declaration<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Declaration<N> {
    /// `typedef struct Name { … } Name;`
    #[must_use]
    pub const fn of(name: &str, fields: &[ViewField]) -> Self {
        let mut text = Self { bytes: [0; N], length: 0 };
        text.push("typedef struct ");
        text.push(name);
        text.push_fields(fields);
        text.push(name);
        text.push(";");
        text
    }

    /// How many bytes the whole text has.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The text, where there was room for all of it.
    #[must_use]
    pub const fn text(&self) -> &str {
        assert!(self.length == N, "as many bytes as were counted");
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(_) => panic!("names of Rust are UTF-8"),
        }
    }

    const fn push(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        while let [byte, tail @ ..] = rest {
            if self.length < N {
                self.bytes[self.length] = *byte;
            }
            self.length += 1;
            rest = tail;
        }
    }

    const fn push_fields(&mut self, mut fields: &[ViewField]) {
        self.push(" { ");
        while let [field, rest @ ..] = fields {
            self.push_type(&field.kind);
            self.push(" ");
            self.push(field.c_name);
            self.push_dimensions(&field.kind);
            self.push("; ");
            fields = rest;
        }
        self.push("} ");
    }

    const fn push_type(&mut self, kind: &Kind) {
        self.push(kind.c_name());
        let mut inner = kind;
        while let Kind::Array(element, _) = inner {
            inner = element;
        }
        if let Kind::Struct(schema) = inner {
            self.push_fields(schema.fields);
        }
    }

    const fn push_dimensions(&mut self, kind: &Kind) {
        match kind {
            Kind::Text(bytes) => self.push_dimension(*bytes),
            Kind::Array(element, count) => {
                self.push_dimension(*count);
                self.push_dimensions(element);
            }
            _ => {}
        }
    }

    const fn push_dimension(&mut self, count: usize) {
        self.push("[");
        self.push_number(count);
        self.push("]");
    }

    const fn push_number(&mut self, number: usize) {
        if number >= 10 {
            self.push_number(number / 10);
        }
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        self.push(DIGITS[number % 10]);
    }
}
