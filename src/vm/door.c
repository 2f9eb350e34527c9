/* The frames that may raise. Every function of Lua's API that can raise an
   error is called from here, inside a protected call that Rust made, so that
   no error ever jumps over a Rust frame; and every Rust callback is entered
   from here, so that raising its error is the last act of a frame that owns
   nothing. Nothing in this file allocates outside Lua or keeps state. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "door.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HERE ((const char *)__builtin_frame_address(0))

int perilune_stack_overflow(lua_State *L) {
  return luaL_error(L, "C stack overflow (too many nested calls between Lua and the host)");
}

/* ---- Out of Lua ------------------------------------------------------- */

/* Calls a piece of Rust and does what it answers. Inline: it is the way of every call. */
static inline __attribute__((always_inline)) int visit(lua_State *L, Callback *self) {
  ptrdiff_t results;
  if (HERE < self->gate->stack_floor) return perilune_stack_overflow(L);
  results = self->call(L, self);
  if (results >= 0) return (int)results;
  return results == RAISE ? lua_error(L) : lua_yield(L, (int)(YIELD_NONE - results));
}

/* Yields what it is called with; what the coroutine is resumed with are its results. */
int perilune_yield(lua_State *L) {
  return lua_yield(L, lua_gettop(L));
}

/* The function behind every Rust callback. Upvalue 1: its Callback. */
int perilune_door(lua_State *L) {
  return visit(L, (Callback *)lua_touserdata(L, lua_upvalueindex(1)));
}

#ifndef PERILUNE_LUAJIT
/* After a function for unknown names that yielded. */
static int unknown_done(lua_State *L, int status, lua_KContext results) {
  (void)L, (void)status;
  return (int)results;
}

/* Calls the function for unknown names with all but the top of the stack. */
static int unknown(lua_State *L, int results) {
  if (HERE < gate_of(L)->stack_floor) return perilune_stack_overflow(L);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_replace(L, -2);
  lua_insert(L, 1);
  lua_callk(L, lua_gettop(L) - 1, results, results, unknown_done);
  return results;
}

/* Fields of userdata: vm/fields.rs says what makes these functions.

   `__index` of userdata with fields. Upvalue 1: by name, the members, or a light
   userdata with the Callback of a field, which upvalue 3 keeps alive; 2: the function
   for names that are not there. (object, key) -> value */
int perilune_index(lua_State *L) {
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  switch (lua_rawget(L, lua_upvalueindex(1))) {
    case LUA_TLIGHTUSERDATA: return visit(L, (Callback *)lua_touserdata(L, 3));
    case LUA_TNIL: break;
    default: return 1;
  }
  return unknown(L, 1);
}

/* `__newindex` of userdata with fields. Upvalues as above. (object, key, value) -> () */
int perilune_new_index(lua_State *L) {
  lua_settop(L, 3);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TLIGHTUSERDATA) {
    lua_copy(L, 3, 2);
    return visit(L, (Callback *)lua_touserdata(L, 4));
  }
  return unknown(L, 0);
}
#endif

/* Counts the calls from C in progress, of which this is one more: frames above this
   one are still there, those below it have ended, however they did. A level of
   coroutines takes 90 bytes only, but an error adds its position at each: without
   a count, the messages on the way out of 20,000 take gigabytes. */
static int too_nested(Gate *gate, const char *here) {
  while (gate->nested > 0 && gate->calls[gate->nested - 1] <= here) gate->nested--;
  if (gate->nested == MAX_NESTED) return 1;
  gate->calls[gate->nested++] = here;
  return 0;
}

/* A check for library functions that re-enter Lua from C: raises when the
   C stack is nearly used up, or too short to compile the text, or the script is being
   stopped. (text?) -> () */
int perilune_guard(lua_State *L) {
  Gate *gate = gate_of(L);
  if (gate->stop) return perilune_stopped(L);
  if (HERE < gate->stack_floor || too_nested(gate, HERE)) return perilune_stack_overflow(L);
  if (lua_type(L, 1) == LUA_TSTRING) {
    size_t length;
    const char *text = lua_tolstring(L, 1, &length);
    if (!perilune_room_to_parse(L, text, length)) return perilune_stack_overflow(L);
  }
  return 0;
}

/* Whether a script's message handler must not run, because there is no stack for it, or because
   the script is being stopped: the hook that stops it is not called in a handler of its own
   error. Raises nothing. () -> boolean */
int perilune_is_deep(lua_State *L) {
  lua_pushboolean(L, HERE < gate_of(L)->stack_floor || gate_of(L)->stop);
  return 1;
}

/* The check before a library function of C. Upvalue 1: what the function has as
   its own, 2: the function. It runs in this frame, as if called itself. */
static int guarded(lua_State *L) {
  if (HERE < gate_of(L)->stack_floor) return perilune_stack_overflow(L);
  return lua_tocfunction(L, lua_upvalueindex(2))(L);
}

/* (C function) -> the same function with the check */
int perilune_guarded(lua_State *L) {
  lua_settop(L, 1);
  if (lua_getupvalue(L, 1, 1) == NULL) lua_pushnil(L);
  lua_insert(L, 1);
  lua_pushcclosure(L, guarded, 2);
  return 1;
}

/* For `pairs` on a LuaJIT that does not ask userdata. (value) -> its `__pairs`, if it has one */
int perilune_pairs_of(lua_State *L) {
  lua_settop(L, 1);
  return luaL_getmetafield(L, 1, "__pairs") ? 1 : 0;
}

/* Levels beyond which a stack is deep: the VM's own traceback looks for the last levels, which takes
   100 ms where Lua 5.4 has 200,000, and no limit of time stops it meanwhile. */
#define DEEP 10000

/* The traceback of a deep stack: its newest levels. [-0, +1] */
static void traceback_of_newest(lua_State *L, lua_State *failed, int level) {
  lua_Debug ar;
  int last = level + 10, parts = 2;
  lua_pushliteral(L, "stack traceback:");
  for (; level < last && lua_getstack(failed, level, &ar); level++, parts++) {
    lua_getinfo(failed, "Sln", &ar);
    lua_pushfstring(L, "\n\t%s:%d: in %s", ar.short_src, ar.currentline, ar.name ? ar.name : "?");
  }
  lua_pushliteral(L, "\n\t...\t(more than 10000 levels)");
  lua_concat(L, parts);
}

/* Leaves a traceback in its slot: that of the handler's caller, or of a coroutine that
   has failed. (thread?) -> () */
static int body_traceback(lua_State *L) {
  lua_State *failed = lua_tothread(L, 1), *of = failed ? failed : L;
  int level = failed ? 0 : 2;
  lua_Debug ar;
  if (lua_getstack(of, DEEP, &ar)) traceback_of_newest(L, of, level);
  else luaL_traceback(L, of, NULL, level);
  lua_rawseti(L, LUA_REGISTRYINDEX, gate_of(L)->traceback_slot);
  return 0;
}

/* The message handler: keeps the error value as it is. Without the memory or
   the stack for a traceback there is none, which is why it is made in a
   protected call: the error itself is not to be lost. (value) -> value */
int perilune_handler(lua_State *L) {
  lua_settop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, gate_of(L)->traceback_body);
  lua_pcall(L, 0, 0, 0);
  lua_settop(L, 1);
  return 1;
}

/* Reached only when an error was raised outside every protected call. */
int perilune_unprotected(lua_State *L) {
  const char *message = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "(no message)";
  fprintf(stderr, "perilune: a Lua error was raised outside a protected call "
                  "(raw API code must use lua_pcall): %s\n", message);
  abort();
}

/* ---- Protected bodies: into Lua --------------------------------------- */

/* A frame of its own for a piece of Rust. (any...) -> what it left */
static int body_job(lua_State *L) {
  Gate *gate = gate_of(L);
  Job *job = gate->job;
  gate->job = NULL;
  if (HERE < gate->stack_floor) return perilune_stack_overflow(L);
  luaL_checkstack(L, job->room, "too many values");
  return (int)job->run(L, job);
}

static void compile(lua_State *L, Source *source) {
  Text text = { .gate = gate_of(L), .at = source->text, .left = source->length };
  if (!perilune_room_to_parse(L, source->text, source->length)) perilune_stack_overflow(L);
  source->status = perilune_load(L, perilune_read, &text, source->name, source->mode);
  if (source->status != 0) lua_error(L);
  if (source->environment == 0) return;
  lua_pushvalue(L, source->environment);
#ifdef PERILUNE_LUAJIT
  lua_setfenv(L, -2);
#else
  if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1); /* a chunk always has _ENV */
#endif
}

static Source *take_source(lua_State *L) {
  Gate *gate = gate_of(L);
  Source *source = gate->source;
  gate->source = NULL;
  return source;
}

/* (environment?) -> function */
static int body_load(lua_State *L) {
  compile(L, take_source(L));
  return 1;
}

/* Compiles and calls in one protected call. (environment?) -> results */
static int body_run(lua_State *L) {
  int base = lua_gettop(L);
  compile(L, take_source(L));
  lua_call(L, 0, LUA_MULTRET);
  return lua_gettop(L) - base;
}

/* (object, key) -> object[key] */
static int body_index(lua_State *L) {
  lua_settop(L, 2);
  lua_gettable(L, 1);
  return 1;
}

/* (object, key, value) -> () */
static int body_setindex(lua_State *L) {
  lua_settop(L, 3);
  lua_settable(L, 1);
  return 0;
}

/* rawset, for tables near the VM's own limits. (table, key, value) -> () */
static int body_rawset(lua_State *L) {
  lua_settop(L, 3);
  lua_rawset(L, 1);
  return 0;
}

/* #object, with __len; raises when that is no integer. (object) -> number */
static int body_len(lua_State *L) {
#ifdef PERILUNE_LUAJIT
  if (luaL_callmeta(L, 1, "__len")) {
    if (!lua_isnumber(L, -1)) return luaL_error(L, "object length is not an integer");
    return 1;
  }
  lua_pushnumber(L, (lua_Number)lua_objlen(L, 1));
#else
  lua_pushinteger(L, luaL_len(L, 1));
#endif
  return 1;
}

/* (a, b) -> a == b, with __eq */
static int body_equal(lua_State *L) {
#ifdef PERILUNE_LUAJIT
  lua_pushboolean(L, lua_equal(L, 1, 2));
#else
  lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPEQ));
#endif
  return 1;
}

/* tostring(value), with __tostring. (value) -> string */
static int body_tostring(lua_State *L) {
#ifdef PERILUNE_LUAJIT
  lua_settop(L, 1);
  if (luaL_callmeta(L, 1, "__tostring")) {
    if (lua_type(L, -1) != LUA_TSTRING) return luaL_error(L, "'__tostring' must return a string");
    return 1;
  }
  switch (lua_type(L, 1)) {
    case LUA_TNUMBER: case LUA_TSTRING: lua_tostring(L, 1); break;
    case LUA_TBOOLEAN: lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false"); break;
    case LUA_TNIL: lua_pushliteral(L, "nil"); break;
    default: lua_pushfstring(L, "%s: %p", luaL_typename(L, 1), lua_topointer(L, 1));
  }
#else
  luaL_tolstring(L, 1, NULL);
#endif
  return 1;
}

/* One step of a traversal. (table, key) -> (key, value) or () */
static int body_next(lua_State *L) {
  lua_settop(L, 2);
  return lua_next(L, 1) ? 2 : 0;
}

/* Copies a long text into the VM. (light userdata: Source) -> string */
static int body_text(lua_State *L) {
  Source *source = take_source(L);
  lua_pushlstring(L, source->text, source->length);
  return 1;
}

/* (array slots, hash slots) -> table */
static int body_table(lua_State *L) {
  lua_createtable(L, (int)lua_tonumber(L, 1), (int)lua_tonumber(L, 2));
  return 1;
}

/* lua_gc. (what, data) -> number */
static int body_collect(lua_State *L) {
  int what = (int)lua_tonumber(L, 1);
#ifdef PERILUNE_LUAJIT
  if (gate_of(L)->forget) perilune_forget(L);
  /* On LuaJIT every collection starts a stopped collector again. */
  int stopped = (what == LUA_GCCOLLECT || what == LUA_GCSTEP) && !lua_gc(L, LUA_GCISRUNNING, 0);
#endif
  int answer = lua_gc(L, what, (int)lua_tonumber(L, 2));
#ifdef PERILUNE_LUAJIT
  if (stopped) lua_gc(L, LUA_GCSTOP, 0);
#endif
  lua_pushnumber(L, answer);
  return 1;
}

/* Opens one library. (opener, name) -> whatever the opener returned */
static int body_open(lua_State *L) {
  lua_settop(L, 2);
#ifdef PERILUNE_LUAJIT
  lua_call(L, 1, 1);
#else
  luaL_requiref(L, lua_tostring(L, 2), lua_tocfunction(L, 1), 1);
#endif
  return 1;
}

/* ---- Coroutines ------------------------------------------------------- */

/* What a coroutine is doing, in the order of Rust's `CoroutineStatus`. Raises nothing. */
enum { RESUMABLE, RUNNING, NORMAL, FINISHED, FAILED };

int perilune_status(lua_State *L, lua_State *co) {
  lua_Debug ar;
  if (co == L) return RUNNING;
  if (lua_status(co) == LUA_YIELD) return RESUMABLE;
  if (lua_status(co) != 0) return FAILED;
  if (lua_getstack(co, 0, &ar)) return NORMAL;
  return lua_gettop(co) == 0 ? FINISHED : RESUMABLE;
}

/* Moves `count` values between two threads of a VM. The words at the end are what the
   VM says when it has no memory, which may be the reason. */
static void move(lua_State *L, lua_State *from, lua_State *to, int count) {
  if (!lua_checkstack(to, count)) {
    lua_settop(from, -count - 1);
    luaL_error(L, "no room on the stack for %d values between coroutines, or not enough memory", count);
  }
  lua_xmove(from, to, count);
}

/* Makes a coroutine; arguments wait on its stack. (function, arguments...) -> thread */
static int body_thread(lua_State *L) {
  lua_State *co = lua_newthread(L);
  lua_insert(L, 1);
  move(L, L, co, lua_gettop(L) - 1);
  return 1;
}

/* Why a coroutine cannot be resumed, by its status. */
static const char *const not_resumable[] = {
  NULL,
  "cannot resume the coroutine that is running: it would wait for itself",
  "cannot resume a coroutine that waits for one that it has resumed",
  "cannot resume a coroutine that has finished: create another one, or reset it",
  "cannot resume a coroutine that has failed: create another one, or reset it",
};

/* Resumes a coroutine. (thread, arguments...) -> whether it yielded, what */
static int body_resume(lua_State *L) {
  Gate *gate = gate_of(L);
  lua_State *co = lua_tothread(L, 1);
  int status = perilune_status(L, co), arguments = lua_gettop(L) - 1, results;
  if (status != RESUMABLE) return luaL_error(L, "%s", not_resumable[status]);
  if (HERE < gate->stack_floor || too_nested(gate, HERE)) return perilune_stack_overflow(L);
  move(L, L, co, arguments);
  if (lua_status(co) == 0) arguments = lua_gettop(co) - 1; /* with those that waited there */
#ifdef PERILUNE_LUAJIT
  status = lua_resume(co, arguments);
  results = lua_gettop(co);
#else
  status = perilune_resume_in(L, co, arguments, &results);
#endif
  if (status == 0 || status == LUA_YIELD) {
    lua_pushboolean(L, status == LUA_YIELD);
    move(L, co, L, results);
    return 1 + results;
  }
  if (status == LUA_ERRMEM) { /* where compiled code ran out, the value may be any other; this text exists */
    lua_pushliteral(L, "not enough memory");
    return lua_error(L);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, gate->traceback_body);
  lua_pushvalue(L, 1);
  lua_pcall(L, 1, 0, 0); /* without memory there is none, as in the handler */
  lua_settop(L, 1);
  lua_xmove(co, L, 1);
  return lua_error(L);
}

/* Ends a coroutine that is not running, and gives it a function to start with.
   (thread, function?) -> () */
static int body_close(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
#ifdef PERILUNE_LUAJIT
  lua_settop(co, 0); /* not started, or finished: Rust sees to that */
#else
  Gate *gate = gate_of(L);
  int failed = perilune_status(L, co) == FAILED;
  if (perilune_has_ended(co)) {
    if (lua_isfunction(L, 2)) return luaL_error(L, "cannot reset a coroutine that was stopped by a limit: create another one");
    return 0;
  }
  if (HERE < gate->stack_floor || too_nested(gate, HERE)) return perilune_stack_overflow(L);
  if (failed) { /* its error, which has been told */
    lua_pushvalue(co, -1);
    lua_xmove(co, L, 1);
  }
  if (perilune_reset_in(L, co) != 0) {
    lua_xmove(co, L, 1);
    if (!failed || !lua_rawequal(L, -1, -2)) return lua_error(L);
  }
  lua_settop(L, 2);
#endif
  if (lua_isfunction(L, 2)) move(L, L, co, 1);
  return 0;
}

/* In the order of Rust's `Body`. */
const lua_CFunction perilune_bodies[] = {
  body_job, body_load, body_run, body_index, body_setindex, body_rawset, body_len, body_equal,
  body_tostring, body_next, body_text, body_table, body_collect, body_open,
  body_traceback, body_thread, body_resume, body_close, perilune_compiler, perilune_forget,
};

/* ---- The C stack ------------------------------------------------------ */

/* The bounds of the calling thread's stack, both 0 where they are unknown. */
void perilune_stack_bounds(uintptr_t *low, uintptr_t *high) {
  *low = *high = 0;
#if defined(__linux__)
  {
    pthread_attr_t attributes;
    void *address;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    if (pthread_attr_getstack(&attributes, &address, &size) == 0) {
      *low = (uintptr_t)address;
      *high = (uintptr_t)address + size;
    }
    pthread_attr_destroy(&attributes);
  }
#elif defined(__APPLE__)
  *high = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
  *low = *high - pthread_get_stacksize_np(pthread_self());
#endif
}
