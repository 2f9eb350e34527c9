//! Whether two descriptions are of the same struct, although structs may lead back to themselves.

use std::ptr;

use crate::share::fields::{Kind, Schema, ViewField};

/// Pairs of structs that are being compared: the same, unless a difference is found.
type Assumed = Vec<(*const Schema, *const Schema)>;

/// Whether both are the same to scripts, and what their pointers lead to as well, and so on: a
/// struct that is taken for another one shows what is hidden there.
pub(super) fn are_alike(a: &'static Schema, b: &'static Schema) -> bool {
    same_structs(a, b, &mut Vec::new())
}

fn same_structs(a: &'static Schema, b: &'static Schema, assumed: &mut Assumed) -> bool {
    let pair = (ptr::from_ref(a), ptr::from_ref(b));
    if ptr::eq(a, b) || assumed.contains(&pair) {
        return true;
    }
    assumed.push(pair);
    let fields = || a.fields.iter().zip(b.fields);
    a.name == b.name && a.size == b.size && a.fields.len() == b.fields.len() && fields().all(|(a, b)| same_fields(a, b, assumed))
}

fn same_fields(a: &ViewField, b: &ViewField, assumed: &mut Assumed) -> bool {
    let told = |field: &ViewField| (field.name, field.c_name, field.offset, field.access);
    told(a) == told(b) && same_kinds(&a.kind, &b.kind, assumed)
}

fn same_kinds(a: &Kind, b: &Kind, assumed: &mut Assumed) -> bool {
    match (a, b) {
        (Kind::Array(a, m), Kind::Array(b, n)) => m == n && same_kinds(a, b, assumed),
        (Kind::Struct(a), Kind::Struct(b)) => same_structs(a, b, assumed),
        (Kind::Follow(a), Kind::Follow(b)) => a.is_writable() == b.is_writable() && same_structs(a.schema(), b.schema(), assumed),
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Access, Follow};

    const fn seen(name: &'static str, kind: Kind) -> ViewField {
        ViewField { name, c_name: name, doc: "", offset: 0, kind, access: Access::ReadWrite }
    }

    /// A struct that leads to itself, by way of an array, and to another one.
    macro_rules! ring {
        ($NAME:ident, $END:ident, $end:expr) => {
            static $END: Schema = Schema { name: "End", size: 8, fields: &[seen("x", $end)] };
            static $NAME: Schema = Schema {
                name: "Ring",
                size: 8,
                fields: &[
                    seen("next", Kind::Array(&Kind::Follow(Follow::new(|| &$NAME, true)), 1)),
                    seen("end", Kind::Follow(Follow::new(|| &$END, true))),
                ],
            };
        };
    }

    ring!(FIRST, FIRST_END, Kind::U64);
    ring!(SAME, SAME_END, Kind::U64);
    ring!(OTHER, OTHER_END, Kind::Pointer);

    #[test]
    fn pure_what_leads_to_itself_is_compared_to_the_end() {
        assert!(are_alike(&FIRST, &FIRST) && are_alike(&FIRST, &SAME) && are_alike(&SAME, &FIRST));
        assert!(!are_alike(&FIRST, &OTHER) && !are_alike(&OTHER, &SAME) && !are_alike(&FIRST, &FIRST_END));
        assert!(FIRST == SAME && FIRST != OTHER);
    }
}
