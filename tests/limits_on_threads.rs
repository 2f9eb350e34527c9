//! Promise: limits and interrupts keep many threads with many VMs apart.
//!
//! These run under ThreadSanitizer too. It holds signals back until the thread calls something of C's library, hence the scripts here
//! allocate all the time; those of `time_limits.rs` would never be stopped there.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::check;
use perilune::{Error, Lua, StopReason};

const ENDLESS: &str = "while true do local ok = pcall(function() while true do x = { x and 1 } end end) end";
const FINITE: &str = "local n = 0 for i = 1, 300 do x = { i } n = n + #x end return n";

/// Threads whose limits end at all times, while VMs are opened and closed on them.
#[test]
fn watched_threads_come_and_go() {
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for thread in 0..4u32 {
                scope.spawn(move || {
                    for round in 0..8 {
                        let mut lua = Lua::builder().untrusted().build().unwrap();
                        let limit = Duration::from_micros(u64::from((thread * 7 + round * 3) % 11) * 700);
                        let error = lua.limit(limit, |state| state.run(ENDLESS)).unwrap_err();
                        assert!(matches!(&error, Error::Timeout(stopped) if stopped.limit == Some(limit)), "{error}");
                        check(&mut lua);
                        lua.close().unwrap();
                    }
                });
            }
        });
    }
}

/// Each VM is interrupted by two other threads while it runs on a third.
#[test]
fn interrupts_from_several_threads_hit_one_run_each() {
    let done = AtomicBool::new(false);
    let mut vms: Vec<Lua> = (0..2).map(|_| Lua::new().unwrap()).collect();
    let handles: Vec<_> = vms.iter_mut().map(|lua| lua.interrupt_handle().unwrap()).collect();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    for handle in &handles {
                        handle.interrupt("now");
                    }
                    std::thread::sleep(Duration::from_micros(300));
                }
            });
        }
        let runners: Vec<_> = vms.iter_mut().map(|lua| scope.spawn(|| be_interrupted(lua))).collect();
        let all_went_well = runners.into_iter().map(|runner| runner.join()).collect::<Vec<_>>();
        done.store(true, Ordering::Relaxed);
        all_went_well.into_iter().for_each(|result| result.unwrap());
    });
    vms.iter_mut().for_each(|lua| check(lua));
}

fn be_interrupted(lua: &mut Lua) {
    let (mut whole, mut cut) = (0, 0);
    while whole < 30 || cut < 30 {
        let text = if cut < 30 { ENDLESS } else { FINITE };
        match lua.load(text).eval::<i32>() {
            Ok(n) => {
                assert_eq!(n, 300);
                whole += 1;
            }
            Err(Error::Timeout(stopped)) => {
                assert_eq!(stopped.reason, StopReason::Interrupted("now".into()));
                cut += 1;
            }
            Err(other) => panic!("{other:#}"),
        }
    }
}
