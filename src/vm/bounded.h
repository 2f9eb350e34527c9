/* Library functions in a form that can be stopped: what they share. Steps are counted, and every
   few thousand of them the flag is looked at that says whether a script may go on. */
#ifndef PERILUNE_BOUNDED_H
#define PERILUNE_BOUNDED_H

#include "door.h"
#include <limits.h>

/* A step takes a few nanoseconds; between two looks pass some microseconds. */
#define STEPS 4096

/* Bytes to copy or to run over between two looks. */
#define STRETCH 4096

/* So many bytes, or elements, are left to the VM's own function: it is done with them in a
   millisecond or two. */
#define SHORT_TEXT (1 << 20)
#define SHORT_LIST (1 << 16)

/* The same of numbers that are to become text. */
#define SHORT_NUMBERS (1 << 12)

typedef struct Steps {
  Gate *gate;
  ptrdiff_t left; /* until the next look */
} Steps;

static inline void steps_init(Steps *steps, lua_State *L) {
  steps->gate = gate_of(L);
  steps->left = STEPS;
}

/* Raises the limit's error if no script may go on. */
static inline void steps_look(Steps *steps, lua_State *L) {
  if (steps->gate->stop) perilune_stopped(L);
  steps->left = STEPS;
}

static inline void steps_charge(Steps *steps, lua_State *L, ptrdiff_t count) {
  if (__builtin_expect((steps->left -= count) < 0, 0)) steps_look(steps, L);
}

#ifdef PERILUNE_LUAJIT
/* A number as LuaJIT makes an `int` of it: what is out of range depends on the processor. */
static inline int as_int(lua_Number n) {
  if (n > -2147483649.0 && n < 2147483648.0) return (int)n;
#ifdef __aarch64__
  return n > 0 ? INT_MAX : n < 0 ? INT_MIN : 0;
#else
  return INT_MIN;
#endif
}
#endif

/* Whether an argument can be a whole number, which it gives, as the VM's own functions take it. */
static inline int integer_at(lua_State *L, int index, lua_Integer *integer) {
  int is_integer;
#ifdef PERILUNE_LUAJIT
  is_integer = lua_isnumber(L, index);
  *integer = as_int(lua_tonumber(L, index));
#else
  *integer = lua_tointegerx(L, index, &is_integer);
#endif
  return is_integer;
}

/* A bounded function does what is long itself and answers the number of results, or leaves the arguments
   as they are and answers this: then the VM's own function does it, or complains. */
#define NOT_MINE (-1)

/* The function that Lua sees. On Lua 5.4 the VM's own one is upvalue 1 and runs in the same frame, so that
   its complaints name what the script called. On LuaJIT, Lua code decides what is long
   (backend/luajit_bounded.lua), so that what is short is compiled; it is told by a true first result what was done here. */
#ifdef PERILUNE_LUAJIT
#define BOUNDED(name) \
  int perilune_##name(lua_State *L) { \
    int results = name(L); \
    if (results != 0) return results < 0 ? 0 : results; \
    lua_pushboolean(L, 1); \
    return 1; \
  }
#else
#define BOUNDED(name) \
  int perilune_##name(lua_State *L) { \
    int results = name(L); \
    return results >= 0 ? results : lua_tocfunction(L, lua_upvalueindex(1))(L); \
  }
#endif

/* bounded_strings.c */
int perilune_rep(lua_State *L);
int perilune_lower(lua_State *L);
int perilune_upper(lua_State *L);
int perilune_reverse(lua_State *L);
int perilune_format(lua_State *L);
int perilune_utf8_len(lua_State *L);

/* bounded_tables.c */
int perilune_concat(lua_State *L); /* on LuaJIT: perilune_range */
int perilune_range(lua_State *L);
int perilune_sort(lua_State *L);
int perilune_insert(lua_State *L);
int perilune_remove(lua_State *L);
int perilune_move(lua_State *L);

/* patterns.c: sets its functions in the table at `into`; the VM's own are in that at `strings`. */
void perilune_pattern_functions(lua_State *L, int strings, int into);

#endif
