//! The main job, played here as `cargo run --example party` plays it.

#[path = "../examples/party/game.rs"]
mod game;

use std::fs;
use std::path::{Path, PathBuf};

use perilune::Error;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/party");

fn play(seed: u64, heroes: usize) -> String {
    game::play(&game::Options { seed, heroes, scripts: SCRIPTS.into() }).unwrap().to_string()
}

/// The error that comes of the scripts with `text` in one of them replaced, or, for an
/// empty `text`, of that script replaced as a whole.
fn failure(test: &str, script: &str, text: &str, replacement: &str) -> Error {
    let scripts = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("party-{test}"));
    fs::create_dir_all(&scripts).unwrap();
    for entry in fs::read_dir(SCRIPTS).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.extension().is_some_and(|extension| extension == "lua") {
            fs::copy(&entry, scripts.join(entry.file_name().unwrap())).unwrap();
        }
    }
    let script = scripts.join(script);
    let before = fs::read_to_string(&script).unwrap();
    assert!(before.contains(text), "{} has no {text:?}", script.display());
    fs::write(&script, if text.is_empty() { replacement.to_owned() } else { before.replacen(text, replacement, 1) }).unwrap();
    let outcome = game::play(&game::Options { seed: 7, heroes: 5, scripts: scripts.clone() });
    fs::remove_dir_all(&scripts).unwrap();
    outcome.expect_err("the broken script went unnoticed")
}

#[test]
fn the_same_seed_tells_the_same_story() {
    assert_eq!(play(42, 9), play(42, 9));
    assert_ne!(play(42, 9), play(43, 9));
    assert_ne!(play(42, 9), play(42, 8));
}

/// Both backends are held against one file, hence against each other. To renew it after a
/// change of the rules: `cargo run --example party -- --seed 7 --units 5 | head -n -2`.
#[test]
fn the_story_is_the_same_on_every_backend() {
    let expected = fs::read_to_string(Path::new(SCRIPTS).join("expected.txt")).unwrap();
    assert_eq!(play(7, 5).replace('\r', ""), expected.replace('\r', ""));
}

#[test]
fn the_story_makes_sense() {
    for seed in 0..20 {
        let story = play(seed, 6);
        let (home, rest) = story.lines().last().unwrap().split_once(" of 6 came home, with ").unwrap();
        let fallen = story.matches("fell at").count();
        assert_eq!(home.parse::<usize>().unwrap() + fallen, 6, "{story}");
        let silver: u32 = rest.strip_suffix(" silver").unwrap().parse().unwrap();
        assert!(silver > 0, "{story}");
        // Every row of the table has every column: `fate` stands where its head does.
        let head = story.lines().find(|line| line.starts_with("hero ")).unwrap();
        let fate = head.find("fate").unwrap();
        let rows = story.lines().skip_while(|line| *line != head).skip(1).take(6);
        assert!(rows.clone().all(|row| ["hale", "wounded", "fell at"].iter().any(|word| row[fate..].starts_with(word))), "{story}");
        assert_eq!(rows.count(), 6);
    }
}

#[test]
fn one_hero_and_an_army_can_set_out() {
    assert!(play(1, 1).contains("seed 1, 1 hero\n"));
    let story = play(1, 300);
    assert!(story.contains(" of 300 came home"), "{story}");
}

#[test]
fn a_script_that_fails_is_an_error_with_its_traceback() {
    let error = failure("runtime", "fight.lua", "local die = roll(1, 20)", "local die = roll(1, 20) + nobody.bonus");
    assert!(matches!(error, Error::Runtime(_)), "{error:?}");
    let text = format!("{error:#}");
    let (message, traceback) = text.split_once("\nstack traceback:\n").unwrap();
    assert!(message.contains("fight.lua:") && message.contains("nobody"), "{message}");
    assert!(traceback.contains("strike") && traceback.contains("fight.lua:"), "{traceback}");
}

#[test]
fn a_script_that_is_no_lua_is_an_error_with_its_line() {
    let error = format!("{:#}", failure("syntax", "level.lua", "if unit.stats[lowest] < HIGHEST then", "if unit.stats[lowest] < < then"));
    assert!(error.contains("level.lua:24: ") && error.contains("24 |   if unit.stats[lowest] < < then"), "{error}");
    assert!(error.contains("\nstack traceback:\n"), "{error}");
}

#[test]
fn mistakes_in_the_data_are_told_in_a_sentence() {
    let told = |test: &str, script: &str, text: &str, replacement: &str, expected: &str| {
        let error = format!("{:#}", failure(test, script, text, replacement));
        assert!(error.contains(expected), "{error}");
    };
    told("item", "scenario.lua", "\"gambeson\", \"shield\"", "\"gambeson\", \"teapot\"", "there is no item called 'teapot'");
    told("twenty", "equip.lua", "{ 3 }, { 11,", "{ 3 }, { 12,", "the table of armour has 21 entries instead of 20");
    told("field", "scenario.lua", "hp = 28,", "", "encounters: foes: hp: expected an integer");
    told("dice", "fight.lua", "roll(1, 20)", "roll(1, 0)", "roll(1, 0): expected 1 to 100 dice of 1 to 1000000 sides");
    told("circle", "level.lua", "", "return use 'campaign'", "'campaign' is still being loaded");
    told("outside", "level.lua", "", "return use '../party/items'", "use: '../party/items' is no name of a script");
}

#[test]
fn scripts_that_are_not_there_are_named() {
    let missing = Path::new(SCRIPTS).join("nowhere");
    let error = game::play(&game::Options { seed: 1, heroes: 1, scripts: missing }).unwrap_err();
    assert!(error.to_string().contains("scenario.lua'"), "{error}");
}
