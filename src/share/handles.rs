//! The Lua code by which scripts reach the host's memory on LuaJIT, made for a struct.
//!
//! What a script holds is a *handle*: a C struct of a few constant numbers (which element,
//! which epoch, which control block), whose metatype has all the code. The compiler sees
//! through all of it: a handle that is made and used in a loop is never allocated, and a
//! checked access comes down to two comparisons beside the access itself. There is no
//! pointer in a handle, and no function that a script can get hold of gives one away.
//!
//! A struct inside the struct, and an array, are *places* of their own, with a type of
//! handle each. They are made once for a struct in a VM, because LuaJIT never frees a type.

use std::fmt::Write;

use crate::error::{Error, Result};
use crate::share::fields::{Access, Kind, Schema, ViewField, expected};
use crate::share::leaves::{Leaf, Step, leaves_of};

/// Places that a struct can have: LuaJIT lets a function have 200 local variables.
const MOST_PLACES: usize = 120;

/// The code of a struct that is `c_name` in C: a chunk that takes what `handles.lua` gives
/// and the address of the control blocks in two halves, and gives a function that makes a
/// view of a slot and an epoch.
pub(super) fn source(schema: &'static Schema, c_name: &str) -> Result<String> {
    let mut made = Generator { numbers: Numbers::for_fields(schema), places: Vec::new(), schemas: Vec::new(), conversions: Vec::new() };
    made.add_struct(schema, Place::element(schema));
    if made.places.len() > MOST_PLACES {
        return Err(Error::type_mismatch(
            format!("a struct with at most {MOST_PLACES} arrays and structs in it"),
            format!("'{c_name}', which has {}", made.places.len()),
        ));
    }
    Ok(made.chunk(schema, c_name))
}

/// What the numbers are that checks work with: a type that no field has which scripts can
/// write, if there is one, because then no store to a field can change them, which the
/// compiler makes use of.
#[derive(Clone, Copy)]
struct Numbers {
    c_type: &'static str,
    /// What the numbers of a control block are called in C: `n`, `m` and `e` are those that
    /// are used.
    declared: &'static str,
}

impl Numbers {
    const DOUBLE: Self = Self { c_type: "double", declared: "double n, m, e; int32_t n32, m32, e32, unused;" };
    const INT: Self = Self { c_type: "int32_t", declared: "double n64, m64, e64; int32_t n, m, e, unused;" };

    fn for_fields(schema: &Schema) -> Self {
        let has_doubles = stores(schema, |kind| matches!(kind, Kind::F64));
        let has_ints = stores(schema, |kind| matches!(kind, Kind::I32 | Kind::U32));
        if has_doubles && !has_ints { Self::INT } else { Self::DOUBLE }
    }
}

/// Whether a script can store a value of this kind.
fn stores(schema: &Schema, is: fn(&Kind) -> bool) -> bool {
    fn any(kind: &Kind, is: fn(&Kind) -> bool) -> bool {
        match kind {
            Kind::Array(element, _) => any(element, is),
            Kind::Struct(schema) => stores(schema, is),
            Kind::Enum(all) => is(&all.repr),
            scalar => is(scalar),
        }
    }
    schema.fields.iter().any(|field| field.access == Access::ReadWrite && any(&field.kind, is))
}

/// A struct or an array that scripts have handles to.
struct Place {
    kind: Kind,
    /// What is behind `c.p[i]`; `@` stands for the handle's name.
    path: String,
    /// How many indices there are on the way, beside the element's own.
    indices: usize,
    /// In messages.
    what: String,
    read_only: bool,
}

impl Place {
    fn element(schema: &'static Schema) -> Self {
        let what = format!("a {}", schema.name);
        Self { kind: Kind::Struct(schema), path: String::new(), indices: 0, what, read_only: false }
    }

    /// The place of a field in this one.
    fn field(&self, schema: &Schema, field: &ViewField) -> Self {
        Self {
            kind: field.kind,
            path: format!("{}[{}]", self.path, quoted(field.c_name)),
            indices: self.indices,
            what: format!("field '{}' of a {}", field.name, schema.name),
            read_only: self.read_only || field.access == Access::ReadOnly,
        }
    }

    /// The place of an element of this array.
    fn item(&self, kind: Kind) -> Self {
        let index = format!("@.__k{}", self.indices + 1);
        Self {
            kind,
            path: format!("{}[{index}]", self.path),
            indices: self.indices + 1,
            what: self.what.clone(),
            read_only: self.read_only,
        }
    }

    /// The memory, where `handle` is the handle and `i` its element's index.
    fn memory(&self, handle: &str) -> String {
        format!("c.p[i]{}", self.path.replace('@', handle))
    }

    /// What `tostring` gives, as an expression of the handle `t`.
    fn text(&self) -> String {
        match self.kind {
            Kind::Struct(schema) if self.path.is_empty() => format!("{} .. tostring(t.__i)", quoted(&format!("{} ", schema.name))),
            _ => format!("{} .. tostring(t.__i) .. \")\"", quoted(&format!("{} (element ", self.what))),
        }
    }

    /// The type of its handles.
    fn c_type(&self, numbers: Numbers) -> String {
        let indices: String = (1..=self.indices).fold(String::new(), |all, k| all + &format!(", __k{k}"));
        format!("struct {{ const {} __i, __e, __s{indices}; }}", numbers.c_type)
    }
}

struct Generator {
    numbers: Numbers,
    places: Vec<Place>,
    /// The structs that there are, each once.
    schemas: Vec<&'static Schema>,
    /// What becomes of an array's elements in a table.
    conversions: Vec<String>,
}

impl Generator {
    /// Adds a place, and those in it.
    fn add(&mut self, place: Place) {
        match place.kind {
            Kind::Struct(schema) => self.add_struct(schema, place),
            Kind::Array(element, _) => {
                let item = is_place(element).then(|| place.item(*element));
                self.places.push(place);
                item.into_iter().for_each(|item| self.add(item));
            }
            _ => {}
        }
    }

    fn add_struct(&mut self, schema: &'static Schema, place: Place) {
        if !self.schemas.iter().any(|&known| std::ptr::eq(known, schema)) {
            self.schemas.push(schema);
        }
        let inner: Vec<Place> = schema.visible().map(|field| place.field(schema, field)).collect();
        self.places.push(place);
        inner.into_iter().for_each(|place| self.add(place));
    }

    fn schema_number(&self, schema: &Schema) -> usize {
        self.schemas.iter().position(|&known| std::ptr::eq(known, schema)).map_or(0, |at| at + 1)
    }

    /// The number of the place with this path.
    fn place_number(&self, path: &str) -> usize {
        self.places.iter().position(|place| place.path == path).unwrap_or(0)
    }

    fn chunk(&mut self, schema: &'static Schema, c_name: &str) -> String {
        let types: String = self
            .places
            .iter()
            .enumerate()
            .fold(String::new(), |all, (at, place)| all + &format!("local C{at} = typeof(\"{}\")\n", place.c_type(self.numbers)));
        let structs: String = (0..self.schemas.len()).map(|at| self.struct_functions(self.schemas[at])).collect();
        let conversions: String = self.conversions.iter().enumerate().map(|(at, text)| format!("convert[{}] = {text}\n", at + 1)).collect();
        let places: String = self.places.iter().enumerate().map(|(at, place)| self.metatype(at, place)).collect();
        let leaves: String = leaves_of(schema).iter().enumerate().map(|(at, leaf)| self.leaf(at + 1, leaf, schema)).collect();
        filled(
            include_str!("handles_template.lua"),
            &[
                ("$TYPES", &types),
                ("$STRUCTS", &structs),
                ("$CONVERSIONS", &conversions),
                ("$PLACES", &places),
                ("$LEAVES", &leaves),
                ("$POINTER", c_name),
                ("$NUMBER", self.numbers.c_type),
                ("$NAME", &quoted(schema.name)),
                ("$DECLARED", self.numbers.declared),
                ("$A_NAME", &quoted(&format!("a view of {}", schema.name))),
                ("$A_STRUCT", &quoted(&format!("a {}", schema.name))),
                ("$AN_ELEMENT", &quoted(&expected(&Kind::Struct(schema)))),
            ],
        )
    }

    /// `source`, `copied` and `totable` of a struct.
    fn struct_functions(&mut self, schema: &'static Schema) -> String {
        let number = self.schema_number(schema);
        let mut text = format!("source[{number}] = function(v)\n  if type(v) ~= \"cdata\" then return nil end\n");
        let places = self.places.iter().enumerate();
        for (at, place) in places.filter(|(_, place)| matches!(place.kind, Kind::Struct(known) if std::ptr::eq(known, schema))) {
            text += &self.source_branch(at, place);
        }
        text += "end\n";
        let _ = writeln!(text, "copied[{number}] = function(d, s)\n{}end", self.copies(schema));
        let fields: Vec<String> = schema
            .visible()
            .map(|field| format!("[{}] = {}", quoted(field.name), self.converted(&field.kind, &format!("s[{}]", quoted(field.c_name)))))
            .collect();
        let _ = writeln!(text, "totable[{number}] = function(s) return {{ {} }} end", fields.join(", "));
        text
    }

    /// Part of a function of `v`: its memory, if it is a handle of this place.
    fn source_branch(&self, at: usize, place: &Place) -> String {
        format!(
            "  if istype(C{at}, v) then\n    local c, i = ctl[v.__s], v.__i\n    \
             if not (i < c.n and v.__e == c.e) then unreadable(c.e, v.__e, c.n, NAME, i, 5) end\n    return {}\n  end\n",
            place.memory("v")
        )
    }

    /// Statements that copy what scripts may write from `s` to `d`.
    fn copies(&self, schema: &Schema) -> String {
        if is_plain(schema) {
            return format!("  copy(d, s, {})\n", schema.size);
        }
        let mut text = String::new();
        for field in schema.fields.iter().filter(|field| field.access == Access::ReadWrite) {
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
            Kind::Struct(schema) => format!("totable[{}]({memory})", self.schema_number(schema)),
            Kind::Array(element, count) => {
                let element = self.converted(element, "a[k]");
                self.conversions.push(format!("function(a, k) return {element} end"));
                format!("sequence({memory}, {count}, convert[{}])", self.conversions.len())
            }
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
            getters += &format!("get[{}] = function(t)\n  {READABLE}\n  return {}\nend\n", quoted(field.name), self.got(&inner, "t", ""));
            let assigned = self.assigned(&inner, "t", "", &inner.what);
            setters += &format!("set[{}] = function(t, v)\n  {}\n{assigned}end\n", quoted(field.name), check_before_writing(&inner));
            order.push(field.name.to_owned());
        }
        let order: String = order.windows(2).map(|two| format!("[{}] = {}, ", quoted(&two[0]), quoted(&two[1]))).collect();
        let same = self.same_indices(place);
        filled(
            "do\nlocal get, set, order = {}, {}, { $ORDER}\n$GETTERS$SETTERS\
             local function step(t, key)\n  if type(t) ~= \"cdata\" or not istype($C, t) then bad_self(3) end\n  \
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
                ("LEVEL", "4"),
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
                ("$READABLE", READABLE),
                ("$CHECK", check_before_writing(&item)),
                ("$INDEX", INDEX),
                ("$GOT", &got),
                ("$PUT", &put),
                ("$SAME", &self.same_indices(place)),
                ("$COUNT", &count.to_string()),
                ("$C", &format!("C{at}")),
                ("$WHAT", &quoted(&place.what)),
                ("$TEXT", &place.text()),
                ("LEVEL", "3"),
            ],
        )
    }

    /// Whether the handles `a` and `b` are of the same place.
    fn same_indices(&self, place: &Place) -> String {
        let names = ["i", "e", "s"].map(str::to_owned).into_iter().chain((1..=place.indices).map(|k| format!("k{k}")));
        let same: String = names.fold(String::new(), |all, name| all + &format!(" and a.__{name} == b.__{name}"));
        format!("type(a) == \"cdata\" and type(b) == \"cdata\" and istype($C, a) and istype($C, b){same}")
    }

    /// What reading a place gives: its value, or a handle to it. `last` is the variable that
    /// has the last index, where it has one.
    fn got(&self, place: &Place, handle: &str, last: &str) -> String {
        if !is_place(&place.kind) {
            return read(&place.kind, &with_last(&place.memory(handle), place.indices, handle, last));
        }
        let at = self.place_number(&place.path);
        let indices: String = (1..=place.indices).fold(String::new(), |all, k| {
            let own = if k == place.indices && !last.is_empty() { last.to_owned() } else { format!("{handle}.__k{k}") };
            all + ", " + &own
        });
        format!("(C{at}(i, {handle}.__e, {handle}.__s{indices}))")
    }

    /// Statements that assign `v` to a place that scripts can write.
    fn assigned(&self, place: &Place, handle: &str, last: &str, what: &str) -> String {
        let what = quoted(what);
        if place.read_only {
            return format!("  read_only({what}, LEVEL)\n");
        }
        let memory = with_last(&place.memory(handle), place.indices, handle, last);
        match place.kind {
            Kind::Struct(schema) => {
                let number = self.schema_number(schema);
                format!(
                    "  local s = source[{number}](v)\n  if s then copied[{number}]({memory}, s) return end\n  \
                     if type(v) == \"table\" then set_fields({}, v) return end\n  bad_value({what}, {}, v, LEVEL)\n",
                    self.got(place, handle, last),
                    quoted(&expected(&place.kind))
                )
            }
            Kind::Array(_, count) => self.assigned_array(place, &memory, count, &self.got(place, handle, last), &what),
            scalar => store(&scalar, &memory, &what),
        }
    }

    fn assigned_array(&self, place: &Place, memory: &str, count: usize, handle: &str, what: &str) -> String {
        let mut text = format!("  local d = {memory}\n");
        for (at, other) in self.places.iter().enumerate().filter(|(_, other)| other.kind == place.kind) {
            text += &format!(
                "  if type(v) == \"cdata\" and istype(C{at}, v) then\n    local c, i = ctl[v.__s], v.__i\n    \
                 if not (i < c.n and v.__e == c.e) then unreadable(c.e, v.__e, c.n, NAME, i, 5) end\n    local s = {}\n{}    return\n  end\n",
                other.memory("v"),
                self.copy_of(&place.kind, "")
            );
        }
        text + &format!(
            "  if type(v) == \"table\" then set_elements({handle}, v, {count}, {what}) return end\n  \
             bad_value({what}, {}, v, LEVEL)\n",
            quoted(&expected(&place.kind))
        )
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
        let body = if leaf.read_only { format!("  read_only({what}, LEVEL)\n") } else { store(&leaf.kind, &path, &what) };
        let _ = writeln!(text, "put[{number}] = function(c, i, v)\n{body}end");
        if leaf.read_only {
            let _ = writeln!(text, "fixed[{number}] = true");
        }
        text.replace("LEVEL", "4")
    }
}

// No accessor ends in a tail call: those in a trace count as turns of a loop to LuaJIT, which
// gives up after 15 of them.

/// The checks before an access by the handle `t`. `LEVEL` stands for how far up who used the
/// handle is, seen from the function that raises: for `error`.
const READABLE: &str =
    "local c, i = ctl[t.__s], t.__i if not (i < c.n and t.__e == c.e) then unreadable(c.e, t.__e, c.n, NAME, i, LEVEL) end";
const WRITABLE: &str =
    "local c, i = ctl[t.__s], t.__i if not (i < c.n and t.__e == c.e and c.m == 1) then unwritable(c.e, t.__e, c.n, NAME, i, LEVEL) end";

fn check_before_writing(place: &Place) -> &'static str {
    if place.read_only { READABLE } else { WRITABLE }
}

/// Makes of the key `k` the index `j` of an element.
const INDEX: &str = "if type(k) ~= \"number\" then bad_index(k, $COUNT, $WHAT) end local j = tobit(k) \
                     if j ~= k or not (j >= 0 and j < $COUNT) then bad_index(k, $COUNT, $WHAT) end\n";

/// The variable that has the last index, in the place of the handle's field.
fn with_last(memory: &str, indices: usize, handle: &str, last: &str) -> String {
    if last.is_empty() { memory.to_owned() } else { memory.replace(&format!("{handle}.__k{indices}"), last) }
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
        _ => true,
    }
}

/// The value of a scalar.
fn read(kind: &Kind, memory: &str) -> String {
    match kind {
        Kind::Text(bytes) => format!("(text({memory}, {bytes}))"),
        _ => memory.to_owned(),
    }
}

/// Statements that store `v`, or say what is wrong with it.
fn store(kind: &Kind, memory: &str, what: &str) -> String {
    let refuse = |wrong: &str| format!("  if {wrong} then bad_value({what}, {}, v, LEVEL) end\n", quoted(&expected(kind)));
    match kind {
        Kind::I32 => refuse("type(v) ~= \"number\" or tobit(v) ~= v") + &format!("  {memory} = v\n"),
        Kind::I8 | Kind::U8 | Kind::I16 | Kind::U16 => {
            let (low, high) = kind.range().unwrap_or_default();
            refuse(&format!("type(v) ~= \"number\" or tobit(v) ~= v or not (v >= {low} and v <= {high})")) + &format!("  {memory} = v\n")
        }
        Kind::U32 => refuse("type(v) ~= \"number\" or not (v >= 0 and v <= 4294967295 and v % 1 == 0)") + &format!("  {memory} = v\n"),
        Kind::I64 | Kind::U64 => {
            let convert = if *kind == Kind::I64 { "to_int64" } else { "to_uint64" };
            format!("  local w = {convert}(v)\n") + &refuse("not w") + &format!("  {memory} = w\n")
        }
        Kind::F32 | Kind::F64 => refuse("type(v) ~= \"number\"") + &format!("  {memory} = v\n"),
        Kind::Bool => refuse("type(v) ~= \"boolean\"") + &format!("  {memory} = v\n"),
        Kind::Enum(all) => {
            let wrong = match contiguous(all.values) {
                Some((low, high)) => format!("type(v) ~= \"number\" or tobit(v) ~= v or not (v >= {low} and v <= {high})"),
                None => format!("type(v) ~= \"number\" or not ({})", any_of(all.values)),
            };
            refuse(&wrong) + &format!("  {memory} = v\n")
        }
        Kind::Text(bytes) => {
            refuse(&format!("not fits(v, {bytes})")) + &format!("  local d = {memory}\n  fill(d, {bytes})\n  copy(d, v, #v)\n")
        }
        Kind::Array(..) | Kind::Struct(_) | Kind::Pointer => String::new(),
    }
}

/// The smallest and the largest value, if all between them are there and are 32-bit integers.
fn contiguous(values: &[i64]) -> Option<(i64, i64)> {
    let (low, high) = (*values.iter().min()?, *values.iter().max()?);
    let all = usize::try_from(high - low).ok()? + 1 == values.len();
    (all && i32::try_from(low).is_ok() && i32::try_from(high).is_ok()).then_some((low, high))
}

fn any_of(values: &[i64]) -> String {
    values.iter().map(|value| format!("v == {value}")).collect::<Vec<_>>().join(" or ")
}

/// A text as Lua reads it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b' ' | b'.' | b',' | b'\'' | b'(' | b')' | b'[' | b']' | b'-' => {
                quoted.push(byte.into());
            }
            other => quoted += &format!("\\{other:03}"),
        }
    }
    quoted + "\""
}

/// A template with what stands for its names.
fn filled(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
}
