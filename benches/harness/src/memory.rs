//! What a limit of memory costs: each of our cases in P1 to P9 under one, beside itself without.

use crate::catalog::{Backend, Need, Row, Side, WORKS, Work};

/// What `--only` calls all of them. They are done only when they are asked for.
pub const ID: &str = "memory";

pub fn is_one(work: &Work) -> bool {
    work.id == ID
}

/// A work for each case, on the backends that it is compared with others on. They live as long as the process.
pub fn works() -> Vec<&'static Work> {
    let mut cases: Vec<(&Work, &str, Vec<Backend>)> = Vec::new();
    for (work, row) in WORKS.iter().filter(|work| is_in_p1_to_p9(work)).flat_map(|work| work.rows.iter().map(move |row| (work, row))) {
        match cases.iter_mut().find(|(_, case, _)| *case == row.ours) {
            Some((_, _, on)) => on.extend(row.on.iter().filter(|backend| !on.contains(backend)).copied().collect::<Vec<_>>()),
            None => cases.push((work, row.ours, row.on.to_vec())),
        }
    }
    cases.into_iter().map(|(work, case, on)| &*Box::leak(Box::new(one(work, case, on)))).collect()
}

fn one(work: &Work, case: &'static str, on: Vec<Backend>) -> Work {
    let ours: &'static str = format!("memory:{case}").leak();
    let row = Row { note: "", ours, peer: (Side::Unlimited, case), need: Need::AtMost(1.03), on: on.leak() };
    let title = format!("{case} (with a limit of memory)").leak();
    Work { id: ID, title, iters: work.iters, min_rounds: 11, rows: Vec::from([row]).leak() }
}

/// The first pass of a process is another matter, which is mostly compiling.
fn is_in_p1_to_p9(work: &Work) -> bool {
    let number = work.id.strip_prefix('P').and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    number.is_some_and(|number| (1..=9).contains(&number)) && !work.is_cold()
}

#[cfg(test)]
mod tests {
    use bench_peer::Mode;

    use super::*;

    #[test]
    fn a_mode_stands_before_the_case() {
        assert_eq!(Mode::split("time:program:nbody"), (Mode::Time, "program:nbody"));
        assert_eq!(Mode::split("memory:P1"), (Mode::Memory, "P1"));
        assert_eq!(Mode::split("nojit:program:json"), (Mode::NoJit, "program:json"));
        assert_eq!(Mode::split("program:time"), (Mode::Plain, "program:time"));
    }

    #[test]
    fn each_case_is_compared_with_itself_once() {
        let works = works();
        let on = |backend| works.iter().flat_map(|work| work.entrants(backend)).map(|(_, case)| case).collect::<Vec<_>>();
        let jit = on(Backend::Luajit);
        assert_eq!(jit[..4], ["memory:P1", "P1", "memory:P2", "P2"]);
        for case in ["memory:P4.column.nojit", "memory:P5.few.nojit", "memory:P7.raw", "memory:P9"] {
            assert_eq!(jit.iter().filter(|one| **one == case).count(), 1, "{case}");
        }
        assert!(!jit.iter().any(|case| case.contains("P13") || case.contains("P15") || case.contains("cold") || case.contains("UD")));
        let plain = on(Backend::Lua54);
        assert!(plain.contains(&"memory:P3") && plain.contains(&"memory:P4.getter") && !plain.contains(&"memory:P6"));
    }
}
