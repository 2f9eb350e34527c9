/* The words that the C doors and their Rust side share. Rust's twins of these
   structs are in vm/owner.rs (Gate), vm/trampoline.rs (Callback), vm/protect.rs
   (Job, Source) and vm/slice.rs (Slice); the field order is the contract. */
#ifndef PERILUNE_DOOR_H
#define PERILUNE_DOOR_H

#include <stddef.h>
#include <lua.h>
#include <lauxlib.h>

struct Job;
struct Source;
struct Slice;

/* Calls from the C library into Lua within each other: as many as in Lua 5.4. */
#define MAX_NESTED 200

/* The head of Rust's `Vm`: what a C frame needs to know of it. */
typedef struct Gate {
  const char *stack_floor; /* no re-entry from a frame below this address */
  const char *stack_end;   /* what compiling a text needs is above this one */
  struct Job *job;         /* what perilune_job is to run, taken at its start */
  struct Source *source;   /* what perilune_load/_run are to compile, likewise */
  const void *views;       /* globals of the functions that reach the host's memory */
  struct Slice *slice;     /* what the running task's hook counts for, or null */
  int traceback_slot;      /* registry slot that receives the traceback */
  int traceback_body;      /* registry slot of the function that makes it */
  int nested;              /* how many of the next are in use */
  const char *calls[MAX_NESTED]; /* frames of calls from C that are in progress */
} Gate;

/* What a callback answers when it has no results: the error on top is to be raised;
   0 values on top are to be yielded, or 1 more for each that it is less. */
#define RAISE (-1)
#define YIELD_NONE (-2)

/* A Rust callback, living in a userdata that is its Lua function's upvalue.
   `call` never raises: it answers the number of results on top of the stack,
   or one of the above. The answer is as wide as a register, because
   LuaJIT's interpreter reads a C function's `int` from all 64 bits of it: C
   compilers happen to clear the upper half, others need not. */
typedef struct Callback {
  Gate *gate;
  ptrdiff_t (*call)(lua_State *L, struct Callback *self);
} Callback;

/* A piece of Rust that wants a frame of its own with `room` free slots.
   `run` never raises: it answers the number of results on top of the stack. */
typedef struct Job {
  int room;
  ptrdiff_t (*run)(lua_State *L, struct Job *self); /* as wide as `call`'s */
} Job;

/* A chunk to compile. `status` is written back when compiling fails. */
typedef struct Source {
  const char *text;
  size_t length;
  const char *name;
  const char *mode;
  int environment; /* the argument that holds the environment, 0: globals */
  int status;
} Source;

/* How long a task may run. `look` never raises. */
typedef struct Slice {
  lua_State *co; /* the task's coroutine */
  int quantum;   /* instructions until the next look at it */
  int counting;  /* the hook has been called in this slice; then one more for each retry */
  int cut;       /* it has ended the slice */
  int (*look)(struct Slice *self); /* notes that the quantum is over; gives the next, 0: the slice is up */
} Slice;

/* The allocator's user data leads from any thread of a VM to the VM. */
static inline Gate *gate_of(lua_State *L) {
  void *ud;
  lua_getallocf(L, &ud);
  return (Gate *)ud;
}

/* A body of slice.c. */
int perilune_compiler(lua_State *L);

#endif
