//! Finds or builds the Lua that this crate links, and makes the Rust declarations of its C API.
//!
//! It reads as the story it is; every step is a file in `build/`. What users and packagers can set is written down in
//! `docs/building.md`.

#[path = "build/mod.rs"]
mod steps;

use steps::{bindings, contract, door, env::Env, find, headers, report, request, system, vendored};

fn main() {
    if let Err(sentence) = story() {
        // A panic would bury the sentence under a backtrace hint.
        println!("cargo::error={}", sentence.replace('\n', "\ncargo::error="));
        std::process::exit(1);
    }
}

fn story() -> Result<(), String> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    let env = Env::of_process();

    // What was asked for: a backend, a linkage, a directory, an origin of the bindings; or nothing.
    let request = request::read(&env)?;

    // One decision: a Lua of this system, or the one that comes with the crate.
    let lua = match find::decide(&request, &mut system::Installed::new(&env))? {
        find::Plan::Link(found) => found,
        find::Plan::Vendor(backend) => vendored::build(backend, &env)?,
    };

    // Whatever a package or a path claims, its headers and its library have the last word.
    let facts = headers::read(&lua, &env)?;
    system::try_link(&lua, &env)?;

    // The same API in Rust, and the proof that both sides agree on every size, offset and constant.
    let bindings = bindings::make(&request, &lua, &facts, &env)?;
    contract::check(&bindings, &lua, &env)?;

    // The few frames that may raise are C.
    door::compile(&lua, &env)?;

    report::tell(&lua, &facts, &bindings);
    Ok(())
}
