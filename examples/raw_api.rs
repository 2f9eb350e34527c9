//! The raw C API from Rust, with no C in between and nothing of the safe layers: `cargo run --example raw_api`.
//!
//! It opens a state, gives Lua a table of functions written against the API, runs a script that uses them, reads the
//! results, and shows what an error leaves. What makes it sound is said where it matters; the rule behind all of it is
//! that a raising call is made where an error may leave: below a `lua_pcall`, in a frame that owns nothing.

#![allow(non_snake_case)]

use perilune::lua_sys::*;
use std::ffi::{CStr, c_int, c_void};
use std::process::ExitCode;

/// `dice.roll(sides [, bonus])`: one roll of the generator whose state is upvalue 1.
///
/// Errors leave through this frame: it owns nothing that would have to be dropped. (With `panic = "abort"` they may not
/// leave a Rust frame at all, and such a function belongs in C or in `Lua::register`.)
unsafe extern "C-unwind" fn roll(L: *mut lua_State) -> c_int {
    // SAFETY: Lua calls with a live state, twenty free slots, and the upvalue that `main` gave.
    unsafe {
        let sides = luaL_checkinteger(L, 1);
        luaL_argcheck(L, sides >= 1, 1, c"a die has at least one side".as_ptr());
        let bonus = luaL_optinteger(L, 2, 0);
        let seed = lua_touserdata(L, lua_upvalueindex(1)).cast::<u32>();
        *seed = (*seed).wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        lua_pushinteger(L, (*seed >> 16) as lua_Integer % sides + 1 + bonus);
        1
    }
}

/// The message handler: the message with a traceback, as the `lua` program prints it.
unsafe extern "C-unwind" fn traceback(L: *mut lua_State) -> c_int {
    // SAFETY: as above; a message handler has one argument.
    unsafe {
        let message = lua_tostring(L, 1);
        if !message.is_null() {
            luaL_traceback(L, L, message, 1);
        }
        1
    }
}

/// What `main` hands to the protected part.
struct Job {
    seed: u32,
    script: &'static CStr,
}

/// All that may raise: it runs below `lua_pcall`, with a `Job` as its argument, and returns what the script does.
unsafe extern "C-unwind" fn work(L: *mut lua_State) -> c_int {
    // SAFETY: `run` passes a `Job` that outlives the call.
    unsafe {
        let job = lua_touserdata(L, 1).cast::<Job>();
        luaL_openlibs(L);

        lua_newtable(L);
        let seed = lua_newuserdata(L, size_of::<u32>()).cast::<u32>();
        seed.write((*job).seed);
        lua_pushcclosure(L, Some(roll), 1);
        lua_setfield(L, -2, c"roll".as_ptr());
        lua_setglobal(L, c"dice".as_ptr());

        let script = (*job).script;
        if luaL_loadbuffer(L, script.as_ptr(), script.count_bytes(), c"=script".as_ptr()) != LUA_OK {
            return lua_error(L);
        }
        lua_call(L, 0, LUA_MULTRET);
        lua_gettop(L) - 1
    }
}

/// Runs a script; its first result as text, or what the handler made of the error.
fn run(L: *mut lua_State, script: &'static CStr) -> Result<String, String> {
    let mut job = Job { seed: 7, script };
    // SAFETY: a new state has twenty free slots. Pushing a function allocates, which can raise only without memory: a program
    // that must survive that goes through the safe layers.
    unsafe {
        lua_settop(L, 0);
        lua_pushcfunction(L, Some(traceback));
        lua_pushcfunction(L, Some(work));
        lua_pushlightuserdata(L, (&raw mut job).cast::<c_void>());
        let status = lua_pcall(L, 1, 1, 1);
        let mut length = 0;
        let text = lua_tolstring(L, -1, &mut length);
        let text = match text.is_null() {
            true => format!("({})", CStr::from_ptr(luaL_typename(L, -1)).to_string_lossy()),
            false => String::from_utf8_lossy(std::slice::from_raw_parts(text.cast(), length)).into_owned(),
        };
        if status == LUA_OK { Ok(text) } else { Err(text) }
    }
}

fn main() -> ExitCode {
    // SAFETY: a state is made here, used by this thread, and closed at the end.
    let L = unsafe { luaL_newstate() };
    if L.is_null() {
        eprintln!("no memory for a Lua state");
        return ExitCode::FAILURE;
    }

    let scripts = [
        c"return 'running on ' .. (jit and jit.version or _VERSION)",
        c"local best = 0 for _ = 1, 3 do best = math.max(best, dice.roll(6)) end return 'best of 3d6: ' .. best",
    ];
    for script in scripts {
        match run(L, script) {
            Ok(text) => println!("{text}"),
            Err(text) => {
                eprintln!("{text}");
                return ExitCode::FAILURE;
            }
        }
    }
    match run(L, c"local none = dice.roll(0) return none") {
        Ok(text) => println!("a die without sides rolled {text}"),
        Err(text) => println!("an error, as it should be: {text}"),
    }

    // SAFETY: nothing uses it any more.
    unsafe { lua_close(L) };
    ExitCode::SUCCESS
}
