/* The words that the C doors and their Rust side share. Rust's twins of these
   structs are in vm/owner.rs (Gate), vm/trampoline.rs (Callback), vm/protect.rs
   (Job, Source) and vm/slice.rs (Slice); the field order is the contract. */
#ifndef PERILUNE_DOOR_H
#define PERILUNE_DOOR_H

#include <stddef.h>
#include <stdint.h>
#include <lua.h>
#include <lauxlib.h>

struct Job;
struct Source;
struct Slice;

/* Calls from the C library into Lua within each other: as many as in Lua 5.4. */
#define MAX_NESTED 200

/* A count of instructions that is never reached. */
#define NEVER UINT64_MAX

/* What is kept of where a script was stopped, and of a function's name in it. */
#define PLACE_LENGTH 160
#define NAME_LENGTH 60

/* The head of Rust's `Vm`: what a C frame needs to know of it. */
typedef struct Gate {
  const char *stack_floor; /* no re-entry from a frame below this address */
  const char *stack_end;   /* what compiling a text needs is above this one */
  struct Job *job;         /* what perilune_job is to run, taken at its start */
  struct Source *source;   /* what perilune_load/_run are to compile, likewise */
  const void *views;       /* globals of the functions that reach the host's memory */
  struct Slice *slice;     /* that of the task that runs, or null */
  uint64_t counted;        /* instructions so far, while somebody counts them */
  uint64_t budget;         /* what `counted` may come to */
  lua_State *current;      /* under a limit: the state that runs, where each has a hook of its own */
  volatile int stop;       /* a limit is over: no script may go on */
  int collect;             /* memory is short: the hook is to collect */
  int forget;              /* memory was refused: the hook forgets compiled code when it collects */
  int raised;              /* the error that says so has been raised; `place` is where */
  char place[PLACE_LENGTH];
  void (*collected)(const struct Gate *gate); /* Rust's part of a collection that was asked for */
  int traceback_slot;      /* registry slot that receives the traceback */
  int traceback_body;      /* registry slot of the function that makes it */
  int forget_body;         /* and of the one that forgets compiled code */
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

/* How long a task may run. */
typedef struct Slice {
  lua_State *co;    /* the task's coroutine */
  uint64_t length;  /* in instructions, NEVER where time ends it */
  uint64_t end;     /* what `counted` is then, once it has begun */
  volatile int up;  /* its time is over */
  int begun;        /* the hook was called in the task; then it goes round with each time that it could not end */
  int cut;          /* the hook has ended it */
} Slice;

/* A text on its way to the parser. */
typedef struct Text {
  Gate *gate;
  const char *at;
  size_t left;
  size_t piece; /* how much of it the parser gets at a time */
} Text;

/* The allocator's user data leads from any thread of a VM to the VM. */
static inline Gate *gate_of(lua_State *L) {
  void *ud;
  lua_getallocf(L, &ud);
  return (Gate *)ud;
}

/* Of door.c. */
int perilune_stack_overflow(lua_State *L);
int perilune_status(lua_State *L, lua_State *co);

/* Of text.c. */
/* Whether the C stack has room for compiling a text from here. */
int perilune_room_to_parse(lua_State *L, const char *text, size_t length);
/* The parser's next piece; none when the script is being stopped. */
const char *perilune_read(lua_State *L, void *text, size_t *size);
/* Compiles a text: the VM's status, or raises when the script is being stopped. */
int perilune_load(lua_State *L, lua_Reader read, Text *text, const char *name, const char *mode);

/* Of hook.c, which says what they do. */
void perilune_set_hook(lua_State *L);
void perilune_arm(lua_State *L);
void perilune_hook_coroutine(lua_State *co);
void perilune_end(lua_State *co);
int perilune_has_ended(lua_State *co);
int perilune_reaches_memory(lua_State *L, lua_Debug *ar);
int perilune_stopped(lua_State *L);
int perilune_compiler(lua_State *L); /* a body */
int perilune_forget(lua_State *L);   /* likewise */

/* Of top.c. */
int perilune_arm_compiler(lua_State *L, lua_Hook hook);

/* Of bounded.c. */
void perilune_collect_all(lua_State *L);

/* Of tracked.c, which says what they do. */
int perilune_resume_in(lua_State *L, lua_State *co, int arguments, int *results);
int perilune_reset_in(lua_State *L, lua_State *co);

#endif
