//! The benchmark works written in C against the raw Lua API: `peer.c` has them, loops included; this only hands them their texts.

use std::ffi::{CStr, CString, c_char, c_int};
use std::process::ExitCode;

use bench_peer::{AGENTS, Agent, Case, FEW, Facts, Failure, MOTTOES, Program, Run, STEP, agents, agents_sum, size};

const ADD: &CStr = text(concat!(include_str!("../../../scripts/add.lua"), "\0"));
const LOOP: &CStr = text(concat!(include_str!("../../../scripts/loop.lua"), "\0"));
const POINTER: &CStr = text(concat!(include_str!("../../../scripts/pointer.lua"), "\0"));
const RUN: &CStr = text(concat!(include_str!("../../../scripts/run.lua"), "\0"));
const STRUCT: &CStr = text(concat!(include_str!("../../../scripts/struct.lua"), "\0"));
const UPDATE: &CStr = text(concat!(include_str!("../../../scripts/update.lua"), "\0"));
const COLUMNS: &CStr = text(concat!(include_str!("../../../scripts/columns.lua"), "\0"));
const CHECKHOOK: &CStr = text(concat!(include_str!("../../../scripts/checkhook.lua"), "\0"));

const fn text(with_nul: &str) -> &CStr {
    match CStr::from_bytes_with_nul(with_nul.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("a NUL inside a script"),
    }
}

#[repr(C)]
struct LuaState {
    _opaque: [u8; 0],
}

unsafe extern "C" {
    fn peer_open() -> *mut LuaState;
    fn peer_message(l: *mut LuaState) -> *const c_char;
    fn peer_eval(l: *mut LuaState, text: *const c_char, slot: *mut c_int) -> c_int;
    fn peer_handler(l: *mut LuaState) -> c_int;
    fn peer_add_address(l: *mut LuaState);
    fn peer_jit_off(l: *mut LuaState) -> c_int;
    fn peer_facts(l: *mut LuaState, text: *const c_char, engine: *mut *const c_char, checkhook: *mut c_int) -> c_int;
    fn work_call_bare(l: *mut LuaState, function: c_int, n: i64, sum: *mut f64) -> c_int;
    fn work_call_traceback(l: *mut LuaState, function: c_int, handler: c_int, n: i64, sum: *mut f64) -> c_int;
    fn work_loop(l: *mut LuaState, function: c_int, n: i64, sum: *mut f64) -> c_int;
    fn work_program(l: *mut LuaState, function: c_int, size: i64, n: i64, sum: *mut f64) -> c_int;
    fn work_table(l: *mut LuaState, table: c_int, n: i64, sum: *mut f64) -> c_int;
    fn work_table_bytes(l: *mut LuaState, table: c_int, key: *const c_char, length: usize, n: i64, sum: *mut f64) -> c_int;
    fn work_global(l: *mut LuaState, name: *const c_char, texts: *const Text, n: i64, sum: *mut f64) -> c_int;
    fn work_update(agents: *mut Agent, count: i64, dt: f64);
    fn work_nearest(agents: *mut Agent, count: i64);
    fn peer_units(l: *mut LuaState, agents: *mut Agent, count: i64) -> c_int;
    fn work_units(l: *mut LuaState, function: c_int, units: c_int, number: f64, sum: *mut f64) -> c_int;
    fn work_open(n: i64, sum: *mut f64) -> c_int;
    fn work_run(l: *mut LuaState, text: *const c_char, n: i64, sum: *mut f64) -> c_int;
}

/// As in `peer.c`.
#[repr(C)]
struct Text {
    bytes: *const c_char,
    length: usize,
}

/// A VM that lives until the process ends.
#[derive(Clone, Copy)]
struct Vm(*mut LuaState);

impl Vm {
    fn open() -> Result<Vm, Failure> {
        // SAFETY: takes nothing.
        let state = unsafe { peer_open() };
        if state.is_null() { Err("no memory for a VM".into()) } else { Ok(Vm(state)) }
    }

    fn check(self, status: c_int) -> Result<(), Failure> {
        if status == 0 {
            return Ok(());
        }
        // SAFETY: the VM is open, and a failed call leaves its message on top of the stack.
        let message = unsafe { peer_message(self.0) };
        if message.is_null() {
            return Err("an error without a message".into());
        }
        // SAFETY: a string that Lua keeps while it is on the stack.
        Err(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned().into())
    }

    fn eval(self, text: &CStr) -> Result<c_int, Failure> {
        let mut slot = 0;
        // SAFETY: the VM is open; the text ends in NUL.
        self.check(unsafe { peer_eval(self.0, text.as_ptr(), &mut slot) })?;
        Ok(slot)
    }

    fn run(self, work: impl Fn(*mut LuaState, i64, &mut f64) -> c_int + 'static) -> Run {
        Box::new(move |n| {
            let mut sum = 0.0;
            self.check(work(self.0, i64::try_from(n)?, &mut sum))?;
            Ok(sum)
        })
    }
}

fn main() -> ExitCode {
    bench_peer::main(
        facts,
        &[
            Case { name: "P1.bare", open: call_bare },
            Case { name: "P1.traceback", open: call_traceback },
            Case { name: "P2", open: || call_host(false) },
            Case { name: "P2.nojit", open: || call_host(true) },
            Case { name: "P3.pointer", open: call_pointer },
            Case { name: "P4.userdata", open: || one_struct(false) },
            Case { name: "P4.userdata.nojit", open: || one_struct(true) },
            Case { name: "P5", open: || update(AGENTS) },
            Case { name: "structs", open: || update(size()) },
            Case { name: "threads", open: threads },
            Case { name: "P5.userdata", open: || update_userdata(UPDATE, AGENTS, false) },
            Case { name: "P5.few", open: || update_userdata(UPDATE, FEW, false) },
            Case { name: "P5.few.columns", open: || update_userdata(COLUMNS, FEW, false) },
            Case { name: "P5.few.nojit", open: || update_userdata(UPDATE, FEW, true) },
            Case { name: "P5.few.columns.nojit", open: || update_userdata(COLUMNS, FEW, true) },
            Case { name: "P6", open: nearest },
            Case { name: "P7", open: table },
            Case { name: "P7.bytes", open: table_bytes },
            Case { name: "P8", open: global_string },
            Case { name: "P9", open: run },
            Case { name: "P13", open: open_and_close },
        ],
        program,
    )
}

fn facts() -> Result<Facts, Failure> {
    let vm = Vm::open()?;
    let (mut engine, mut checkhook) = (std::ptr::null(), 0);
    // SAFETY: the VM is open; the text ends in NUL.
    vm.check(unsafe { peer_facts(vm.0, CHECKHOOK.as_ptr(), &mut engine, &mut checkhook) })?;
    // SAFETY: the script returned a string, still on the stack.
    let engine = unsafe { CStr::from_ptr(engine) }.to_string_lossy().into_owned();
    Ok(Facts { peer: "plain C".into(), engine, checkhook: checkhook != 0 })
}

fn call_bare() -> Result<Run, Failure> {
    let vm = Vm::open()?;
    let add = vm.eval(ADD)?;
    // SAFETY: the VM is open and this thread's alone; the slots are its own.
    Ok(vm.run(move |l, n, sum| unsafe { work_call_bare(l, add, n, sum) }))
}

fn call_traceback() -> Result<Run, Failure> {
    let vm = Vm::open()?;
    let add = vm.eval(ADD)?;
    // SAFETY: the VM is open and this thread's alone.
    let handler = unsafe { peer_handler(vm.0) };
    // SAFETY: the VM is open and this thread's alone; the slots are its own.
    Ok(vm.run(move |l, n, sum| unsafe { work_call_traceback(l, add, handler, n, sum) }))
}

fn call_host(jit_off: bool) -> Result<Run, Failure> {
    let vm = Vm::open()?;
    if jit_off {
        // SAFETY: the VM is open and this thread's alone.
        vm.check(unsafe { peer_jit_off(vm.0) })?;
    }
    let count = vm.eval(LOOP)?;
    // SAFETY: the VM is open and this thread's alone; the slots are its own.
    Ok(vm.run(move |l, n, sum| unsafe { work_loop(l, count, n, sum) }))
}

fn call_pointer() -> Result<Run, Failure> {
    let vm = Vm::open()?;
    // SAFETY: the VM is open and this thread's alone.
    unsafe { peer_add_address(vm.0) };
    let count = vm.eval(POINTER)?;
    // SAFETY: the VM is open and this thread's alone; the slots are its own.
    Ok(vm.run(move |l, n, sum| unsafe { work_loop(l, count, n, sum) }))
}

fn table() -> Result<Run, Failure> {
    let vm = Vm::open()?;
    let table = vm.eval(c"return {}")?;
    // SAFETY: the VM is open and this thread's alone; the slots are its own.
    Ok(vm.run(move |l, n, sum| unsafe { work_table(l, table, n, sum) }))
}

fn table_bytes() -> Result<Run, Failure> {
    let vm = Vm::open()?;
    let table = vm.eval(c"return {}")?;
    let key: &'static str = "k";
    // SAFETY: the VM is open and this thread's alone; the slots are its own; the key is static.
    Ok(vm.run(move |l, n, sum| unsafe { work_table_bytes(l, table, key.as_ptr().cast(), key.len(), n, sum) }))
}

fn global_string() -> Result<Run, Failure> {
    let vm = Vm::open()?;
    Ok(vm.run(move |l, n, sum| {
        let texts = MOTTOES.map(|text| Text { bytes: text.as_ptr().cast(), length: text.len() });
        // SAFETY: the VM is open and this thread's alone; name and texts are static.
        unsafe { work_global(l, c"motto".as_ptr(), texts.as_ptr(), n, sum) }
    }))
}

fn open_and_close() -> Result<Run, Failure> {
    Ok(Box::new(|n| {
        let mut sum = 0.0;
        // SAFETY: it opens and closes VMs of its own.
        if unsafe { work_open(i64::try_from(n)?, &mut sum) } != 0 {
            return Err("no memory for a VM".into());
        }
        Ok(sum)
    }))
}

fn run() -> Result<Run, Failure> {
    let vm = Vm::open()?;
    // SAFETY: the VM is open and this thread's alone.
    Ok(vm.run(|l, n, sum| unsafe { work_run(l, RUN.as_ptr(), n, sum) }))
}

fn sum_of(agents: &[Agent]) -> f64 {
    agents_sum(agents.iter().map(|agent| (agent.x, agent.y, agent.target)))
}

fn update(count: usize) -> Result<Run, Failure> {
    let mut all = agents(count);
    Ok(Box::new(move |n| {
        for _ in 0..n / count as u64 {
            // SAFETY: the agents and their number.
            unsafe { work_update(all.as_mut_ptr(), all.len() as i64, STEP) };
        }
        Ok(sum_of(&all))
    }))
}

/// Every thread does all of the work.
fn threads() -> Result<Run, Failure> {
    let mut all: Vec<Vec<Agent>> = (0..size()).map(|_| agents(FEW)).collect();
    Ok(Box::new(move |n| {
        std::thread::scope(|scope| {
            for agents in &mut all {
                scope.spawn(move || {
                    for _ in 0..n / agents.len() as u64 {
                        // SAFETY: the agents and their number.
                        unsafe { work_update(agents.as_mut_ptr(), agents.len() as i64, STEP) };
                    }
                });
            }
        });
        Ok(all.iter().map(|agents| sum_of(agents)).sum::<f64>() / all.len() as f64)
    }))
}

fn nearest() -> Result<Run, Failure> {
    let mut all = agents(AGENTS);
    Ok(Box::new(move |n| {
        for _ in 0..n / AGENTS as u64 {
            // SAFETY: the agents and their number; whom they know is among them.
            unsafe { work_nearest(all.as_mut_ptr(), all.len() as i64) };
        }
        Ok(sum_of(&all))
    }))
}

/// A VM, a function of a script, and agents as a userdata.
fn with_userdata(script: &CStr, count: usize, jit_off: bool) -> Result<(Vm, c_int, c_int, &'static mut [Agent]), Failure> {
    let vm = Vm::open()?;
    if jit_off {
        // SAFETY: the VM is open and this thread's alone.
        vm.check(unsafe { peer_jit_off(vm.0) })?;
    }
    let function = vm.eval(script)?;
    let all = agents(count).leak();
    // SAFETY: the VM is open and this thread's alone; the agents live as long as the process.
    let units = unsafe { peer_units(vm.0, all.as_mut_ptr(), all.len() as i64) };
    Ok((vm, function, units, all))
}

fn one_struct(jit_off: bool) -> Result<Run, Failure> {
    let (vm, function, units, _) = with_userdata(STRUCT, 64, jit_off)?;
    // SAFETY: the VM is open and this thread's alone; the slots are its own.
    Ok(vm.run(move |l, n, sum| unsafe { work_units(l, function, units, n as f64, sum) }))
}

fn update_userdata(script: &'static CStr, count: usize, jit_off: bool) -> Result<Run, Failure> {
    let (vm, function, units, all) = with_userdata(script, count, jit_off)?;
    Ok(Box::new(move |n| {
        let mut sum = 0.0;
        for _ in 0..n / count as u64 {
            // SAFETY: the VM is open and this thread's alone; the slots are its own.
            vm.check(unsafe { work_units(vm.0, function, units, STEP, &mut sum) })?;
        }
        Ok(sum_of(all))
    }))
}

/// All libraries are open, as ever here.
fn program(program: &'static Program) -> Result<Run, Failure> {
    let vm = Vm::open()?;
    let function = vm.eval(&CString::new(program.text)?)?;
    let size = i64::try_from(program.size(cfg!(feature = "luajit")))?;
    // SAFETY: the VM is open and this thread's alone; the slot is its own.
    Ok(vm.run(move |l, n, sum| unsafe { work_program(l, function, size, n, sum) }))
}
