//! A hundred thousand agents that look around and move, every frame: once by a script that
//! works on the host's own memory, once by the same program in Rust.
//!
//! ```text
//! cargo run --release --example swarm -- [--agents 100000] [--frames 60]
//! ```
//!
//! Each agent looks at the eight that it knows, picks the nearest, and steers away from it.
//! The script sees the agents as a checked view: it cannot leave it, and nothing is copied.

use std::time::{Duration, Instant};

use clap::Parser;
use perilune::{Function, Lua, Result, Value, c_struct};

c_struct! {
    /// One of the swarm.
    #[derive(Debug, PartialEq)]
    struct Agent {
        x: f32,
        y: f32,
        vx: f32,
        vy: f32,
        /// The nearest of those that it knows, −1 for none.
        target: i32,
        /// Whom it knows.
        #[read_only]
        near: [i32; 8],
    }
}

const SIZE: f64 = 1000.0;
const DT: f64 = 1.0 / 60.0;

const SCRIPT: &str = r"
local SIZE, DT = ...
local huge = math.huge

-- The nearest of those that the agent knows, and how far away it is.
local function nearest(agents, agent)
  local x, y, near = agent.x, agent.y, agent.near
  local found, best = -1, huge
  for k = 0, #near - 1 do
    local other = agents[near[k]]
    local dx, dy = other.x - x, other.y - y
    local d = dx * dx + dy * dy
    if d < best then found, best = near[k], d end
  end
  return found, best
end

return function(agents)
  for i = 0, #agents - 1 do
    local agent = agents[i]
    local found, d = nearest(agents, agent)
    agent.target = found
    if d > 0 and d < 100 then
      local other = agents[found]
      agent.vx = agent.vx + (agent.x - other.x) * DT
      agent.vy = agent.vy + (agent.y - other.y) * DT
    end
    agent.x = agent.x + agent.vx * DT
    agent.y = agent.y + agent.vy * DT
    if agent.x < 0 or agent.x > SIZE then agent.vx = -agent.vx end
    if agent.y < 0 or agent.y > SIZE then agent.vy = -agent.vy end
  end
end";

/// The same in Rust, with the numbers that Lua calculates with.
fn frame(agents: &mut [Agent]) {
    for i in 0..agents.len() {
        let mut agent = agents[i];
        let (found, d) = nearest(agents, &agent);
        agent.target = found;
        if d > 0.0 && d < 100.0 {
            let other = agents[found as usize];
            agent.vx = (f64::from(agent.vx) + (f64::from(agent.x) - f64::from(other.x)) * DT) as f32;
            agent.vy = (f64::from(agent.vy) + (f64::from(agent.y) - f64::from(other.y)) * DT) as f32;
        }
        agent.x = (f64::from(agent.x) + f64::from(agent.vx) * DT) as f32;
        agent.y = (f64::from(agent.y) + f64::from(agent.vy) * DT) as f32;
        if agent.x < 0.0 || f64::from(agent.x) > SIZE {
            agent.vx = -agent.vx;
        }
        if agent.y < 0.0 || f64::from(agent.y) > SIZE {
            agent.vy = -agent.vy;
        }
        agents[i] = agent;
    }
}

fn nearest(agents: &[Agent], agent: &Agent) -> (i32, f64) {
    let (mut found, mut best) = (-1, f64::INFINITY);
    for &near in &agent.near {
        let other = &agents[near as usize];
        let (dx, dy) = (f64::from(other.x) - f64::from(agent.x), f64::from(other.y) - f64::from(agent.y));
        let d = dx * dx + dy * dy;
        if d < best {
            (found, best) = (near, d);
        }
    }
    (found, best)
}

/// A swarm that is the same every time.
fn swarm(count: usize) -> Vec<Agent> {
    let mut state = 0x2545_f491_u32;
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % below
    };
    (0..count)
        .map(|i| {
            let near = [(); 8].map(|()| ((i + random(128) as usize + count) % count) as i32);
            let (x, y) = (random(1000) as f32, random(1000) as f32);
            Agent { x, y, vx: random(41) as f32 - 20.0, vy: random(41) as f32 - 20.0, target: -1, near }
        })
        .collect()
}

#[derive(Parser)]
struct Args {
    /// How many there are
    #[arg(long, default_value_t = 100_000)]
    agents: usize,
    /// How many frames to play
    #[arg(long, default_value_t = 60)]
    frames: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let (mut by_script, mut by_rust) = (swarm(args.agents), swarm(args.agents));
    let mut lua = Lua::new()?;
    let tick: Function = lua.load(SCRIPT).name("swarm").call((SIZE, DT))?;
    let (mut script, mut rust) = (Vec::new(), Vec::new());
    for _ in 0..args.frames {
        let start = Instant::now();
        lua.lend("agents", &mut by_script, |state| {
            let agents: Value = state.get("agents")?;
            tick.call::<()>(state, agents)
        })?;
        script.push(start.elapsed());
        let start = Instant::now();
        frame(&mut by_rust);
        rust.push(start.elapsed());
    }
    assert!(by_script == by_rust, "both have done the same");
    println!("{} agents, {} frames, {:?}", args.agents, args.frames, lua.view_access()?);
    for (who, mut times) in [("script", script), ("Rust", rust)] {
        times.sort();
        let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or(Duration::ZERO);
        println!("{who:>8}: median {:?}, 95th percentile {:?} a frame", at(50), at(95));
    }
    Ok(())
}
