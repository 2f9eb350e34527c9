//! The targets without libFuzzer: programs of random bytes for some seconds, or those of the files that are named.
//! `random [views|untrusted] [SECONDS [SEED]]` or `random [views|untrusted] FILE…`

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arbitrary::{Arbitrary, Unstructured};
use perilune_fuzz::{Counts, Program, run, untrusted};

fn main() {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let target = match arguments.first().map(String::as_str) {
        Some("untrusted") => Target::Untrusted,
        _ => Target::Views,
    };
    arguments.retain(|argument| argument != "views" && argument != "untrusted");
    let seconds = arguments.first().map_or(Ok(60), |text| text.parse::<u64>());
    match seconds {
        Ok(seconds) => for_some_time(target, Duration::from_secs(seconds), arguments.get(1).and_then(|seed| seed.parse().ok())),
        Err(_) => arguments.iter().for_each(|file| of_file(target, file)),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Views,
    Untrusted,
}

fn of_file(target: Target, file: &str) {
    let bytes = std::fs::read(file).expect("a file that can be read");
    if target == Target::Untrusted {
        println!("{}", untrusted::text(&bytes));
    }
    println!("{file}: {:?}", once(target, &bytes));
}

/// Runs a program. Scripts count as one step, refused if they were stopped.
fn once(target: Target, bytes: &[u8]) -> Counts {
    match target {
        Target::Views => Program::arbitrary(&mut Unstructured::new(bytes)).map_or_else(|_| Counts::default(), |program| run(&program)),
        Target::Untrusted => {
            let stopped = untrusted::run(bytes);
            Counts { done: usize::from(!stopped), refused: usize::from(stopped) }
        }
    }
}

fn for_some_time(target: Target, time: Duration, seed: Option<u64>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64);
    let seed = seed.unwrap_or(now);
    println!("seed {seed}");
    let mut state = seed | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    let longest = if target == Target::Views { 8000 } else { 400 };
    let (begun, mut count, mut counts) = (Instant::now(), 0, Counts::default());
    while begun.elapsed() < time {
        let length = 64 + random() % longest;
        let bytes: Vec<u8> = (0..length).map(|_| random() as u8).collect();
        if target == Target::Untrusted {
            // A crash leaves no other trace of it.
            std::fs::write("failed-program", &bytes).expect("a file beside");
        }
        let Ok(one) = std::panic::catch_unwind(|| once(target, &bytes)) else {
            std::fs::write("failed-program", &bytes).expect("a file beside");
            panic!("program {count} of seed {seed} failed: its bytes are in the file failed-program");
        };
        count += 1;
        counts = Counts { done: counts.done + one.done, refused: counts.refused + one.refused };
    }
    if target == Target::Untrusted {
        std::fs::remove_file("failed-program").expect("the file beside");
    }
    println!("{count} programs, {} steps that went well and {} that were refused: no difference", counts.done, counts.refused);
}
