//! How the adventure went, for people to read.

use std::ffi::c_int;
use std::fmt;

use perilune::game::{ABILITIES, Alignment};

/// The whole adventure. It prints as a page of text.
#[derive(Debug)]
pub struct Story {
    title: String,
    seed: u64,
    party: usize,
    pub(super) fights: Vec<Fight>,
    pub(super) heroes: Vec<Hero>,
}

/// One fight.
#[derive(Debug)]
pub(super) struct Fight {
    pub place: String,
    pub rounds: u32,
    pub foes: usize,
    pub slain: usize,
    pub fled: usize,
    pub lost: usize,
    pub standing: usize,
    pub silver: u32,
    pub blow: String,
}

/// One hero, at the end.
#[derive(Debug)]
pub(super) struct Hero {
    pub name: String,
    pub alignment: Option<Alignment>,
    pub level: u32,
    pub hp: [c_int; 2],
    pub stats: [c_int; 7],
    pub armour: c_int,
    pub weapon: String,
    pub kills: u32,
    pub fell_at: Option<String>,
}

impl Story {
    pub(super) fn new(title: String, seed: u64, party: usize) -> Self {
        Self { title, seed, party, fights: Vec::new(), heroes: Vec::new() }
    }

    /// How many set out.
    pub(super) fn party(&self) -> usize {
        self.party
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\nseed {}, {}\n", self.title, self.seed, heroes(self.party))?;
        for (number, fight) in self.fights.iter().enumerate() {
            writeln!(f, "{}. {fight}", number + 1)?;
        }
        writeln!(f)?;
        table(f, &self.heroes)?;
        let silver: u32 = self.fights.iter().map(|fight| fight.silver).sum();
        let home = self.heroes.iter().filter(|hero| hero.fell_at.is_none()).count();
        writeln!(f, "\n{home} of {} came home, with {silver} silver", self.party)
    }
}

impl fmt::Display for Fight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, rounds, foes, slain, fled, lost, standing, silver, blow } = self;
        writeln!(f, "At {place}: {foes} foes, {rounds} rounds; {slain} slain, {fled} fled; {silver} silver")?;
        writeln!(f, "   {} lost, {standing} left", heroes(*lost))?;
        write!(f, "   {blow}")
    }
}

fn heroes(count: usize) -> String {
    format!("{count} {}", if count == 1 { "hero" } else { "heroes" })
}

impl Hero {
    fn cells(&self) -> Vec<String> {
        let alignment = self.alignment.map_or_else(|| "?".to_owned(), |band| band.to_string());
        let hp = format!("{}/{}", self.hp[0].max(0), self.hp[1]);
        let mut cells = vec![self.name.clone(), alignment, self.level.to_string(), hp];
        cells.extend(self.stats.map(|score| score.to_string()));
        cells.extend([self.armour.to_string(), self.weapon.clone(), self.kills.to_string()]);
        cells.push(match &self.fell_at {
            Some(place) => format!("fell at {place}"),
            None if self.hp[0] * 2 < self.hp[1] => "wounded".to_owned(),
            None => "hale".to_owned(),
        });
        cells
    }
}

/// Columns as wide as their widest cell; numbers to the right.
fn table(f: &mut fmt::Formatter<'_>, heroes: &[Hero]) -> fmt::Result {
    let mut rows = vec![["hero", "alignment", "level", "hp"].map(str::to_owned).to_vec()];
    rows[0].extend(ABILITIES.map(str::to_owned));
    rows[0].extend(["armour", "weapon", "kills", "fate"].map(str::to_owned));
    rows.extend(heroes.iter().map(Hero::cells));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let is_text = |column: usize| matches!(rows[0][column].as_str(), "hero" | "alignment" | "weapon" | "fate");
    for row in &rows {
        let cells = row.iter().enumerate().map(|(column, cell)| match widths[column] {
            width if is_text(column) => format!("{cell:<width$}"),
            width => format!("{cell:>width$}"),
        });
        writeln!(f, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
