//! What a VM knows of views: its control blocks, and what makes the view of a struct.
//!
//! A view is made in one of two ways, with the same meaning: of *handles* (`handles`), where
//! LuaJIT compiles them away, or of userdata with accessors in C (`accessors`), where
//! nothing is compiled. What is needed for either is made at the first view of a struct in
//! a VM, and kept until that is closed.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::lang::{AnyUserData, FromLuaMulti, Function, INTERNAL, IntoLua, IntoLuaMulti, Table, Value};
use crate::share::accessors::Shapes;
use crate::share::control::{Controls, Slot};
use crate::share::export::Wrappers;
use crate::share::ffi::{self, high_half, low_half};
use crate::share::fields::{CView, Kind, Schema};
use crate::share::handles;
use crate::vm::backend::{self, Backend};
use crate::vm::charge::Charge;
use crate::vm::stack::{self, StackGuard};
use crate::vm::state::State;
use crate::vm::views::{self, Control, Metatables, Shape, make_metatables, push_view};
use crate::vm::{hook, slice};

/// How scripts reach the memory of a view: see [`State::view_access`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ViewAccess {
    /// By handles, which LuaJIT compiles away.
    Handles,
    /// By functions in C.
    Accessors,
}

/// What a VM has of views, among its app data.
#[derive(Default)]
pub(super) struct Views {
    controls: Option<Controls>,
    /// What all handles share, and the globals of their functions.
    library: Option<(Table, Table)>,
    /// The structs by their names: a name means one of them in a VM, as in C.
    names: HashMap<&'static str, &'static Schema>,
    handles: HashMap<TypeId, Handles>,
    accessors: HashMap<TypeId, Shapes>,
    /// What all accessors share.
    metatables: Option<Metatables>,
    long_integers: Option<[c_int; 2]>,
    /// What exported functions share.
    pub(super) wrappers: Option<Wrappers>,
    /// Vectors that belong to the VM, by the index of their slot.
    pub(super) vectors: HashMap<u32, Box<dyn Any + Send>>,
    /// What was charged for those of them whose memory counts.
    pub(super) charges: HashMap<u32, Charge>,
}

impl Views {
    /// The VM's.
    pub(super) fn of(state: &mut State) -> &mut Self {
        if state.app_data::<Self>().is_none() {
            state.set_app_data(Self::default());
        }
        match state.app_data_mut::<Self>() {
            Some(views) => views,
            None => unreachable!("it was there or has just been put there"),
        }
    }

    pub(super) fn controls(&mut self) -> &mut Controls {
        self.controls.get_or_insert_with(Controls::new)
    }

    /// Which VM's they are, of all VMs of the process; 0 before the first view.
    pub(super) fn id(&self) -> u64 {
        self.controls.as_ref().map_or(0, Controls::id)
    }

    /// What is in a slot, while that is in use.
    pub(super) fn block(&self, slot: Slot) -> Option<Control> {
        let controls = self.controls.as_ref().filter(|controls| controls.has(slot))?;
        // SAFETY: one of the blocks, which nobody writes to while the VM is borrowed.
        Some(unsafe { controls.block(slot).read() })
    }

    /// Whether a slot is in use.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.controls.as_ref().is_some_and(|controls| controls.has(slot))
    }

    /// Those that the VM has already.
    pub(super) fn found(state: &State) -> Option<&Self> {
        state.app_data::<Self>()
    }
}

/// Views.
impl State {
    /// How scripts would reach the memory of a view that is made now: by handles on a
    /// LuaJIT that compiles, otherwise by functions in C. What scripts can do is the same.
    ///
    /// A view keeps to what it was made with. Handles work also while the compiler is off,
    /// but are slow then.
    ///
    /// ```
    /// use perilune::{Backend, Lua, ViewAccess};
    ///
    /// let mut lua = Lua::new()?;
    /// let expected = if Backend::current().has_jit { ViewAccess::Handles } else { ViewAccess::Accessors };
    /// assert_eq!(lua.view_access()?, expected);
    /// # Ok::<(), perilune::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Memory`].
    pub fn view_access(&mut self) -> Result<ViewAccess> {
        if !Backend::current().has_ffi {
            return Ok(ViewAccess::Accessors);
        }
        match hook::is_compiling(self) {
            Ok(true) => Ok(ViewAccess::Handles),
            // Whether it compiles cannot be told: a trusted script took `jit` apart.
            Ok(false) | Err(Error::Runtime(_)) => Ok(ViewAccess::Accessors),
            Err(error) => Err(error),
        }
    }
}

/// What makes views of a struct.
pub(super) enum Maker {
    Handles(Function),
    Accessors(*const Shape),
}

/// Gets everything ready for views of `T`.
pub(super) fn prepare<T: CView>(state: &mut State) -> Result<Maker> {
    const { T::SCHEMA.check() };
    const { assert!(T::SCHEMA.size == size_of::<T>(), "the schema has another size than the struct") };
    match state.view_access()? {
        ViewAccess::Handles => handles_of::<T>(state).map(|handles| Maker::Handles(handles.make)),
        ViewAccess::Accessors => accessors_of::<T>(state).map(Maker::Accessors),
    }
}

/// The view that scripts get of the memory behind a slot.
pub(super) fn open(state: &mut State, maker: &Maker, slot: Slot) -> Result<Value> {
    match maker {
        Maker::Handles(make) => make.call(state, (slot.index(), slot.epoch())),
        Maker::Accessors(shape) => {
            let control: *const Control = Views::of(state).controls().block(slot);
            let push = |state: &mut State| {
                // SAFETY: the shapes are the VM's, kept until it is closed, as are the
                // blocks; there is room (I4).
                unsafe { push_view(state.raw(), *shape, control, slot.epoch().into()) };
                Ok(())
            };
            state.anchor_pushed(2, push).map(|slot| Value::UserData(AnyUserData::new(slot)))
        }
    }
}

/// The functions of a struct's handles.
#[derive(Clone)]
pub(super) struct Handles {
    make: Function,
    element: Function,
    pointer: Pointer,
}

/// A function of Lua's that gives the memory of an element: no script ever gets it.
pub(super) type Pointer = Function;

/// What finds the memory of elements of views of `T`.
pub(super) fn pointer_of<T: CView>(state: &mut State) -> Result<Pointer> {
    handles_of::<T>(state).map(|handles| handles.pointer)
}

/// An integer of 64 bits as scripts have it in views.
pub(super) fn make64(state: &mut State, bits: u64, is_signed: bool) -> Result<Value> {
    if !Backend::current().has_ffi {
        #[expect(clippy::cast_possible_wrap, reason = "the same bits")]
        return Ok(Value::Integer(bits as i64));
    }
    let make: Function = library(state)?.0.raw_get(state, "make64")?;
    #[expect(clippy::cast_possible_truncation, reason = "that is what a half is")]
    make.call(state, ((bits >> 32) as u32, bits as u32, is_signed))
}

/// The bits of an integer of 64 bits that scripts have from views.
pub(super) fn take64(state: &mut State, value: &Value, is_signed: bool) -> Result<u64> {
    let take: Function = library(state)?.0.raw_get(state, "take64")?;
    let halves: (Option<u32>, Option<u32>) = take.call(state, (value, is_signed))?;
    match halves {
        (Some(high), Some(low)) => Ok(u64::from(high) << 32 | u64::from(low)),
        _ => Err(Error::type_mismatch(if is_signed { "an integer" } else { "an integer from 0 on" }, value.type_name())),
    }
}

/// A chunk of the library's own whose functions no slice of a task ends in, to be called
/// with what all handles share as its first argument.
pub(super) fn call_private<R: FromLuaMulti>(state: &mut State, text: &str, arguments: impl IntoLuaMulti) -> Result<R> {
    let (library, globals) = library(state)?;
    state.load(text).name(PRIVATE).environment(&globals).call((library, arguments))
}

/// Which element of a view of `T` a value is, if it is one: its slot and index. Whether the
/// slot is still in use is not asked.
pub(super) fn element_of<T: CView>(state: &mut State, value: &Value) -> Result<Option<(Slot, usize)>> {
    match value {
        Value::Opaque(_) => {
            let Some(handles) = Views::of(state).handles.get(&TypeId::of::<T>()).cloned() else { return Ok(None) };
            let found: Option<(u32, i32, usize)> = match handles.element.call(state, value)? {
                (Some(index), Some(epoch), Some(element)) => Some((index, epoch, element)),
                _ => None,
            };
            Ok(found.map(|(index, epoch, element)| (Controls::slot(index, epoch), element)))
        }
        Value::UserData(part) => {
            let Some(shape) = Views::of(state).accessors.get(&TypeId::of::<T>()).map(Shapes::shape) else { return Ok(None) };
            let found = stack::with_room(state, 3, |state| {
                // SAFETY: there is room (I4); balanced (I5).
                unsafe {
                    let balance = StackGuard::new(state.raw());
                    part.push_into(state, INTERNAL)?;
                    Ok(views::element_at(state.raw(), balance.top() + 1, shape))
                }
            })?;
            Ok(found.and_then(|(control, epoch, element)| {
                let index = Views::of(state).controls().index_of(control)?;
                Some((Controls::slot(index, epoch), element))
            }))
        }
        _ => Ok(None),
    }
}

fn handles_of<T: CView>(state: &mut State) -> Result<Handles> {
    if let Some(handles) = Views::of(state).handles.get(&TypeId::of::<T>()) {
        return Ok(handles.clone());
    }
    take_name::<T>(state)?;
    ffi::prepare::<T>(state)?;
    let text = handles::source(T::SCHEMA, T::NAME)?;
    let address = Views::of(state).controls().blocks().expose_provenance();
    let leaves = state.create_function(|state: &mut State, ()| leaves_of::<T>(state))?;
    let (make, element, pointer) = call_private(state, &text, (high_half(address), low_half(address), leaves))?;
    let handles = Handles { make, element, pointer };
    Views::of(state).handles.insert(TypeId::of::<T>(), handles.clone());
    Ok(handles)
}

/// What columns and their like need, for the code of handles.
fn leaves_of<T: CView>(state: &mut State) -> Result<Function> {
    let (_, globals) = library(state)?;
    state.load(&handles::leaves_source(T::SCHEMA)).name(PRIVATE).environment(&globals).into_function()
}

/// An error if the VM knows another struct by the same name.
fn take_name<T: CView>(state: &mut State) -> Result<()> {
    let known = *Views::of(state).names.entry(T::NAME).or_insert(T::SCHEMA);
    if known == T::SCHEMA {
        return Ok(());
    }
    let error = Error::type_mismatch("the struct that this VM knows by that name", "another one, with other fields");
    Err(error.at(|| format!("struct '{}'", T::NAME)))
}

/// The name of the library's own chunks.
const PRIVATE: &str = "perilune.view";

/// What all handles share, and the globals by which their functions are known.
fn library(state: &mut State) -> Result<(Table, Table)> {
    if let Some(library) = &Views::of(state).library {
        return Ok(library.clone());
    }
    let ffi = ffi::tools(state)?.library;
    let globals = state.create_table()?;
    let kept = kept(state)?;
    let whence = state.anchor_pushed(2, |state| {
        // SAFETY: there is room (I4).
        unsafe { views::push_where(state.raw()) };
        Ok(())
    })?;
    let whence = Function::new(whence);
    let library: Table = state.load(include_str!("handles.lua")).name(PRIVATE).environment(&globals).call((kept, ffi, whence))?;
    let mark = globals.slot().index();
    // SAFETY: reads within the doors' room, balanced (I2, I4, I5); the table is kept below.
    unsafe { slice::mark_views(state, mark) };
    Views::of(state).library = Some((library.clone(), globals.clone()));
    Ok((library, globals))
}

/// Lua's functions as they were before any script ran.
pub(super) fn kept(state: &mut State) -> Result<Value> {
    let slot = state.vm().kept.get();
    if slot == 0 {
        return Ok(Value::Nil);
    }
    let push = |state: &mut State| {
        // SAFETY: a registry read raises nothing (I2); there is room (I4).
        unsafe { backend::registry_get(state.raw(), slot) };
        Ok(())
    };
    state.anchor_pushed(1, push).map(|slot| Value::Table(Table::new(slot)))
}

fn accessors_of<T: CView>(state: &mut State) -> Result<*const Shape> {
    if let Some(shapes) = Views::of(state).accessors.get(&TypeId::of::<T>()) {
        return Ok(shapes.shape());
    }
    take_name::<T>(state)?;
    let metatables = match Views::of(state).metatables {
        Some(metatables) => metatables,
        None => {
            let metatables = make_metatables(state)?;
            *Views::of(state).metatables.insert(metatables)
        }
    };
    let long = long_integers(state, T::SCHEMA)?;
    let shapes = Shapes::new(state, T::SCHEMA, metatables, long)?;
    let shape = shapes.shape();
    Views::of(state).accessors.insert(TypeId::of::<T>(), shapes);
    Ok(shape)
}

/// Registry slots of what makes integers of 64 bits and takes them apart, where there are
/// any and Lua's numbers have fewer.
fn long_integers(state: &mut State, schema: &'static Schema) -> Result<[c_int; 2]> {
    if !Backend::current().has_ffi || !schema.has(|kind| matches!(kind, Kind::I64 | Kind::U64)) {
        return Ok([0; 2]);
    }
    if let Some(slots) = Views::of(state).long_integers {
        return Ok(slots);
    }
    let (library, _) = library(state)?;
    let mut slots = [0; 2];
    for (slot, name) in slots.iter_mut().zip(["make64", "take64"]) {
        let function: Function = library.raw_get(state, name)?;
        *slot = views::keep(state, |state| function.push_into(state, INTERNAL))?;
    }
    Views::of(state).long_integers = Some(slots);
    Ok(slots)
}

#[cfg(test)]
mod tests {
    use super::Views;
    use crate::{Lua, c_struct};

    c_struct! {
        struct Point {
            x: i32,
        }
    }

    /// Whether scripts, calls and slices have anything of views to look at.
    fn has_any(lua: &Lua) -> bool {
        Views::found(lua).is_some() || !lua.vm().gate.views.get().is_null()
    }

    #[test]
    fn a_vm_has_nothing_of_views_before_the_first() {
        let mut lua = Lua::new().unwrap();
        assert_eq!(lua.run("local sum = 0 for i = 1, 100 do sum = sum + i end return sum").unwrap().first::<i32>(&mut lua).unwrap(), 5050);
        assert!(!has_any(&lua));
        lua.lend("points", &mut [Point { x: 1 }], |state| state.run("points[0].x = 2").map(drop)).unwrap();
        assert!(has_any(&lua));
    }
}
