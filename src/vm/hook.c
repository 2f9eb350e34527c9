/* The one debug hook of a VM, and what compiled code has to do with it. It is there for four things, and
   set only where one of them wants it:

   - to stop: `stop` in the gate says that no script may go on. The hook is called before every
     instruction and raises each time, so that a script which catches the error is stopped again
     at its next instruction;
   - to collect, because memory is short, and to forget compiled code, because there was none;
   - to count instructions, for a budget or a slice;
   - to end a task's slice, by yielding from its coroutine.

   As in door.c: these frames may raise and yield, and nothing here keeps state. */
#include "door.h"
#include <stdio.h>
#include <string.h>
#ifdef PERILUNE_LUAJIT
#include <luajit.h>
#endif

/* Instructions between two calls of a hook that counts. On Lua 5.4, where each coroutine counts for
   itself, it is also what each may have left uncounted. */
#define QUANTUM 100

/* Instructions until a slice that could not end is tried again: fewer each time, down to half, as a loop
   of just that length would always be met in the same place. */
#define RETRY(times) (QUANTUM - (times) % (QUANTUM / 2))

static void hook(lua_State *L, lua_Debug *ar);

/* Lua 5.4 leaves hooks off, for good, in a coroutine that ended by a hook's error: what it ran afterwards, to
   close its variables or with another function, could not be stopped. So it runs nothing; this is its mark. */
static void ended(lua_State *L, lua_Debug *ar) {
  (void)L, (void)ar;
}

int perilune_has_ended(lua_State *co) {
  return lua_gethook(co) == ended;
}

static void set(lua_State *L, int instructions) {
  if (!perilune_has_ended(L)) lua_sethook(L, hook, LUA_MASKCOUNT, instructions);
}

/* Instructions until the hook is wanted before `end`, or a budget's end. */
static int until(const Gate *gate, uint64_t end) {
  if (gate->budget < end) end = gate->budget;
  if (end == NEVER) return 0;
  if (end <= gate->counted) return 1;
  return end - gate->counted < QUANTUM ? (int)(end - gate->counted) : QUANTUM;
}

/* Instructions until the hook is wanted; 0: not at all. */
static int wanted(const Gate *gate) {
  const Slice *slice = gate->slice;
  if (gate->stop || gate->collect) return 1;
  if (slice == NULL) return until(gate, NEVER);
  if (slice->up || (slice->length != NEVER && !slice->begun)) return 1;
  return until(gate, slice->end);
}

/* Sets the hook for what is wanted now, or takes it away. What has been counted since it was last called
   cannot be asked for: it counts as whole, so that nothing runs for nothing. */
void perilune_set_hook(lua_State *L) {
  Gate *gate = gate_of(L);
  int instructions = wanted(gate), is_set = lua_gethook(L) == hook;
  if (is_set) gate->counted += lua_gethookcount(L);
  if (instructions > 0) set(L, instructions);
  else if (is_set) lua_sethook(L, NULL, 0, 0);
}

#ifndef PERILUNE_LUAJIT
/* Sees to the hook of a coroutine that is resumed, as each has its own and counts for itself, a quantum at a
   time. What it leaves of its last quantum is never counted; so the first one is counted before it begins. */
void perilune_hook_coroutine(lua_State *co) {
  Gate *gate = gate_of(co);
  if (wanted(gate) == 0) return;
  if (!gate->stop && !gate->collect && lua_status(co) != LUA_OK && lua_gethook(co) == hook) return;
  gate->counted += QUANTUM;
  set(co, wanted(gate));
}

/* Marks a coroutine that has ended while scripts had to stop. */
void perilune_end(lua_State *co) {
  lua_sethook(co, ended, LUA_MASKCOUNT, QUANTUM);
}
#endif

/* Has the hook called before the next instruction. May be called from a signal's handler. */
void perilune_arm(lua_State *L) {
#ifdef PERILUNE_LUAJIT
  if (perilune_arm_compiler(L, hook)) return;
  /* A signal may come while LuaJIT changes its table of instructions, and what was half changed then stays so, as
     LuaJIT compares flags only: the table is to be changed whole, at the latest by the next signal. */
  lua_sethook(L, NULL, 0, 0);
#endif
  set(L, 1);
}

/* Whether another hook is set, by raw code or the debug library. */
int perilune_other_hook(lua_State *L) {
  lua_Hook other = lua_gethook(L);
  return other != NULL && other != hook && other != ended;
}

/* ---- To stop ---------------------------------------------------------- */

/* Notes in which function and line the script is, also where Lua code of the library's is at work for it. Raises nothing. */
static void note_place(lua_State *L, Gate *gate) {
  lua_Debug ar;
  char name[NAME_LENGTH + 16] = "";
  int level, is_own;
  for (level = 0; level < 16 && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sln", &ar);
    is_own = strcmp(ar.short_src, "perilune") == 0;
    if (ar.name != NULL && (is_own || name[0] == 0)) snprintf(name, sizeof name, " in function '%.*s'", NAME_LENGTH, ar.name);
    if (ar.currentline <= 0 || is_own) continue;
    snprintf(gate->place, sizeof gate->place, "%s:%d%s", ar.short_src, ar.currentline, name);
    return;
  }
}

/* Raises if the script has to stop. For library functions that take long. (any...) -> () */
int perilune_stopped(lua_State *L) {
  Gate *gate = gate_of(L);
  if (!gate->stop) return 0;
  if (!gate->raised) {
    gate->raised = 1;
    note_place(L, gate);
  }
  lua_pushliteral(L, "the script was stopped: a limit is over");
  return lua_error(L);
}

/* ---- To collect ------------------------------------------------------- */

/* Has what is garbage collected before the next instruction, as nothing can be where it was noticed that memory
   is short: in the allocator. */
void perilune_collect_soon(lua_State *L) {
  Gate *gate = gate_of(L);
  if (lua_gethook(L) == hook) gate->counted += lua_gethookcount(L);
  gate->collect = 1;
  perilune_arm(L);
}

/* Forgets compiled code, after memory was refused. LuaJIT holds it against a loop when that cannot be compiled, in the end by a write
   into the loop's code; but where there was no memory to begin with, it takes the loop before for this one, or none. With its
   code it forgets that too, before it can try again; and compiled code is memory. () -> () */
int perilune_forget(lua_State *L) {
#ifdef PERILUNE_LUAJIT
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
#endif
  gate_of(L)->forget = 0;
  return 0;
}

static void collect(lua_State *L, Gate *gate) {
  if (gate->forget) {
    /* As a call: that ends what LuaJIT is compiling, which must not be forgotten halfway. */
    lua_rawgeti(L, LUA_REGISTRYINDEX, gate->forget_body);
    lua_call(L, 0, 0);
  }
  gate->collect = 0;
#ifdef PERILUNE_LUAJIT
  perilune_collect_all(L);
#else
  lua_gc(L, LUA_GCCOLLECT, 0); /* half the work: as the VM does for want of memory */
#endif
  gate->collected(gate);
}

/* ---- To end a slice --------------------------------------------------- */

/* Whether the running function is one by which scripts reach the host's memory: it may
   have found where that is and not have used it yet, so that nobody may run in between
   who could take the memory back. Those functions have a table of globals that no other
   function can have. Lua 5.4 has them in C, where no hook comes. */
int perilune_reaches_memory(lua_State *L, lua_Debug *ar) {
#ifdef PERILUNE_LUAJIT
  const void *mark = gate_of(L)->views;
  int reaches;
  if (mark == NULL || !lua_getinfo(L, "f", ar)) return 0;
  lua_getfenv(L, -1);
  reaches = lua_topointer(L, -1) == mark;
  lua_pop(L, 2);
  return reaches;
#else
  (void)L, (void)ar;
  return 0;
#endif
}

/* It begins with the first call in the task's own coroutine: one that was cut takes its first instruction
   without the hook. One whose time is over already comes a little further all the same. */
static int begin(lua_State *L, Gate *gate, Slice *slice) {
  if (L != slice->co) return wanted(gate);
  slice->begun = 1;
  if (slice->up) return until(gate, gate->counted + QUANTUM);
  if (slice->length != NEVER) slice->end = gate->counted + slice->length;
  return wanted(gate);
}

/* The hook was the coroutine's last act; on Lua 5.4 it comes back from the yield before that. */
#define YIELDS (-1)

/* Ends a slice that is up, in the task's own coroutine and where that can yield; elsewhere a little
   later: the instructions until the hook is wanted again. */
static int look(lua_State *L, lua_Debug *ar, Gate *gate, Slice *slice) {
  int soon, retry;
  if (!slice->begun) return begin(L, gate, slice);
  if (!slice->up && gate->counted < slice->end) return wanted(gate);
  if (perilune_reaches_memory(L, ar)) return 1; /* a few instructions later it is done */
  if (L == slice->co && lua_isyieldable(L)) {
    slice->cut = 1;
    lua_yield(L, 0);
    return YIELDS;
  }
  retry = RETRY(slice->begun);
  slice->begun = slice->begun % (QUANTUM / 2) + 1;
  soon = until(gate, NEVER);
  return soon > 0 && soon < retry ? soon : retry;
}

static void hook(lua_State *L, lua_Debug *ar) {
  Gate *gate = gate_of(L);
  int instructions;
  perilune_stopped(L);
  gate->counted += lua_gethookcount(L);
  if (gate->collect) collect(L, gate);
  if (gate->counted >= gate->budget) {
    gate->stop = 1;
    perilune_arm(L);
    perilune_stopped(L);
  }
  instructions = gate->slice != NULL ? look(L, ar, gate, gate->slice) : wanted(gate);
  if (instructions > 0) set(L, instructions);
  if (instructions == 0) lua_sethook(L, NULL, 0, 0); /* a coroutine that was left with it */
}

/* ---- Compiled code ---------------------------------------------------- */

/* Turns the compiler on or off, for good: without what it has compiled; nil asks only.
   (on) -> whether it was on */
int perilune_compiler(lua_State *L) {
#ifdef PERILUNE_LUAJIT
  int on = lua_toboolean(L, 1);
  lua_getfield(L, LUA_REGISTRYINDEX, "_LOADED");
  lua_getfield(L, -1, "jit");
  lua_getfield(L, -1, "status");
  lua_call(L, 0, 1);
  if (lua_isnil(L, 1)) return 1;
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | (on ? LUAJIT_MODE_ON : LUAJIT_MODE_OFF));
  if (!on) luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
#else
  lua_pushboolean(L, 0);
#endif
  return 1;
}
