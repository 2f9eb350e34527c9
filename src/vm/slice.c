/* The hook by which a task's slice ends, and what compiled code has to do with it. As
   in door.c: these frames may raise and yield, and nothing here keeps state. */
#include "door.h"
#ifdef PERILUNE_LUAJIT
#include <lualib.h>
#include <luajit.h>
#endif

/* Instructions until a slice that could not end is tried again, and one more each time:
   else a loop of just that length would always be met in the same place. */
#define RETRY 100

#ifdef PERILUNE_LUAJIT
#define HOOK_IS_THE_COROUTINES_OWN 0 /* there is one for the VM */
#else
#define HOOK_IS_THE_COROUTINES_OWN 1
#endif

void perilune_slice_hook(lua_State *L, lua_Debug *ar);

static void look_again(lua_State *L, int instructions) {
  lua_sethook(L, perilune_slice_hook, LUA_MASKCOUNT, instructions);
}

/* Whether the running function is one by which scripts reach the host's memory: it may
   have found where that is and not have used it yet, so that nobody may run in between
   who could take the memory back. Those functions have a table of globals that no other
   function can have. Lua 5.4 has them in C, where no hook comes. */
static int reaches_memory(lua_State *L, lua_Debug *ar) {
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

/* The count hook of a task's slice: ends it by yielding, in the task's own coroutine
   and where that can yield; elsewhere a little later. */
void perilune_slice_hook(lua_State *L, lua_Debug *ar) {
  Slice *slice = gate_of(L)->slice;
  if (slice == NULL || (HOOK_IS_THE_COROUTINES_OWN && L != slice->co)) {
    lua_sethook(L, NULL, 0, 0); /* a coroutine has the hook from the one that made it */
  } else if (!slice->counting) {
    slice->counting = L == slice->co;
    look_again(L, slice->quantum);
  } else if (slice->look(slice) > 0) {
    look_again(L, slice->quantum);
  } else if (reaches_memory(L, ar)) { /* a few instructions later it is done */
    look_again(L, 1);
  } else if (L == slice->co && lua_isyieldable(L)) {
    slice->cut = 1;
    lua_yield(L, 0);
  } else {
    look_again(L, RETRY + slice->counting++ % RETRY);
  }
}

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

#ifdef PERILUNE_LUAJIT
static void raising_hook(lua_State *L, lua_Debug *ar) {
  (void)ar;
  luaL_error(L, "reached");
}

/* (light userdata: int) -> () */
static int probe_hook(lua_State *L) {
  int *reached = (int *)lua_touserdata(L, 1);
  lua_pushcfunction(L, luaopen_jit);
  lua_call(L, 0, 0);
  if (luaL_loadstring(L, "for i = 1, 1e5 do end") != 0) return lua_error(L);
  lua_pushvalue(L, -1);
  lua_call(L, 0, 0); /* now it is compiled */
  lua_sethook(L, raising_hook, LUA_MASKCOUNT, 1000);
  *reached = lua_pcall(L, 0, 0, 0) != 0;
  lua_sethook(L, NULL, 0, 0);
  return 0;
}

/* Whether compiled code looks at hooks (LUAJIT_ENABLE_CHECKHOOK), found out by trying
   in a VM of its own. */
int perilune_hook_reaches_compiled_code(void) {
  int reached = 0;
  lua_State *L = luaL_newstate();
  if (L == NULL) return 0;
  lua_cpcall(L, probe_hook, &reached);
  lua_close(L);
  return reached;
}
#endif
