//! The Lua code by which scripts reach the host's memory on LuaJIT, made for a struct.
//!
//! What a script holds is a *handle*: a C struct of a few constant numbers (which element,
//! which epoch, which control block), whose metatype has all the code. The compiler sees
//! through all of it: a handle that is made and used in a loop is never allocated, and a
//! checked access comes down to two comparisons beside the access itself. There is no
//! pointer in a handle, and no function that a script can get hold of gives one away.
//!
//! A struct inside the struct, and an array, are *places* of their own, with a type of
//! handle each; so is a struct behind pointers (`behind`). They are made once for a struct in a VM, because LuaJIT never frees a type.

use std::fmt::Write;

use crate::error::{Error, Result};
use crate::share::behind::{Root, pointer_type};
use crate::share::fields::{Access, Follow, Kind, Schema, expected};
use crate::share::leaves::{Leaf, Step, leaves_of};
use crate::share::place::Place;
use crate::share::scalars::{check, checked, put, quoted, read, store};
use crate::vm::views::MOST_POINTERS;

/// Places that a struct can have, in it and behind its pointers, each with a type; and types of those
/// pointers beside: LuaJIT lets a function have 200 local variables.
const MOST_PLACES: usize = 120;

/// The code that all structs have. Its first paragraph names what `handles.lua` gives.
const TEMPLATE: &str = include_str!("handles_template.lua");

/// The code of a struct that is `c_name` in C: a chunk that takes what `handles.lua` gives,
/// the address of the control blocks in two halves and a function that gives the chunk of
/// `leaves_source`, and gives a function that makes a view of a slot and an epoch.
pub(super) fn source(schema: &'static Schema, c_name: &str) -> Result<String> {
    let mut made = Generator {
        numbers: Numbers::for_fields(schema),
        roots: vec![Root::element(schema)],
        places: Vec::new(),
        schemas: Vec::new(),
        conversions: Vec::new(),
    };
    made.add_roots();
    let needed = made.places.len() + made.behind().count();
    if needed > MOST_PLACES {
        return Err(Error::type_mismatch(
            format!("a struct with at most {MOST_PLACES} arrays and structs in it"),
            format!("'{c_name}', which has {needed}"),
        ));
    }
    Ok(made.chunk(schema, c_name))
}

/// The code of what columns, getters and setters need of a struct, which is often not asked
/// for and is long: a chunk that takes what `source`'s takes, and the tables to be filled.
pub(super) fn leaves_source(schema: &'static Schema) -> String {
    let made = Generator {
        numbers: Numbers::for_fields(schema),
        roots: Vec::new(),
        places: Vec::new(),
        schemas: Vec::new(),
        conversions: Vec::new(),
    };
    let names = TEMPLATE.split("\n\n").next().unwrap_or_default().replace("$NAME", &quoted(schema.name));
    let leaves: String = leaves_of(schema).iter().enumerate().map(|(at, leaf)| made.leaf(at + 1, leaf, schema)).collect();
    format!("{names}\nlocal leaf, what, get, put, check, set, fixed = select(4, ...)\n{leaves}")
}

/// What the numbers are that checks work with: a type that no field has which scripts can
/// write, if there is one, because then no store to a field can change them, which the
/// compiler makes use of.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    pub c_type: &'static str,
    /// What the numbers of a control block are called in C: `n`, `m` and `e` are those that
    /// are used.
    declared: &'static str,
}

impl Numbers {
    const DOUBLE: Self = Self { c_type: "double", declared: "double n, m, e; int32_t n32, m32, e32, unused;" };
    const INT: Self = Self { c_type: "int32_t", declared: "double n64, m64, e64; int32_t n, m, e, unused;" };

    fn for_fields(schema: &'static Schema) -> Self {
        let has_doubles = stores(schema, |kind| matches!(kind, Kind::F64));
        let has_ints = stores(schema, |kind| matches!(kind, Kind::I32 | Kind::U32));
        if has_doubles && !has_ints { Self::INT } else { Self::DOUBLE }
    }
}

/// Whether a script can store a value of this kind, also behind pointers.
fn stores(schema: &'static Schema, is: fn(&Kind) -> bool) -> bool {
    let stored = |schema: &Schema| schema.fields.iter().any(|field| field.access == Access::ReadWrite && field.kind.consists_of(is));
    schema.reachable().into_iter().any(stored)
}

struct Generator {
    numbers: Numbers,
    roots: Vec<Root>,
    places: Vec<Place>,
    /// The structs that there are, each once.
    schemas: Vec<&'static Schema>,
    /// What becomes of an array's elements in a table.
    conversions: Vec<String>,
}

impl Generator {
    /// Adds the places of all roots: more of those are found on the way.
    fn add_roots(&mut self) {
        let mut done = 0;
        while let Some(&root) = self.roots.get(done) {
            self.add_struct(root.schema, Place::root(root));
            done += 1;
        }
    }

    fn add_root(&mut self, root: Root) {
        if !self.roots.iter().any(|known| known.is(&root)) {
            self.roots.push(root);
        }
    }

    /// Adds a place, and those in it.
    fn add(&mut self, place: Place) {
        match place.kind {
            Kind::Struct(schema) => self.add_struct(schema, place),
            Kind::Array(element, _) => {
                let item = place.item(*element);
                self.places.push(place);
                self.add(item);
            }
            Kind::Follow(follow) => place.behind(&follow).into_iter().for_each(|root| self.add_root(root)),
            _ => {}
        }
    }

    fn add_struct(&mut self, schema: &'static Schema, place: Place) {
        if !self.schemas.iter().any(|known| known.is(schema)) {
            self.schemas.push(schema);
        }
        let inner: Vec<Place> = schema.visible().map(|field| place.field(schema, field)).collect();
        self.places.push(place);
        inner.into_iter().for_each(|place| self.add(place));
    }

    fn schema_number(&self, schema: &Schema) -> usize {
        self.schemas.iter().position(|known| known.is(schema)).map_or(0, |at| at + 1)
    }

    /// The number of the place with this path.
    fn place_number(&self, root: &Root, path: &str) -> usize {
        self.places.iter().position(|place| place.path == path && place.root.is(root)).unwrap_or(0)
    }

    /// The statements before an access by `handle`: a check, and the way to a root behind pointers.
    fn before(&self, check: &str, place: &Place, handle: &str) -> String {
        check.to_owned() + &place.root.way(handle, self.schema_number(place.root.schema), &quoted(&place.what))
    }

    fn chunk(&mut self, schema: &'static Schema, c_name: &str) -> String {
        let types: String = self
            .places
            .iter()
            .enumerate()
            .fold(String::new(), |all, (at, place)| all + &format!("local C{at} = typeof(\"{}\")\n", place.c_type(self.numbers)));
        let pointers: String = self.pointer_types();
        let structs: String = (0..self.schemas.len()).map(|at| self.struct_functions(self.schemas[at])).collect();
        let conversions: String = self.conversions.iter().enumerate().map(|(at, text)| format!("convert[{}] = {text}\n", at + 1)).collect();
        let places: String = self.places.iter().enumerate().map(|(at, place)| self.metatype(at, place)).collect();
        let whole = Place::root(Root::element(schema));
        let assigned = self.assigned(&whole, "t", "", &whole.what);
        let all: Vec<String> = (0..self.places.len()).map(|at| format!("C{at}")).collect();
        let types = format!("{types}local types = {{ [0] = {} }}\n", all.join(", "));
        let fills: String = self.fills().map(|kind| self.fill(kind)).collect();
        filled(
            TEMPLATE,
            &[
                ("$TYPES", &(types + &pointers)),
                ("$STRUCTS", &structs),
                ("$CONVERSIONS", &conversions),
                ("$SCRATCHES", &self.scratches()),
                ("$FILLS", &fills),
                ("$PLACES", &places),
                ("$POINTER", c_name),
                ("$NUMBER", self.numbers.c_type),
                ("$NAME", &quoted(schema.name)),
                ("$DECLARED", self.numbers.declared),
                ("$A_NAME", &quoted(&format!("a view of {}", schema.name))),
                ("$A_STRUCT", &quoted(&format!("a {}", schema.name))),
                ("$ASSIGNED", &assigned),
            ],
        )
    }

    /// The structs that are followed.
    fn behind(&self) -> impl Iterator<Item = &'static Schema> {
        let is_behind = |schema: &&Schema| self.roots.iter().any(|root| root.pointers > 0 && root.schema.is(schema));
        self.schemas.iter().copied().filter(is_behind)
    }

    /// The types of pointers to them; and all in a table, for functions that would have too many upvalues.
    fn pointer_types(&self) -> String {
        let numbers: Vec<usize> = self.behind().map(|schema| self.schema_number(schema)).collect();
        let mut text: String =
            self.behind().zip(&numbers).map(|(schema, number)| format!("local P{number} = {}\n", pointer_type(schema))).collect();
        let entries: String = numbers.iter().map(|number| format!("[{number}] = P{number}, ")).collect();
        let _ = writeln!(text, "local pointer_types = {{ {entries}}}");
        text
    }

    /// For each of them memory of its size, as entries of a table.
    fn scratches(&self) -> String {
        let entry = |schema: &'static Schema| {
            let number = self.schema_number(schema);
            format!("[{number}] = {{ typeof(\"char[{}]\")() }}, ", schema.size)
        };
        self.behind().map(entry).collect()
    }

    /// `copied` and `totable` of a struct.
    fn struct_functions(&mut self, schema: &'static Schema) -> String {
        let number = self.schema_number(schema);
        let mut text = String::new();
        let _ = writeln!(text, "copied[{number}] = function(d, s)\n{}end", self.copies(schema));
        let fields: Vec<String> = schema
            .visible()
            .map(|field| format!("[{}] = {}", quoted(field.name), self.converted(&field.kind, &format!("s[{}]", quoted(field.c_name)))))
            .collect();
        let _ = writeln!(text, "totable[{number}] = function(s, follows) return {{ {} }} end", fields.join(", "));
        text
    }

    /// Statements that copy what scripts may write from `s` to `d`.
    fn copies(&self, schema: &Schema) -> String {
        if is_plain(schema) {
            return format!("  copy(d, s, {})\n", schema.size);
        }
        let mut text = String::new();
        for field in schema.fields.iter().filter(|field| field.access == Access::ReadWrite && !field.kind.is_pointer()) {
            text += &self.copy_of(&field.kind, &format!("[{}]", quoted(field.c_name)));
        }
        text
    }

    fn copy_of(&self, kind: &Kind, path: &str) -> String {
        match kind {
            Kind::Struct(schema) => format!("  copied[{}](d{path}, s{path})\n", self.schema_number(schema)),
            Kind::Array(element, count) if !is_plain_kind(element) => {
                let variable = format!("k{}", path.matches('[').count());
                let inner = self.copy_of(element, &format!("{path}[{variable}]"));
                format!("  for {variable} = 0, {} do\n{inner}  end\n", count - 1)
            }
            Kind::Array(..) | Kind::Text(_) => format!("  copy(d{path}, s{path}, {})\n", kind.size()),
            _ => format!("  d{path} = s{path}\n"),
        }
    }

    /// What becomes of a value in a table.
    fn converted(&mut self, kind: &Kind, memory: &str) -> String {
        match kind {
            Kind::Struct(schema) => format!("totable[{}]({memory}, follows)", self.schema_number(schema)),
            Kind::Array(element, count) => {
                let element = self.converted(element, "a[k]");
                self.conversions.push(format!("function(a, k, follows) return {element} end"));
                format!("sequence({memory}, {count}, convert[{}], follows)", self.conversions.len())
            }
            // Once only: pointers may lead in a circle.
            Kind::Follow(follow) => match self.schema_number(follow.schema()) {
                // Nobody gets as far as where it is.
                0 => "nil".to_owned(),
                number => {
                    format!("follows and {memory} ~= nil and totable[{number}](cast(pointer_types[{number}], {memory}), false) or nil")
                }
            },
            scalar => read(scalar, memory),
        }
    }

    fn metatype(&self, at: usize, place: &Place) -> String {
        match place.kind {
            Kind::Array(element, count) => self.array(at, place, element, count),
            Kind::Struct(schema) => self.structure(at, place, schema),
            _ => String::new(),
        }
    }

    fn structure(&self, at: usize, place: &Place, schema: &Schema) -> String {
        let (mut getters, mut setters, mut order) = (String::new(), String::new(), vec![String::new()]);
        for field in schema.visible() {
            let inner = place.field(schema, field);
            let readable = self.before(READABLE, place, "t");
            getters += &format!("get[{}] = function(t)\n  {readable}\n  return {}\nend\n", quoted(field.name), self.got(&inner, "t", ""));
            let assigned = self.assigned(&inner, "t", "", &inner.what);
            setters += &format!(
                "set[{}] = function(t, v)\n  {}\n{assigned}end\n",
                quoted(field.name),
                self.before(check_before_writing(&inner), place, "t")
            );
            order.push(field.name.to_owned());
        }
        let order: String = order.windows(2).map(|two| format!("[{}] = {}, ", quoted(&two[0]), quoted(&two[1]))).collect();
        let same = self.same_indices(place);
        filled(
            "do\nlocal get, set, order = {}, {}, { $ORDER}\n$GETTERS$SETTERS\
             local function step(t, key)\n  if type(t) ~= \"cdata\" or not istype($C, t) then bad_self() end\n  \
             if key == nil then key = \"\" elseif not get[key] then no_field($WHAT, key) end\n  local name = order[key]\n  if name then return name, get[name](t) end\nend\n\
             metatype($C, {\n  __index = function(t, k)\n    local f = get[k]\n    if f then return (f(t)) end\n    no_field($WHAT, k)\n  end,\n  \
             __newindex = function(t, k, v)\n    local f = set[k]\n    if f then f(t, v) return end\n    no_field($WHAT, k)\n  end,\n  \
             __pairs = function(t) return step, t, nil end,\n  __eq = function(a, b) return $SAME end,\n  \
             __tostring = function(t) return $TEXT end,\n})\nend\n",
            &[
                ("$ORDER", &order),
                ("$GETTERS", &getters),
                ("$SETTERS", &setters),
                ("$SAME", &same),
                ("$C", &format!("C{at}")),
                ("$WHAT", &quoted(&place.what)),
                ("$TEXT", &place.text()),
            ],
        )
    }

    fn array(&self, at: usize, place: &Place, element: &Kind, count: usize) -> String {
        let item = place.item(*element);
        let (got, put) = (self.got(&item, "t", "j"), self.assigned(&item, "t", "j", &place.what));
        filled(
            "metatype($C, {\n  __index = function(t, k)\n    $READABLE\n    $INDEX\n    return $GOT\n  end,\n  \
             __newindex = function(t, k, v)\n    $CHECK\n    $INDEX$PUT  end,\n  __len = function(t)\n    $READABLE\n    return $COUNT\n  end,\n  \
             __eq = function(a, b) return $SAME end,\n  __tostring = function(t) return $TEXT end,\n})\n",
            &[
                ("$READABLE", &self.before(READABLE, place, "t")),
                ("$CHECK", &self.before(check_before_writing(&item), place, "t")),
                ("$INDEX", INDEX),
                ("$GOT", &got),
                ("$PUT", &put),
                ("$SAME", &self.same_indices(place)),
                ("$COUNT", &count.to_string()),
                ("$C", &format!("C{at}")),
                ("$WHAT", &quoted(&place.what)),
                ("$TEXT", &place.text()),
            ],
        )
    }

    /// Whether the handles `a` and `b` are of the same place.
    fn same_indices(&self, place: &Place) -> String {
        let names = ["i", "e", "s"].map(str::to_owned).into_iter().chain(place.names());
        let same: String = names.fold(String::new(), |all, name| all + &format!(" and a.__{name} == b.__{name}"));
        format!("type(a) == \"cdata\" and type(b) == \"cdata\" and istype($C, a) and istype($C, b){same}")
    }

    /// What reading a place gives: its value, or a handle to it. `last` is the variable that
    /// has the last index, where it has one.
    fn got(&self, place: &Place, handle: &str, last: &str) -> String {
        let memory = with_last(&place.memory(handle), place.indices, handle, last);
        match place.kind {
            Kind::Follow(follow) => return self.followed(place, &follow, &memory, handle, last),
            Kind::Array(..) | Kind::Struct(_) => {}
            scalar => return read(&scalar, &memory),
        }
        let at = self.place_number(&place.root, &place.path);
        let names = place.names().fold(String::new(), |all, name| all + &format!(", {handle}.__{name}"));
        format!("(C{at}(i, {handle}.__e, {handle}.__s{}))", with_last(&names, place.indices, handle, last))
    }

    /// What reading a pointer gives: a handle to what it leads to, or nil.
    fn followed(&self, place: &Place, follow: &Follow, memory: &str, handle: &str, last: &str) -> String {
        let Some(root) = place.behind(follow) else {
            return format!("{memory} ~= nil and too_far({}, {MOST_POINTERS}) or nil", quoted(&place.what));
        };
        let at = self.place_number(&root, "");
        let before = place.root.names().fold(String::new(), |all, name| all + &format!(", {handle}.__{name}"));
        let offset = with_last(&place.offset.replace('@', handle), place.indices, handle, last);
        format!("{memory} ~= nil and C{at}(i, {handle}.__e, {handle}.__s{before}, {offset}) or nil")
    }

    /// Statements that assign `v` to a place that scripts can write. What a table says is
    /// put together before any of it is stored, so that all of it is, or nothing.
    fn assigned(&self, place: &Place, handle: &str, last: &str, what: &str) -> String {
        let what = quoted(what);
        if place.is_fixed() {
            return format!("  read_only({what})\n");
        }
        let memory = with_last(&place.memory(handle), place.indices, handle, last);
        if !is_place(&place.kind) {
            return store(&place.kind, &memory, &what);
        }
        let fill = self.kind_number(&place.kind);
        format!(
            "  if type(v) ~= \"table\" then fill_in[{fill}]({memory}, v, {what}) return end\n  \
             local d, s = {memory}, {}\n  copy(s, d, {})\n  fill_in[{fill}](s, v, {what})\n{}",
            memory.replacen(place.root.memory(), &self.scratch(&place.root), 1),
            place.kind.size(),
            self.copy_of(&place.kind, "")
        )
    }

    /// Memory like a root's in which nothing of the host's is.
    fn scratch(&self, root: &Root) -> String {
        match (root.pointers, self.schema_number(root.schema)) {
            (0, _) => String::from("scratch"),
            (_, number) => format!("cast(P{number}, scratches[{number}][1])"),
        }
    }

    /// The number of a struct or an array, in which others of its kind count as the same.
    fn kind_number(&self, kind: &Kind) -> usize {
        self.places.iter().position(|place| place.kind == *kind).unwrap_or(0)
    }

    /// What scripts can assign to, each kind once.
    fn fills(&self) -> impl Iterator<Item = &Kind> {
        let places = self.places.iter().enumerate();
        places.filter(|(at, place)| self.kind_number(&place.kind) == *at && self.is_assigned(&place.kind)).map(|(_, place)| &place.kind)
    }

    fn is_assigned(&self, kind: &Kind) -> bool {
        self.places.iter().any(|place| place.kind == *kind && !place.is_fixed())
    }

    /// A function that puts `v`, which scripts give, into the memory `d`.
    fn fill(&self, kind: &Kind) -> String {
        let copies = self.copy_of(kind, "");
        let mut text = String::from("  if type(v) == \"cdata\" then\n");
        for (at, place) in self.places.iter().enumerate().filter(|(_, place)| place.kind == *kind) {
            let memory = place.memory("v");
            let _ = write!(
                text,
                "  if istype(types[{at}], v) then\n    local c, i = ctl[v.__s], v.__i\n    \
                 if not (i < c.n and v.__e == c.e) then unreadable(c.e, v.__e, c.n, NAME, i) end{}\n    \
                 local s = {memory}\n{copies}    return\n  end\n",
                place.root.way("v", self.schema_number(place.root.schema), &quoted(&place.what))
            );
        }
        let _ =
            write!(text, "  end\n  if type(v) ~= \"table\" then bad_value(what, {}, v) end\n  local all = v\n", quoted(&expected(kind)));
        text += &match kind {
            Kind::Array(element, count) => self.fill_elements(element, *count),
            Kind::Struct(schema) => self.fill_fields(schema),
            _ => String::new(),
        };
        let number = self.kind_number(kind);
        format!("known[{number}] = {{ {}}}\nfill_in[{number}] = function(d, v, what)\n{text}end\n", names(kind))
    }

    fn fill_elements(&self, element: &Kind, count: usize) -> String {
        format!(
            "  if rawget(all, {count} + 1) ~= nil then bad_count(what, {count}, \"more\") end\n  \
             for k = 0, {count} - 1 do\n  local v = rawget(all, k + 1)\n  if v == nil then bad_count(what, {count}, k) end\n{}  end\n",
            self.filled_in(element, "d[k]", "what")
        )
    }

    /// The fields in their order, so that it is always the same that is wrong first.
    fn fill_fields(&self, schema: &'static Schema) -> String {
        let mut text = String::new();
        for field in schema.visible() {
            let what = quoted(&format!("field '{}' of a {}", field.name, schema.name));
            let stored = match field.access {
                Access::ReadWrite if !field.kind.is_pointer() => {
                    self.filled_in(&field.kind, &format!("d[{}]", quoted(field.c_name)), &what)
                }
                _ => format!("  read_only({what})\n"),
            };
            let _ = write!(text, "  do\n  local v = rawget(all, {})\n  if v ~= nil then\n{stored}  end\n  end\n", quoted(field.name));
        }
        format!("{text}  only_fields(known[{}], what, all)\n", self.kind_number(&Kind::Struct(schema)))
    }

    /// Statements that put `v` into memory, whatever that is of.
    fn filled_in(&self, kind: &Kind, memory: &str, what: &str) -> String {
        if is_place(kind) { format!("  fill_in[{}]({memory}, v, {what})\n", self.kind_number(kind)) } else { store(kind, memory, what) }
    }

    /// `get`, `put` and the name of what a column can be of.
    fn leaf(&self, number: usize, leaf: &Leaf, schema: &Schema) -> String {
        let path = leaf.steps.iter().fold(String::from("c.p[i]"), |path, step| match step {
            Step::Field(field) => format!("{path}[{}]", quoted(field.c_name)),
            Step::Index(index) => format!("{path}[{index}]"),
        });
        let name = quoted(&leaf.name);
        let what = quoted(&format!("field '{}' of a {}", leaf.name, schema.name));
        let mut text = format!(
            "leaf[{name}] = {number}\nwhat[{number}] = {what}\nget[{number}] = function(c, i) return {} end\n",
            read(&leaf.kind, &path)
        );
        if leaf.read_only {
            let _ = writeln!(text, "put[{number}] = function() read_only({what}) end\nfixed[{number}] = true");
            return text;
        }
        let kind = &leaf.kind;
        let _ = writeln!(text, "put[{number}] = function(c, i, v)\n{}end", store(kind, &path, &what));
        let _ = writeln!(text, "check[{number}] = function(v)\n{}  return {}\nend", check(kind, &what), checked(kind));
        let _ = writeln!(text, "set[{number}] = function(c, i, v)\n{}end", put(kind, &path, "v"));
        text
    }
}

// No accessor ends in a tail call: those in a trace count as turns of a loop to LuaJIT, which
// gives up after 15 of them.

/// The checks before an access by the handle `t`.
const READABLE: &str = "local c, i = ctl[t.__s], t.__i if not (i < c.n and t.__e == c.e) then unreadable(c.e, t.__e, c.n, NAME, i) end";
const WRITABLE: &str =
    "local c, i = ctl[t.__s], t.__i if not (i < c.n and t.__e == c.e and c.m == 1) then unwritable(c.e, t.__e, c.n, NAME, i) end";

fn check_before_writing(place: &Place) -> &'static str {
    if place.is_fixed() { READABLE } else { WRITABLE }
}

/// Makes of the key `k` the index `j` of an element.
const INDEX: &str = "if type(k) ~= \"number\" then bad_index(k, $COUNT, $WHAT) end local j = tobit(k) \
                     if j ~= k or not (j >= 0 and j < $COUNT) then bad_index(k, $COUNT, $WHAT) end\n";

/// The variable that has the last index, in the place of the handle's field.
fn with_last(memory: &str, indices: usize, handle: &str, last: &str) -> String {
    if last.is_empty() { memory.to_owned() } else { memory.replace(&format!("{handle}.__k{indices}"), last) }
}

/// The names of a struct's fields, as entries of a table.
fn names(kind: &Kind) -> String {
    let Kind::Struct(schema) = kind else { return String::new() };
    schema.visible().map(|field| format!("[{}] = true, ", quoted(field.name))).collect()
}

/// Whether scripts have a handle to it rather than a value.
fn is_place(kind: &Kind) -> bool {
    matches!(kind, Kind::Array(..) | Kind::Struct(_))
}

/// Whether scripts can write every byte of it.
fn is_plain(schema: &Schema) -> bool {
    schema.fields.iter().all(|field| field.access == Access::ReadWrite && is_plain_kind(&field.kind))
}

fn is_plain_kind(kind: &Kind) -> bool {
    match kind {
        Kind::Struct(schema) => is_plain(schema),
        Kind::Array(element, _) => is_plain_kind(element),
        pointer => !pointer.is_pointer(),
    }
}

/// A template with what stands for its names.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}
