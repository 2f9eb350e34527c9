//! Where in a struct, or behind its pointers, a handle is: what the Lua code of handles
//! (`handles`) is made from.

use crate::share::behind::Root;
use crate::share::fields::{Access, Follow, Kind, Schema, ViewField};
use crate::share::handles::Numbers;
use crate::share::scalars::quoted;

/// A struct or an array that scripts have handles to.
pub(super) struct Place {
    pub kind: Kind,
    pub root: Root,
    /// What is behind the root's memory; `@` stands for the handle's name.
    pub path: String,
    /// Where that is in the root, as an expression in which `@` is the same.
    pub offset: String,
    /// How many indices there are on the way, beside the element's own.
    pub indices: usize,
    /// In messages.
    pub what: String,
    pub read_only: bool,
}

impl Place {
    pub(super) fn root(root: Root) -> Self {
        let what = format!("a {}", root.schema.name);
        let (path, offset) = (String::new(), String::from("0"));
        Self { kind: Kind::Struct(root.schema), root, path, offset, indices: 0, what, read_only: root.read_only }
    }

    /// The place of a field in this one.
    pub(super) fn field(&self, schema: &Schema, field: &ViewField) -> Self {
        Self {
            kind: field.kind,
            root: self.root,
            path: format!("{}[{}]", self.path, quoted(field.c_name)),
            offset: format!("{} + {}", self.offset, field.offset),
            indices: self.indices,
            what: format!("field '{}' of a {}", field.name, schema.name),
            read_only: self.read_only || field.access == Access::ReadOnly,
        }
    }

    /// The place of an element of this array.
    pub(super) fn item(&self, kind: Kind) -> Self {
        let index = format!("@.__k{}", self.indices + 1);
        Self {
            kind,
            root: self.root,
            offset: format!("{} + {index} * {}", self.offset, kind.size()),
            path: format!("{}[{index}]", self.path),
            indices: self.indices + 1,
            what: self.what.clone(),
            read_only: self.read_only,
        }
    }

    /// Whether scripts can write it. What is behind a pointer is another place.
    pub(super) fn is_fixed(&self) -> bool {
        self.read_only || self.kind.is_pointer()
    }

    /// Where a pointer in this place leads to, if scripts can follow it.
    pub(super) fn behind(&self, follow: &Follow) -> Option<Root> {
        self.root.behind(follow.schema(), self.read_only || !follow.is_writable())
    }

    /// The memory, where `handle` is the handle; by way of `c` and `i`, its element's block and
    /// index, or of `p`.
    pub(super) fn memory(&self, handle: &str) -> String {
        self.root.memory().to_owned() + &self.path.replace('@', handle)
    }

    /// What `tostring` gives, as an expression of the handle `t`.
    pub(super) fn text(&self) -> String {
        match self.kind {
            Kind::Struct(schema) if self.path.is_empty() && self.root.pointers == 0 => {
                format!("{} .. tostring(t.__i)", quoted(&format!("{} ", schema.name)))
            }
            _ => format!("{} .. tostring(t.__i) .. \")\"", quoted(&format!("{} (element ", self.what))),
        }
    }

    /// The names of what its handles have of the way from the element on.
    pub(super) fn names(&self) -> impl Iterator<Item = String> + use<> {
        self.root.names().chain((1..=self.indices).map(|k| format!("k{k}")))
    }

    /// The type of its handles.
    pub(super) fn c_type(&self, numbers: Numbers) -> String {
        let names = self.names().fold(String::new(), |all, name| all + ", __" + &name);
        format!("struct {{ const {} __i, __e, __s{names}; }}", numbers.c_type)
    }
}
