//! What a type registered, made into a metatable: once a VM for a type, once for each
//! value of a scope.
//!
//! A type without fields has a plain table of methods as its `__index`, which Lua looks
//! into by itself. One with fields has functions that look a name up (`accessors`).

use std::any::{TypeId, type_name};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::c_int;
use std::marker::PhantomData;

use crate::error::{Error, Result};
use crate::lang::convert::{FromLua, INTERNAL, Internal, IntoLua};
use crate::lang::userdata::method::Receiver;
use crate::lang::userdata::registry::{Entry, Kind, Make, Site};
use crate::lang::userdata::{accessors, meta, refused};
use crate::lang::{AnyUserData, Function, MetaMethod, Table, UserData, UserDataRegistry, Value};
use crate::sys;
use crate::vm::block::{self, Contents};
use crate::vm::class::{self, Class, Progress};
use crate::vm::owner::VmRef;
use crate::vm::state::State;
use crate::vm::trampoline::Invoke;
use crate::vm::{backend, stack};

/// Keys of a metatable under which a type's proxy finds the members, and what makes the
/// type callable. They are numbers, so that no metamethod can have them.
const MEMBERS: u8 = 1;
const CONSTRUCT: u8 = 2;

/// The class of a type, with all that the type registers.
#[inline]
pub(crate) fn class_of<T: UserData>(state: &mut State) -> Result<Class> {
    match state.vm().classes.find(TypeId::of::<T>()) {
        Some(class) if class.progress != Progress::Bare => Ok(class),
        _ => make_class(state, TypeId::of::<T>(), name_of::<T>(), entries_of::<T>),
    }
}

fn entries_of<T: UserData>() -> Vec<Entry> {
    let mut registry = UserDataRegistry::new();
    T::register(&mut registry);
    registry.into_entries()
}

/// A type's name without the paths: `Pair<u8, Name>`.
pub(crate) fn name_of<T>() -> String {
    short_name(type_name::<T>())
}

fn short_name(full: &str) -> String {
    let (mut short, mut start) = (String::new(), 0);
    for (at, character) in full.char_indices() {
        match character {
            ':' => start = at + 1,
            _ if character.is_alphanumeric() || character == '_' => {}
            _ => {
                short.push_str(&full[start..at]);
                short.push(character);
                start = at + character.len_utf8();
            }
        }
    }
    short.push_str(&full[start..]);
    // Newer compilers show that there are lifetimes, without saying which.
    short.replace("'_, ", "").replace("<'_>", "").replace("'_ ", "")
}

/// Makes the class of a type, or goes on where it could not be completed before.
#[cold]
fn make_class(state: &mut State, id: TypeId, name: String, entries: impl FnOnce() -> Vec<Entry>) -> Result<Class> {
    let entries = entries();
    complete(state, id, name, |state, metatable, site| fill(state, metatable, site, entries))
}

/// Lets `fill` put into a class what belongs there.
fn complete(state: &mut State, id: TypeId, name: String, fill: impl FnOnce(&mut State, &Table, &Site) -> Result<()>) -> Result<Class> {
    let class = class::find_or_make(state, id, || name.clone())?;
    let metatable = metatable_of(state, class)?;
    let mut filling = Filling::begin(state.vm(), id);
    fill(state, &metatable, &Site::new(name, class.address))?;
    filling.result = Progress::Finished;
    drop(filling);
    Ok(Class { progress: Progress::Finished, ..class })
}

/// Notes that a class is being filled, and what came of it: a value of the type that is
/// made meanwhile, as a constant of its own type, gets the class as it is.
struct Filling {
    vm: VmRef,
    id: TypeId,
    result: Progress,
}

impl Filling {
    fn begin(vm: VmRef, id: TypeId) -> Self {
        vm.classes.set_progress(id, Progress::Filling);
        Self { vm, id, result: Progress::Bare }
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.vm.classes.set_progress(self.id, self.result);
    }
}

/// The metatable of a class.
fn metatable_of(state: &mut State, class: Class) -> Result<Table> {
    let push = |state: &mut State| {
        // SAFETY: a registry read raises nothing (I2); there is room (I4).
        unsafe { backend::registry_get(state.raw(), class.metatable) };
        Ok(())
    };
    state.anchor_pushed(1, push).map(Table::new)
}

/// The entries by what they become. Of those with one name the type's own wins, and
/// among a type's own the last.
#[derive(Default)]
struct Plan {
    members: BTreeMap<String, Make>,
    getters: BTreeMap<String, Make>,
    setters: BTreeMap<String, Make>,
    metas: BTreeMap<String, Make>,
    /// Whether `__call` needs no value of the type.
    construct: bool,
}

impl Plan {
    fn of(mut entries: Vec<Entry>) -> Result<Self> {
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.depth));
        let mut plan = Self::default();
        for Entry { kind, name, make, .. } in entries {
            match kind {
                Kind::Member => {
                    plan.getters.remove(&name);
                    plan.members.insert(name, make);
                }
                Kind::Getter => {
                    plan.members.remove(&name);
                    plan.getters.insert(name, make);
                }
                Kind::Setter => drop(plan.setters.insert(name, make)),
                Kind::Meta | Kind::MetaFunction => {
                    meta::check(&name).map_err(|error| error.at(|| "a userdata type".to_owned()))?;
                    if name == MetaMethod::Call.name() {
                        plan.construct = kind == Kind::MetaFunction;
                    }
                    plan.metas.insert(name, make);
                }
            }
        }
        Ok(plan)
    }
}

/// Makes the entries and puts them into the metatable.
pub(crate) fn fill(state: &mut State, metatable: &Table, site: &Site, entries: Vec<Entry>) -> Result<()> {
    let mut plan = Plan::of(entries)?;
    let readable = plan.getters.keys().cloned().collect();
    let (own_index, own_new_index) = (plan.metas.remove(MetaMethod::Index.name()), plan.metas.remove(MetaMethod::NewIndex.name()));
    let has_fields = !plan.getters.is_empty() || own_index.is_some();
    // Already there while they are made, for a member that is a proxy of the type.
    let members = state.create_table_with_capacity(0, plan.members.len())?;
    metatable.raw_set(state, MEMBERS, &members)?;
    make_into(state, site, &members, plan.members)?;
    let index = if has_fields {
        let getters = make_all(state, site, plan.getters)?;
        let otherwise = or_unknown(state, site, own_index, Access::Read)?;
        Value::Function(accessors::index(state, &members, &getters, &otherwise)?)
    } else {
        Value::Table(members)
    };
    metatable.raw_set(state, MetaMethod::Index.name(), index)?;
    let mut new_index = or_unknown(state, site, own_new_index, Access::Write { readable })?;
    if !plan.setters.is_empty() {
        let setters = make_all(state, site, plan.setters)?;
        new_index = accessors::new_index(state, &setters, &new_index)?;
    }
    metatable.raw_set(state, MetaMethod::NewIndex.name(), new_index)?;
    set_defaults(state, metatable, site)?;
    for (name, make) in plan.metas {
        let value = make.make(state, site)?;
        if plan.construct && name == MetaMethod::Call.name() {
            metatable.raw_set(state, CONSTRUCT, &value)?;
        }
        metatable.raw_set(state, name, value)?;
    }
    Ok(())
}

/// A table of what the entries make.
fn make_all(state: &mut State, site: &Site, entries: BTreeMap<String, Make>) -> Result<Table> {
    let table = state.create_table_with_capacity(0, entries.len())?;
    make_into(state, site, &table, entries)?;
    Ok(table)
}

/// Puts what the entries make into a table.
fn make_into(state: &mut State, site: &Site, table: &Table, entries: BTreeMap<String, Make>) -> Result<()> {
    for (name, make) in entries {
        let value = make.make(state, site)?;
        table.raw_set(state, name, value)?;
    }
    Ok(())
}

/// What the type has for names that it does not know, or what says so.
fn or_unknown(state: &mut State, site: &Site, own: Option<Make>, access: Access) -> Result<Function> {
    let value = match own {
        Some(make) => make.make(state, site)?,
        None => site.function(state, Unknown { type_name: site.type_name.as_str().into(), access })?,
    };
    Function::from_lua(value, state).map_err(|error| error.at(|| format!("'__index' or '__newindex' of {}", site.type_name)))
}

/// What every type has unless it has its own.
fn set_defaults(state: &mut State, metatable: &Table, site: &Site) -> Result<()> {
    let describe = site.function(state, Describe(site.type_name.as_str().into()))?;
    metatable.raw_set(state, MetaMethod::ToString.name(), describe)?;
    if MetaMethod::Close.is_supported() {
        let close = site.function(state, Close(site.receiver(':', MetaMethod::Close.name())))?;
        metatable.raw_set(state, MetaMethod::Close.name(), close)?;
    }
    Ok(())
}

/// What is done with a name.
enum Access {
    Read,
    Write { readable: BTreeSet<String> },
}

/// Says that there is no such field.
struct Unknown {
    type_name: Box<str>,
    access: Access,
}

impl Invoke for Unknown {
    const COUNTED: bool = false;

    unsafe fn invoke(&self, state: &mut State, _: c_int) -> Result<c_int> {
        let name = match String::from_stack(state, 2, INTERNAL) {
            Ok(name) => name,
            // SAFETY: reads the second argument (I2).
            Err(_) => format!("({})", unsafe { stack::type_name(state.raw(), 2) }),
        };
        let type_name = &self.type_name;
        Err(Error::runtime(match &self.access {
            Access::Read => format!("a {type_name} has no field or method '{name}'"),
            Access::Write { readable } if readable.contains(&name) => {
                format!("cannot set field '{name}' of a {type_name}: it can only be read")
            }
            Access::Write { .. } => format!("cannot set field '{name}' of a {type_name}: it has no such field"),
        }))
    }
}

/// `__tostring` of a type that has none: its name and address, as Lua prints a table.
struct Describe(Box<str>);

impl Invoke for Describe {
    const COUNTED: bool = false;

    unsafe fn invoke(&self, state: &mut State, _: c_int) -> Result<c_int> {
        // SAFETY: reads the first argument (I2).
        let address = unsafe { sys::lua_topointer(state.raw(), 1) };
        stack::push_text(state, format!("{}: {address:p}", self.0).as_bytes()).map(|()| 1)
    }
}

/// `__close` of a type that has none: drops the value.
struct Close(Receiver);

impl Invoke for Close {
    const COUNTED: bool = false;

    unsafe fn invoke(&self, state: &mut State, _: c_int) -> Result<c_int> {
        // SAFETY: as for a method.
        let Some(block) = (unsafe { block::at(state.raw(), 1, self.0.class) }) else { return Ok(0) };
        block.close().map_err(|refusal| refused(&self.0.type_name, &self.0.name, refusal))?;
        Ok(0)
    }
}

/// Stands for a type itself: what a script calls functions of.
struct Proxy<T>(PhantomData<fn(T)>);

/// Pushes a value. `[-0, +1, m]` Needs room for one value; the metatable takes the doors' own.
#[inline]
fn push<T: Send + 'static>(state: &mut State, class: Class, value: T) {
    // SAFETY: grace and room (I3, I4); the class is the one of the type.
    unsafe { Contents::owned(value).push(state.raw(), class.metatable) };
}

impl<T: UserData> IntoLua for T {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        state.create_userdata(self).map(Value::UserData)
    }

    fn push_into(self, state: &mut State, _: Internal) -> Result<()> {
        let class = class_of::<T>(state)?;
        push(state, class, self);
        Ok(())
    }
}

/// Userdata.
impl State {
    /// Moves a value into the VM. The first one of its type makes the type known there.
    ///
    /// ```
    /// use perilune::{Lua, UserData};
    ///
    /// struct Purse { gold: u32 }
    /// impl UserData for Purse {}
    ///
    /// let mut lua = Lua::new()?;
    /// let purse = lua.create_userdata(Purse { gold: 7 })?;
    /// purse.borrow_mut::<Purse>(&mut lua)?.gold += 1;
    /// assert_eq!(purse.take::<Purse>(&mut lua)?.gold, 8);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`]; [`Error::Unsupported`] or [`Error::Type`] for a metamethod that
    /// the type cannot have.
    pub fn create_userdata<T: UserData>(&mut self, value: T) -> Result<AnyUserData> {
        let class = class_of::<T>(self)?;
        self.keep(class, value)
    }

    /// Moves a value of any type into the VM: one that was registered with
    /// [`State::register_userdata_type`], or one that scripts only pass around.
    ///
    /// ```
    /// use perilune::Lua;
    ///
    /// let mut lua = Lua::new()?;
    /// let ticket = lua.create_any_userdata(vec![1, 2, 3])?;
    /// assert_eq!(ticket.borrow::<Vec<i32>>(&lua)?.len(), 3);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn create_any_userdata<T: Send + 'static>(&mut self, value: T) -> Result<AnyUserData> {
        let class = class::find_or_make(self, TypeId::of::<T>(), name_of::<T>)?;
        self.keep(class, value)
    }

    fn keep<T: Send + 'static>(&mut self, class: Class, value: T) -> Result<AnyUserData> {
        let push = |state: &mut State| {
            push(state, class, value);
            Ok(())
        };
        self.anchor_pushed(2, push).map(AnyUserData::new)
    }

    /// Registers fields and methods for a type that does not implement [`UserData`], such
    /// as one of another crate's.
    ///
    /// ```
    /// use std::time::Duration;
    /// use perilune::{Lua, UserDataFields};
    ///
    /// let mut lua = Lua::new()?;
    /// lua.register_userdata_type::<Duration>(|registry| {
    ///     registry.add_field_method_get("seconds", |_, this| Ok(this.as_secs_f64()));
    /// })?;
    /// let pause = lua.create_any_userdata(Duration::from_millis(1500))?;
    /// lua.set("pause", pause)?;
    /// lua.run("assert(pause.seconds == 1.5)")?;
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Runtime`] if the type is registered already; otherwise as for
    /// [`State::create_userdata`].
    pub fn register_userdata_type<T: Send + 'static>(&mut self, register: impl FnOnce(&mut UserDataRegistry<T>)) -> Result<()> {
        let id = TypeId::of::<T>();
        if self.vm().classes.find(id).is_some_and(|class| class.progress != Progress::Bare) {
            return Err(Error::runtime(format!("the type {} is registered in this VM already", name_of::<T>())));
        }
        let entries = || {
            let mut registry = UserDataRegistry::new();
            register(&mut registry);
            registry.into_entries()
        };
        make_class(self, id, name_of::<T>(), entries).map(drop)
    }

    /// A value that stands for the type itself: scripts call the type's functions through
    /// it, `Vec2.new(1, 2)`, and read its constants. A `__call` that was registered as a
    /// function makes it callable.
    ///
    /// # Errors
    /// As for [`State::create_userdata`].
    pub fn create_proxy<T: UserData>(&mut self) -> Result<AnyUserData> {
        let class = class_of::<T>(self)?;
        let id = TypeId::of::<Proxy<T>>();
        let proxy = match self.vm().classes.find(id) {
            Some(proxy) if proxy.progress == Progress::Finished => proxy,
            _ => {
                let name = format!("class {}", name_of::<T>());
                complete(self, id, name, |state, metatable, site| fill_proxy(state, metatable, site, class))?
            }
        };
        self.keep(proxy, Proxy::<T>(PhantomData))
    }
}

/// What of a type can be used without a value of it.
fn fill_proxy(state: &mut State, metatable: &Table, site: &Site, class: Class) -> Result<()> {
    let of = metatable_of(state, class)?;
    let (members, construct): (Value, Value) = (of.raw_get(state, MEMBERS)?, of.raw_get(state, CONSTRUCT)?);
    metatable.raw_set(state, MetaMethod::Index.name(), members)?;
    metatable.raw_set(state, MetaMethod::Call.name(), construct)?;
    let new_index = or_unknown(state, site, None, Access::Write { readable: BTreeSet::new() })?;
    metatable.raw_set(state, MetaMethod::NewIndex.name(), new_index)?;
    set_defaults(state, metatable, site)
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn names_are_without_paths() {
        assert_eq!(short_name("game::unit::Unit"), "Unit");
        assert_eq!(short_name("a::Pair<b::c::Left, alloc::vec::Vec<u8>>"), "Pair<Left, Vec<u8>>");
        assert_eq!(short_name("(a::B, &mut [c::D])"), "(B, &mut [D])");
        assert_eq!(short_name("a::Party<'_>"), "Party");
        assert_eq!(short_name("&'_ a::Pair<'_, '_, u8>"), "&Pair<u8>");
        assert_eq!(short_name("dyn a::B + core::marker::Send"), "dyn B + Send");
    }
}
