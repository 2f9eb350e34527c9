//! One adventure from beginning to end, seen from the host.

mod dice;
mod host;
mod muster;
mod story;

use std::ops::Range;
use std::path::PathBuf;

use perilune::game::{Alignment, LentParty, Party};
use perilune::{Function, Lua, Result, State, Table};

use muster::Scenario;
pub use story::Story;
use story::{Fight, Hero};

/// What to play.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the dice begin.
    pub seed: u64,
    /// How many heroes set out.
    pub heroes: usize,
    /// Where the scripts are.
    pub scripts: PathBuf,
}

/// Plays an adventure.
///
/// # Errors
/// What a script raises, with its traceback; a script that cannot be read; a scenario
/// that does not say what it should.
pub fn play(options: &Options) -> Result<Story> {
    let (mut chance, dice) = dice::two_streams(options.seed);
    let mut lua = Lua::new()?;
    host::register(&mut lua, &options.scripts, dice)?;

    // Everybody who will ever take part is made before the scripts see the first one: nobody
    // joins a party that is lent.
    let scenario: Scenario = lua.call("use", "scenario")?;
    let catalogue: Table = lua.call("use", "items")?;
    let mut party = Party::new();
    muster::fill_catalogue(&mut party, &mut lua, &catalogue)?;
    muster::add_heroes(&mut party, &mut chance, options.heroes);
    let foes = muster::add_foes(&mut party, &scenario, options.heroes);

    let mut story = Story::new(scenario.title.clone(), options.seed, options.heroes);
    let fates = party.lend(&mut lua, |state, party| {
        host::register_gear(state, party)?;
        adventure(state, party, &scenario, &foes, &mut story)
    })?;
    for (index, fate) in fates.into_iter().enumerate() {
        let unit = &party.units()[index];
        story.heroes.push(Hero {
            name: party.unit_name(index).to_owned(),
            alignment: Alignment::of(unit.alignment),
            level: fate.level,
            hp: unit.hp,
            stats: unit.stats,
            armour: unit.armour_bonus,
            weapon: fate.weapon.map_or("bare hands", |item| party.item_name(item)).to_owned(),
            kills: fate.kills,
            fell_at: fate.fell_at.map(|number| scenario.encounters[number].place.clone()),
        });
    }
    lua.close()?;
    Ok(story)
}

/// What became of a hero.
struct Fate {
    level: u32,
    kills: u32,
    /// The index of an item.
    weapon: Option<usize>,
    /// The number of an encounter.
    fell_at: Option<usize>,
}

/// All encounters, one after the other, while scripts have the party.
fn adventure(state: &mut State, party: LentParty, scenario: &Scenario, foes: &[Vec<Range<usize>>], story: &mut Story) -> Result<Vec<Fate>> {
    let campaign: Table = state.call("use", "campaign")?;
    let rule = |state: &mut State, name: &str| campaign.get::<Function>(state, name);
    let (arm, fight, aftermath) = (rule(state, "arm")?, rule(state, "fight")?, rule(state, "aftermath")?);
    let last = story.party() - 1;
    rule(state, "muster")?.call::<()>(state, (last, scenario.level))?;

    let mut fell_at: Vec<Option<usize>> = vec![None; story.party()];
    for (number, (encounter, foes)) in scenario.encounters.iter().zip(foes).enumerate() {
        for (kind, group) in encounter.foes.iter().zip(foes) {
            for foe in group.clone() {
                arm.call::<()>(state, (foe, &kind.gear))?;
            }
        }
        let first_foe = foes.first().map_or(0, |group| group.start);
        let last_foe = foes.last().map_or(0, |group| group.end - 1);
        let (rounds, fled, blow): (u32, usize, String) = fight.call(state, (last, first_foe, last_foe, scenario.rounds))?;

        let units = party.units(state)?;
        let slain = units[first_foe..=last_foe].iter().filter(|foe| !foe.is_alive()).count();
        let mut lost = 0;
        for (unit, fell_at) in units.iter().zip(&mut fell_at) {
            if !unit.is_alive() && fell_at.is_none() {
                *fell_at = Some(number);
                lost += 1;
            }
        }
        let standing = fell_at.iter().filter(|fell| fell.is_none()).count();
        let foes = last_foe + 1 - first_foe;
        let mut fight = Fight { place: encounter.place.clone(), rounds, foes, slain, fled, lost, standing, silver: 0, blow };
        if standing > 0 {
            fight.silver = aftermath.call(state, (last, first_foe, last_foe))?;
        }
        story.fights.push(fight);
        if standing == 0 {
            break;
        }
    }

    let deeds = rule(state, "deeds")?;
    let mut fate = |(index, fell_at)| {
        let (level, kills, weapon) = deeds.call(state, index)?;
        Ok(Fate { level, kills, weapon, fell_at })
    };
    fell_at.into_iter().enumerate().map(&mut fate).collect()
}
