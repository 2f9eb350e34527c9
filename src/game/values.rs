//! A party as scripts see it: units, items and their arrays as userdata, from 0 on and
//! under the names of the C structs, on both backends.
//!
//! The party's memory stays where it is, in one userdata; the values here only say where
//! in it something is, and look there anew each time, so that none can be left behind by
//! a party that grows. Every number that a script writes is held against the field's
//! range.

#![forbid(unsafe_code)]

use std::ffi::c_int;

use crate::error::{Error, Result};
use crate::game::{ABILITIES, Field, GEAR, Party};
use crate::lang::{AnyUserData, FromLua, IntoLua, MetaMethod, UserData, UserDataFields, UserDataMethods, Value};
use crate::vm::state::State;

/// `party[i]` is a unit, `#party` how many there are, `party.items` the catalogue.
///
/// ```
/// use perilune::game::{Party, STR};
/// use perilune::{AnyUserData, Lua};
///
/// let mut party = Party::new();
/// party.add_unit("Rowan");
///
/// let mut lua = Lua::new()?;
/// let party = lua.create_userdata(party)?;
/// lua.set("party", &party)?;
/// lua.run("
///     local rowan = party[0]
///     rowan.hp = { 7, 9 }
///     rowan.stats[1] = 5
///     rowan:heal(1)
///     local axe = party:add_item('hand axe', 'for firewood and for worse')
///     axe.damage = 6
///     assert(rowan:give(axe) and rowan.gear[0].damage == 6)
/// ")?;
///
/// let rowan = &party.borrow::<Party>(&lua)?.units()[0];
/// assert_eq!((rowan.hp, rowan.stats[STR], rowan.gear_count[0]), ([8, 9], 5, 1));
///
/// let error = lua.run("party[0].alignment = 21").unwrap_err();
/// assert!(error.to_string().contains("alignment: expected 1 to 20, got 21"), "{error}");
/// # Ok::<(), perilune::Error>(())
/// ```
impl UserData for Party {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_function_get("items", |_, party| Ok(Items { party }));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Len, |_: &mut State, this: &Self, (): ()| Ok(this.units().len()));
        methods.add_meta_function(MetaMethod::Index, |state: &mut State, (party, index): (AnyUserData, Value)| -> Result<Unit> {
            let count = party.borrow::<Self>(state)?.units().len();
            let index = place(state, "party", &index, count)?;
            Ok(Unit { party, index })
        });
        methods.add_function("add_unit", |state: &mut State, (party, name): (AnyUserData, &str)| -> Result<Unit> {
            let index = party.borrow_mut::<Self>(state)?.add_unit(whole(name)?);
            Ok(Unit { party, index })
        });
        methods.add_function(
            "add_item",
            |state: &mut State, (party, name, description): (AnyUserData, &str, Option<&str>)| -> Result<Item> {
                let index = party.borrow_mut::<Self>(state)?.add_item(whole(name)?, whole(description.unwrap_or_default())?);
                Ok(Item { party, index })
            },
        );
        methods.add_function("find_item", |state: &mut State, (party, name): (AnyUserData, &str)| -> Result<Option<Item>> {
            let found = party.borrow::<Self>(state)?.find_item(name);
            Ok(found.map(|index| Item { party, index }))
        });
        methods.add_meta_method(MetaMethod::ToString, |_: &mut State, this: &Self, (): ()| {
            Ok(format!("party of {} units", this.units().len()))
        });
    }
}

/// One unit, by itself: what is passed by copy.
///
/// [`State::set`] puts a copy of it, and of all it carries, into the VM, where scripts
/// see a unit as in a [`Party`]; [`State::get`] copies a unit out again.
///
/// ```
/// use perilune::Lua;
/// use perilune::game::{Character, DEX};
///
/// let mut hero = Character::new("Rowan");
/// hero.unit_mut().hp = [7, 9];
///
/// let mut lua = Lua::new()?;
/// lua.set("hero", hero)?;
/// lua.run("hero.stats[2] = 6 twin = hero:clone() twin.name = hero.name .. ' the second' twin:damage(3)")?;
///
/// let (hero, twin): (Character, Character) = (lua.get("hero")?, lua.get("twin")?);
/// assert_eq!((hero.name(), hero.unit().hp[0], hero.unit().stats[DEX]), ("Rowan", 7, 6));
/// assert_eq!((twin.name(), twin.unit().hp[0], twin.unit().stats[DEX]), ("Rowan the second", 4, 6));
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug)]
pub struct Character(Party);

impl Character {
    /// Somebody of this name, with everything else as [`Unit::default`](super::Unit::default) has it.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut party = Party::new();
        party.add_unit(name);
        Self(party)
    }

    /// A copy of a party's unit, with copies of what it carries; `None` if there is no
    /// such unit.
    #[must_use]
    pub fn of(party: &Party, unit: usize) -> Option<Self> {
        party.copy_of(unit).map(Self)
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> &super::Unit {
        &self.0.units()[0]
    }

    /// The unit, to be changed.
    pub fn unit_mut(&mut self) -> &mut super::Unit {
        &mut self.0.units_mut()[0]
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.unit_name(0)
    }

    /// The party of this unit alone, which owns what it carries.
    #[must_use]
    pub fn party(&self) -> &Party {
        &self.0
    }

    /// Adds it to a party, and says its index there.
    pub fn join(&self, party: &mut Party) -> usize {
        // A character has exactly one unit.
        party.adopt(&self.0, 0).unwrap_or_default()
    }
}

impl Clone for Character {
    fn clone(&self) -> Self {
        Self::of(&self.0, 0).unwrap_or_else(|| Self::new(""))
    }
}

impl IntoLua for Character {
    fn into_lua(self, state: &mut State) -> Result<Value> {
        let party = state.create_userdata(self.0)?;
        Unit { party, index: 0 }.into_lua(state)
    }
}

impl FromLua for Character {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        let kind = value.type_name();
        let Value::UserData(value) = value else { return Err(Error::type_mismatch("a unit", kind)) };
        let unit = value.borrow::<Unit>(state)?.clone();
        let copy = Self::of(unit.party.borrow(state)?, unit.index);
        copy.ok_or_else(|| gone("unit", unit.index))
    }
}

/// A unit of a party.
#[derive(Debug, Clone)]
struct Unit {
    party: AnyUserData,
    index: usize,
}

impl Unit {
    fn read<'a>(&self, state: &'a State) -> Result<&'a super::Unit> {
        self.party.borrow::<Party>(state)?.units().get(self.index).ok_or_else(|| gone("unit", self.index))
    }

    fn change<'a>(&self, state: &'a mut State) -> Result<&'a mut super::Unit> {
        self.party.borrow_mut::<Party>(state)?.units_mut().get_mut(self.index).ok_or_else(|| gone("unit", self.index))
    }

    /// Does something with an item of the same party, `count` times or until it is refused.
    fn handle(&self, state: &mut State, item: &Which, count: Option<c_int>, act: fn(&mut Party, usize, usize) -> bool) -> Result<bool> {
        let item = item.of(state, &self.party)?;
        let count = count.unwrap_or(1);
        if count < 1 {
            return Err(Error::type_mismatch("gear_count: 1 or more of an item", count.to_string()));
        }
        let party = self.party.borrow_mut::<Party>(state)?;
        // More than there are cannot be taken, and nobody carries more than a count holds.
        Ok((0..count.min(1 << 20)).all(|_| act(party, self.index, item)))
    }
}

impl UserData for Unit {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        for field in Field::ALL {
            if field.is_array() {
                fields.add_field_method_get(field.name(), move |_, this| Ok(Numbers { unit: this.clone(), field }));
                fields.add_field_method_set(field.name(), move |state, this, numbers: Vec<c_int>| {
                    this.change(state)?.set_all(field, &numbers)
                });
            } else {
                fields.add_field_method_get(field.name(), move |state, this| this.read(state)?.get(field, 0));
                fields.add_field_method_set(field.name(), move |state, this, number| this.change(state)?.set(field, 0, number));
            }
        }
        fields.add_field_method_get("name", |state, this| {
            let party = this.party.borrow::<Party>(state)?;
            this.read(state).map(|_| party.unit_name(this.index).to_owned())
        });
        fields.add_field_method_set("name", |state, this, name: String| {
            let renamed = this.party.borrow_mut::<Party>(state)?.rename(this.index, whole(&name)?);
            renamed.then_some(()).ok_or_else(|| gone("unit", this.index))
        });
        fields.add_field_method_get("gear", |_, this| Ok(Gear(this.clone())));
        fields.add_field_method_get("index", |_, this| Ok(this.index));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_method("bonus", |state: &mut State, this: &Self, ability: Value| {
            let ability = ability_of(state, &ability)?;
            this.read(state)?.bonus(ability)
        });
        methods.add_method("heal", |state: &mut State, this: &Self, points: c_int| this.change(state)?.heal(points));
        methods.add_method("damage", |state: &mut State, this: &Self, points: c_int| this.change(state)?.damage(points));
        methods.add_method("is_alive", |state: &mut State, this: &Self, (): ()| this.read(state).map(super::Unit::is_alive));
        methods.add_method("give", |state: &mut State, this: &Self, (item, count): (Which, Option<c_int>)| {
            this.handle(state, &item, count, Party::give)
        });
        methods.add_method("take", |state: &mut State, this: &Self, (item, count): (Which, Option<c_int>)| {
            this.handle(state, &item, count, Party::take)
        });
        methods.add_method("equip", |state: &mut State, this: &Self, item: Which| -> Result<c_int> {
            let item = item.of(state, &this.party)?;
            let bonus = this.party.borrow_mut::<Party>(state)?.equip(this.index, item);
            bonus.ok_or_else(|| Error::runtime(format!("gear: all {GEAR} places of the unit are taken: take something away first")))
        });
        methods.add_method("clone", |state: &mut State, this: &Self, (): ()| {
            Character::of(this.party.borrow(state)?, this.index).ok_or_else(|| gone("unit", this.index))
        });
        methods.add_meta_function(MetaMethod::Eq, |state: &mut State, (one, other): (AnyUserData, AnyUserData)| {
            are_same(state, &one, &other, |this: &Self| (&this.party, this.index))
        });
        methods.add_meta_method(MetaMethod::ToString, |state: &mut State, this: &Self, (): ()| {
            let [hp, most] = this.read(state)?.hp;
            let party = this.party.borrow::<Party>(state)?;
            Ok(format!("unit {} '{}' ({hp} of {most} hp)", this.index, party.unit_name(this.index)))
        });
    }
}

/// An array of a unit's numbers.
#[derive(Debug)]
struct Numbers {
    unit: Unit,
    field: Field,
}

impl UserData for Numbers {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |state: &mut State, this: &Self, index: Value| {
            let index = place(state, this.field.name(), &index, this.field.places())?;
            this.unit.read(state)?.get(this.field, index)
        });
        methods.add_meta_method(MetaMethod::NewIndex, |state: &mut State, this: &Self, (index, value): (Value, Value)| -> Result<()> {
            let index = place(state, this.field.name(), &index, this.field.places())?;
            let value: c_int = value.to(state).map_err(|error| error.at(|| format!("{}[{index}]", this.field)))?;
            this.unit.change(state)?.set(this.field, index, value)
        });
        methods.add_meta_method(MetaMethod::Len, |_: &mut State, this: &Self, (): ()| Ok(this.field.places()));
        methods.add_meta_method(MetaMethod::ToString, |state: &mut State, this: &Self, (): ()| {
            Ok(format!("{} {:?}", this.field, this.unit.read(state)?.numbers(this.field)))
        });
    }
}

/// A unit's places for items.
#[derive(Debug)]
struct Gear(Unit);

impl UserData for Gear {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |state: &mut State, Self(unit): &Self, index: Value| -> Result<Option<Item>> {
            let index = place(state, "gear", &index, GEAR)?;
            let item = unit.party.borrow::<Party>(state)?.item_at(unit.index, index);
            Ok(item.map(|index| Item { party: unit.party.clone(), index }))
        });
        methods.add_meta_method(
            MetaMethod::NewIndex,
            |state: &mut State, Self(unit): &Self, (index, item): (Value, Option<Which>)| -> Result<()> {
                let index = place(state, "gear", &index, GEAR)?;
                let item = item.map(|item| item.of(state, &unit.party)).transpose()?;
                let put = unit.party.borrow_mut::<Party>(state)?.put(unit.index, index, item);
                put.then_some(()).ok_or_else(|| gone("unit", unit.index))
            },
        );
        methods.add_meta_method(MetaMethod::Len, |_: &mut State, _: &Self, (): ()| Ok(GEAR));
    }
}

/// The catalogue of a party.
#[derive(Debug)]
struct Items {
    party: AnyUserData,
}

impl UserData for Items {
    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::Index, |state: &mut State, this: &Self, index: Value| -> Result<Item> {
            let count = this.party.borrow::<Party>(state)?.items().len();
            Ok(Item { party: this.party.clone(), index: place(state, "items", &index, count)? })
        });
        methods.add_meta_method(MetaMethod::Len, |state: &mut State, this: &Self, (): ()| {
            this.party.borrow::<Party>(state).map(|party| party.items().len())
        });
    }
}

/// An item of a party's catalogue.
#[derive(Debug, Clone)]
struct Item {
    party: AnyUserData,
    index: usize,
}

impl Item {
    fn read<'a>(&self, state: &'a State) -> Result<&'a super::Item> {
        self.party.borrow::<Party>(state)?.items().get(self.index).ok_or_else(|| gone("item", self.index))
    }

    fn change<'a>(&self, state: &'a mut State) -> Result<&'a mut super::Item> {
        self.party.borrow_mut::<Party>(state)?.items_mut().get_mut(self.index).ok_or_else(|| gone("item", self.index))
    }
}

impl UserData for Item {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_field_method_get("name", |state, this| {
            this.read(state)?;
            Ok(this.party.borrow::<Party>(state)?.item_name(this.index).to_owned())
        });
        fields.add_field_method_set("name", |state, this, name: String| {
            let renamed = this.party.borrow_mut::<Party>(state)?.rename_item(this.index, whole(&name)?);
            renamed.then_some(()).ok_or_else(|| gone("item", this.index))
        });
        fields.add_field_method_get("description", |state, this| {
            this.read(state)?;
            Ok(this.party.borrow::<Party>(state)?.item_description(this.index).to_owned())
        });
        fields.add_field_method_set("description", |state, this, text: String| {
            let described = this.party.borrow_mut::<Party>(state)?.describe_item(this.index, whole(&text)?);
            described.then_some(()).ok_or_else(|| gone("item", this.index))
        });
        fields.add_field_method_get("damage", |state, this| this.read(state).map(|item| item.damage));
        fields.add_field_method_set("damage", |state, this, value| this.change(state).map(|item| item.damage = value));
        fields.add_field_method_get("armor_bonus", |state, this| this.read(state).map(|item| item.armor_bonus));
        fields.add_field_method_set("armor_bonus", |state, this, value| this.change(state).map(|item| item.armor_bonus = value));
        fields.add_field_method_get("weight", |state, this| this.read(state).map(|item| item.weight));
        fields.add_field_method_set("weight", |state, this, value| this.change(state).map(|item| item.weight = value));
        fields.add_field_method_get("value", |state, this| this.read(state).map(|item| item.value));
        fields.add_field_method_set("value", |state, this, value| this.change(state).map(|item| item.value = value));
        fields.add_field_method_get("index", |_, this| Ok(this.index));
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_function(MetaMethod::Eq, |state: &mut State, (one, other): (AnyUserData, AnyUserData)| {
            are_same(state, &one, &other, |this: &Self| (&this.party, this.index))
        });
        methods.add_meta_method(MetaMethod::ToString, |state: &mut State, this: &Self, (): ()| {
            this.read(state)?;
            Ok(format!("item {} '{}'", this.index, this.party.borrow::<Party>(state)?.item_name(this.index)))
        });
    }
}

/// How a script says which item it means: the item itself, or its name.
#[derive(Debug)]
enum Which {
    Item(Item),
    Named(String),
}

impl Which {
    /// Its index in a party's catalogue.
    fn of(&self, state: &State, party: &AnyUserData) -> Result<usize> {
        match self {
            Self::Item(item) if same_party(state, &item.party, party)? => Ok(item.index),
            Self::Item(item) => Err(Error::type_mismatch("an item of the unit's own party", format!("item {} of another one", item.index))),
            Self::Named(name) => {
                let found = party.borrow::<Party>(state)?.find_item(name);
                found.ok_or_else(|| Error::type_mismatch("the name of an item of the party", format!("{name:?}")))
            }
        }
    }
}

impl FromLua for Which {
    fn from_lua(value: Value, state: &mut State) -> Result<Self> {
        const EXPECTED: &str = "an item or the name of one";
        match &value {
            Value::UserData(item) if item.is::<Item>(state) => item.borrow::<Item>(state).cloned().map(Self::Item),
            Value::String(name) => name.to_str(state).map(|name| Self::Named(name.to_owned())),
            other => Err(Error::type_mismatch(EXPECTED, other.type_name())),
        }
    }
}

/// Whether both are of this type, and lead to one place of one party. Lua 5.4 also asks
/// when only one of them is.
fn are_same<T: 'static>(state: &State, one: &AnyUserData, other: &AnyUserData, place: fn(&T) -> (&AnyUserData, usize)) -> Result<bool> {
    if !one.is::<T>(state) || !other.is::<T>(state) {
        return Ok(false);
    }
    let ((party, index), (other_party, other_index)) = (place(one.borrow(state)?), place(other.borrow(state)?));
    Ok(index == other_index && same_party(state, party, other_party)?)
}

/// A party is where its memory is.
fn same_party(state: &State, one: &AnyUserData, other: &AnyUserData) -> Result<bool> {
    Ok(std::ptr::eq(one.borrow::<Party>(state)?, other.borrow::<Party>(state)?))
}

/// An ability by its index or its short name.
fn ability_of(state: &mut State, ability: &Value) -> Result<usize> {
    if let Value::String(name) = ability {
        let name = name.to_str(state)?;
        let found = ABILITIES.iter().position(|ability| *ability == name);
        return found.ok_or_else(|| {
            Error::type_mismatch(format!("one of {}", ABILITIES.join(", ")), format!("{name:?}")).at(|| "stats".to_owned())
        });
    }
    place(state, "stats", ability, ABILITIES.len())
}

/// A place in an array of `count`, which is called `name` in messages.
fn place(state: &mut State, name: &str, index: &Value, count: usize) -> Result<usize> {
    let got = match index {
        // A name that is no method either, not a number in quotes.
        Value::String(text) => format!("{:?}", text.to_string_lossy(state)?),
        other => match other.to::<usize>(state) {
            Ok(place) if place < count => return Ok(place),
            Ok(place) => place.to_string(),
            Err(_) => other.to_text(state)?,
        },
    };
    let expected = if count == 0 { "nothing, for it is empty".to_owned() } else { format!("a place from 0 to {}", count - 1) };
    Err(Error::type_mismatch(expected, got).at(|| name.to_owned()))
}

/// The text, unless C would see only a part of it.
fn whole(text: &str) -> Result<&str> {
    match text.find('\0') {
        None => Ok(text),
        Some(at) => Err(Error::type_mismatch("text without NUL bytes", format!("one with NUL at byte {at}"))),
    }
}

#[cold]
fn gone(what: &str, index: usize) -> Error {
    Error::runtime(format!("{what} {index} is not in its party any more: the host has put another party in its place"))
}
