//! The number fields of a unit by name, with what may be in them.

#![forbid(unsafe_code)]

use std::ffi::c_int;
use std::fmt;

use crate::error::{Error, Result};
use crate::game::{GEAR, Unit};

/// The highest ability score that is accepted.
const BEST: c_int = 99;

/// A number field of a [`Unit`], or an array of them.
///
/// ```
/// use perilune::game::{Field, STR, Unit};
///
/// let mut unit = Unit { hp: [7, 9], ..Unit::default() };
/// unit.set(Field::Stats, STR, 5)?;
/// assert_eq!(unit.get(Field::Stats, STR)?, 5);
///
/// let error = unit.set(Field::Hp, 0, 12).unwrap_err();
/// assert_eq!(error.to_string(), "hp[0]: expected at most 9, which is hp[1], got 12");
/// # Ok::<(), perilune::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// [`Unit::hp`]: now, at most what the second is; and at most, 0 or more.
    Hp,
    /// [`Unit::stats`]: 0 to 99.
    Stats,
    /// [`Unit::gear_count`]: 0 or more.
    GearCount,
    /// [`Unit::last_item`]: −1 to 19.
    LastItem,
    /// [`Unit::armour_bonus`]: any number.
    ArmourBonus,
    /// [`Unit::alignment`]: 1 to 20.
    Alignment,
}

impl Field {
    /// All of them, in the order of the struct.
    pub const ALL: [Self; 6] = [Self::Hp, Self::Stats, Self::GearCount, Self::LastItem, Self::ArmourBonus, Self::Alignment];

    /// Its name in C.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hp => "hp",
            Self::Stats => "stats",
            Self::GearCount => "gear_count",
            Self::LastItem => "last_item",
            Self::ArmourBonus => "armour_bonus",
            Self::Alignment => "alignment",
        }
    }

    /// How many numbers it has: 1 where it is no array.
    #[must_use]
    pub fn places(self) -> usize {
        match self {
            Self::Hp => 2,
            Self::Stats => 7,
            Self::GearCount => GEAR,
            Self::LastItem | Self::ArmourBonus | Self::Alignment => 1,
        }
    }

    /// Whether it is an array in C.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.places() > 1
    }

    /// How a place of it is written.
    fn place(self, place: usize) -> String {
        if self.is_array() { format!("{}[{place}]", self.name()) } else { self.name().to_owned() }
    }

    fn check_place(self, place: usize) -> Result<()> {
        if place < self.places() {
            return Ok(());
        }
        Err(Error::type_mismatch(format!("a place from 0 to {}", self.places() - 1), place.to_string()).at(|| self.name().to_owned()))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Unit {
    /// All numbers of a field.
    #[must_use]
    pub fn numbers(&self, field: Field) -> &[c_int] {
        match field {
            Field::Hp => &self.hp,
            Field::Stats => &self.stats,
            Field::GearCount => &self.gear_count,
            Field::LastItem => std::slice::from_ref(&self.last_item),
            Field::ArmourBonus => std::slice::from_ref(&self.armour_bonus),
            Field::Alignment => std::slice::from_ref(&self.alignment),
        }
    }

    fn numbers_mut(&mut self, field: Field) -> &mut [c_int] {
        match field {
            Field::Hp => &mut self.hp,
            Field::Stats => &mut self.stats,
            Field::GearCount => &mut self.gear_count,
            Field::LastItem => std::slice::from_mut(&mut self.last_item),
            Field::ArmourBonus => std::slice::from_mut(&mut self.armour_bonus),
            Field::Alignment => std::slice::from_mut(&mut self.alignment),
        }
    }

    /// The number in a place of a field; place 0 where it is no array.
    ///
    /// # Errors
    /// [`Error::Type`] if there is no such place.
    pub fn get(&self, field: Field, place: usize) -> Result<c_int> {
        field.check_place(place)?;
        Ok(self.numbers(field)[place])
    }

    /// Sets the number in a place of a field; place 0 where it is no array.
    ///
    /// # Errors
    /// [`Error::Type`] if there is no such place, or the number is not in the
    /// [field's](Field) range; it names the place, the range and the number.
    pub fn set(&mut self, field: Field, place: usize, value: c_int) -> Result<()> {
        field.check_place(place)?;
        self.check(field, place, value).map_err(|expected| {
            let error = Error::type_mismatch(expected, value.to_string());
            error.at(|| field.place(place))
        })?;
        self.numbers_mut(field)[place] = value;
        Ok(())
    }

    /// Sets all numbers of a field, or, on an error, none.
    ///
    /// # Errors
    /// As for [`Unit::set`]; also if there are more or fewer numbers than places.
    pub fn set_all(&mut self, field: Field, values: &[c_int]) -> Result<()> {
        if values.len() != field.places() {
            let error = Error::type_mismatch(format!("{} numbers", field.places()), values.len().to_string());
            return Err(error.at(|| field.name().to_owned()));
        }
        let before = self.numbers(field).to_vec();
        // The new most is not held against the hit points of before.
        if field == Field::Hp {
            self.hp[0] = c_int::MIN;
        }
        let set = values.iter().enumerate().rev().try_for_each(|(place, &value)| self.set(field, place, value));
        if set.is_err() {
            self.numbers_mut(field).copy_from_slice(&before);
        }
        set
    }

    /// What would be right, if the value is not.
    fn check(&self, field: Field, place: usize, value: c_int) -> Result<(), String> {
        let expected = match (field, place) {
            (Field::Hp, 0) if value > self.hp[1] => format!("at most {}, which is hp[1]", self.hp[1]),
            (Field::Hp, 1) if value < self.hp[0].max(0) => format!("at least {}, which is hp[0]", self.hp[0].max(0)),
            (Field::Stats, _) if !(0..=BEST).contains(&value) => format!("0 to {BEST}"),
            (Field::GearCount, _) if value < 0 => "0 or more".to_owned(),
            (Field::LastItem, _) if !(-1..20).contains(&value) => "-1 to 19".to_owned(),
            (Field::Alignment, _) if !(1..=20).contains(&value) => "1 to 20".to_owned(),
            _ => return Ok(()),
        };
        Err(expected)
    }

    /// What an ability adds to a roll: how far its score is above 3, the score that half
    /// of all plain dice are up to. (The game rolls the highest of three.)
    ///
    /// # Errors
    /// [`Error::Type`] if there is no such ability.
    pub fn bonus(&self, ability: usize) -> Result<c_int> {
        Ok(self.get(Field::Stats, ability)?.saturating_sub(3))
    }

    /// Gives hit points back, up to the most it can have, and says how many.
    ///
    /// # Errors
    /// [`Error::Type`] if `points` is negative.
    pub fn heal(&mut self, points: c_int) -> Result<c_int> {
        check_points(points)?;
        let healed = points.min(self.hp[1].saturating_sub(self.hp[0])).max(0);
        self.hp[0] = self.hp[0].saturating_add(healed);
        Ok(healed)
    }

    /// Takes hit points away, also below 0, and says how many are left.
    ///
    /// # Errors
    /// [`Error::Type`] if `points` is negative.
    pub fn damage(&mut self, points: c_int) -> Result<c_int> {
        check_points(points)?;
        self.hp[0] = self.hp[0].saturating_sub(points);
        Ok(self.hp[0])
    }
}

fn check_points(points: c_int) -> Result<()> {
    if points >= 0 {
        return Ok(());
    }
    Err(Error::type_mismatch("0 or more hit points", points.to_string()).at(|| "hp[0]".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CStruct;

    #[test]
    fn pure_names_and_places_are_those_of_the_struct() {
        for field in Field::ALL {
            let declared = Unit::FIELDS.iter().find(|it| it.name == field.name()).unwrap();
            assert_eq!(declared.size, field.places() * size_of::<c_int>(), "{field}");
        }
    }

    #[test]
    fn pure_what_is_set_is_got_and_nothing_else_changes() {
        for field in Field::ALL {
            for place in 0..field.places() {
                let mut unit = Unit { hp: [1, 9], ..Unit::default() };
                let before: Vec<_> = all(&unit);
                let value = if field == Field::Hp && place == 1 { 12 } else { 5 };
                unit.set(field, place, value).unwrap();
                assert_eq!(unit.get(field, place).unwrap(), value);
                assert_eq!(before.iter().zip(all(&unit)).filter(|(a, b)| **a != *b).count(), 1, "{field} {place}");
            }
            assert!(Unit::default().get(field, field.places()).is_err());
            assert!(Unit::default().set(field, field.places(), 5).is_err());
        }
    }

    fn all(unit: &Unit) -> Vec<c_int> {
        Field::ALL.iter().flat_map(|&field| (0..field.places()).map(move |place| unit.get(field, place).unwrap())).collect()
    }

    #[test]
    fn pure_errors_name_the_place_the_range_and_the_number() {
        let mut unit = Unit { hp: [7, 9], ..Unit::default() };
        let mut refuse = |field, place, value| unit.set(field, place, value).unwrap_err().to_string();
        assert_eq!(refuse(Field::Hp, 0, 10), "hp[0]: expected at most 9, which is hp[1], got 10");
        assert_eq!(refuse(Field::Hp, 1, 6), "hp[1]: expected at least 7, which is hp[0], got 6");
        assert_eq!(refuse(Field::Stats, 6, -1), "stats[6]: expected 0 to 99, got -1");
        assert_eq!(refuse(Field::Stats, 7, 1), "stats: expected a place from 0 to 6, got 7");
        assert_eq!(refuse(Field::GearCount, 19, -1), "gear_count[19]: expected 0 or more, got -1");
        assert_eq!(refuse(Field::LastItem, 0, 20), "last_item: expected -1 to 19, got 20");
        assert_eq!(refuse(Field::Alignment, 0, 21), "alignment: expected 1 to 20, got 21");
    }

    #[test]
    fn pure_all_numbers_are_set_or_none() {
        let mut unit = Unit { hp: [7, 9], ..Unit::default() };
        unit.set_all(Field::Hp, &[3, 4]).unwrap();
        assert_eq!(unit.hp, [3, 4]);
        assert_eq!(unit.set_all(Field::Hp, &[5, 4]).unwrap_err().to_string(), "hp[0]: expected at most 4, which is hp[1], got 5");
        assert_eq!(unit.set_all(Field::Stats, &[1, 2]).unwrap_err().to_string(), "stats: expected 7 numbers, got 2");
        assert!(unit.set_all(Field::Stats, &[1, 2, 3, 4, 5, 6, 100]).is_err());
        assert_eq!((unit.hp, unit.stats), ([3, 4], [0; 7]));
    }

    #[test]
    fn pure_hit_points_stay_within_their_bounds() {
        let mut unit = Unit { hp: [7, 9], ..Unit::default() };
        assert_eq!((unit.heal(5).unwrap(), unit.hp), (2, [9, 9]));
        assert_eq!((unit.damage(12).unwrap(), unit.hp), (-3, [-3, 9]));
        assert_eq!((unit.damage(c_int::MAX).unwrap(), unit.hp[0]), (c_int::MIN, c_int::MIN));
        assert!(unit.heal(-1).is_err() && unit.damage(-1).is_err());
        unit.hp = [c_int::MIN, c_int::MAX];
        assert_eq!((unit.heal(c_int::MAX).unwrap(), unit.hp[0]), (c_int::MAX, -1));
        unit.hp = [9, 4];
        assert_eq!((unit.heal(3).unwrap(), unit.hp), (0, [9, 4]), "a unit above its most is not healed down");
    }
}
