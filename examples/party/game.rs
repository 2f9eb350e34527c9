//! One adventure from beginning to end, seen from the host.

mod dice;
mod host;
mod muster;
mod story;

use std::path::PathBuf;

use perilune::game::{Alignment, Party};
use perilune::{Function, Lua, Result, Table};

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

    // Everybody who will ever take part is made before the scripts see the first one:
    // units must not move once scripts have a pointer to them.
    let scenario: Scenario = lua.call("use", "scenario")?;
    let catalogue: Table = lua.call("use", "items")?;
    let mut party = Party::new();
    muster::fill_catalogue(&mut party, &mut lua, &catalogue)?;
    muster::add_heroes(&mut party, &mut chance, options.heroes);
    let foes = muster::add_foes(&mut party, &scenario, options.heroes);
    host::share(&mut lua, party)?;

    let campaign: Table = lua.call("use", "campaign")?;
    let rule = |lua: &mut Lua, name: &str| campaign.get::<Function>(lua, name);
    let (arm, fight, aftermath) = (rule(&mut lua, "arm")?, rule(&mut lua, "fight")?, rule(&mut lua, "aftermath")?);
    let last = options.heroes - 1;
    rule(&mut lua, "muster")?.call::<()>(&mut lua, (last, scenario.level))?;

    let mut story = Story::new(scenario.title.clone(), options.seed, options.heroes);
    let mut fell_at: Vec<Option<usize>> = vec![None; options.heroes];
    for (number, (encounter, foes)) in scenario.encounters.iter().zip(&foes).enumerate() {
        for (kind, group) in encounter.foes.iter().zip(foes) {
            for foe in group.clone() {
                arm.call::<()>(&mut lua, (foe, &kind.gear))?;
            }
        }
        let first_foe = foes.first().map_or(0, |group| group.start);
        let last_foe = foes.last().map_or(0, |group| group.end - 1);
        let (rounds, fled, blow): (u32, usize, String) = fight.call(&mut lua, (last, first_foe, last_foe, scenario.rounds))?;

        let units = host::party(&lua)?.units();
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
            fight.silver = aftermath.call(&mut lua, (last, first_foe, last_foe))?;
        }
        story.fights.push(fight);
        if standing == 0 {
            break;
        }
    }

    let deeds = rule(&mut lua, "deeds")?;
    for (index, fell_at) in fell_at.iter().enumerate() {
        let (level, kills, weapon): (u32, u32, Option<usize>) = deeds.call(&mut lua, index)?;
        let party = host::party(&lua)?;
        let unit = &party.units()[index];
        story.heroes.push(Hero {
            name: party.unit_name(index).to_owned(),
            alignment: Alignment::of(unit.alignment),
            level,
            hp: unit.hp,
            stats: unit.stats,
            armour: unit.armour_bonus,
            weapon: weapon.map_or("bare hands", |item| party.item_name(item)).to_owned(),
            kills,
            fell_at: fell_at.map(|number| scenario.encounters[number].place.clone()),
        });
    }
    lua.close()?;
    Ok(story)
}
