/* The functions that keep account of which coroutine runs, on Lua 5.4: there each has a hook of its own.
   As in door.c: these frames may raise. */
#include "door.h"
#include <string.h>

#define HERE ((const char *)__builtin_frame_address(0))

#ifndef PERILUNE_LUAJIT
/* Notes that `co` runs next; gives what the gate knew before, which need not be the one that resumes it: raw code may have
   resumed that one, and the gate must not know any state for longer than it is there. */
static lua_State *enter(Gate *gate, lua_State *co) {
  lua_State *before = gate->current;
  gate->current = co;
  perilune_hook_coroutine(co);
  return before;
}

/* Notes that L goes on, whose hook is as it was; but a hook that waited for the other one now waits for this one. */
static void leave(Gate *gate, lua_State *L, lua_State *before) {
  gate->current = before;
  if (gate->stop || gate->collect) perilune_arm(L);
}

/* Resumes a coroutine, of which the gate knows meanwhile. `lua_resume` raises nothing: it runs protected, and the words
   it refuses with are there already (lua54.lua). */
int perilune_resume_in(lua_State *L, lua_State *co, int arguments, int *results) {
  Gate *gate = gate_of(L);
  lua_State *before = enter(gate, co);
  int status = lua_resume(co, L, arguments, results);
  if (status > LUA_YIELD && gate->stop) perilune_end(co);
  leave(gate, L, before);
  return status;
}

/* The same for ending one, which may run scripts. */
int perilune_reset_in(lua_State *L, lua_State *co) {
  Gate *gate = gate_of(L);
  lua_State *before = enter(gate, co);
  int status = lua_resetthread(co);
  leave(gate, L, before);
  return status;
}

/* Resumes `co` with the values on top of L. The number of results, or -1 and the error on top. */
static int pass_on(lua_State *L, lua_State *co, int arguments) {
  int status, results;
  if (!lua_checkstack(co, arguments)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, arguments);
  status = perilune_resume_in(L, co, arguments, &results);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(co, results);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, results);
  return results;
}

static lua_State *coroutine_at_1(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  if (co == NULL) luaL_typeerror(L, 1, "coroutine");
  return co;
}

/* coroutine.resume */
int perilune_co_resume(lua_State *L) {
  lua_State *co = coroutine_at_1(L);
  int results;
  if (HERE < gate_of(L)->stack_floor) return perilune_stack_overflow(L);
  results = pass_on(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  if (results < 0) {
    lua_insert(L, -2);
    return 2;
  }
  lua_insert(L, -(results + 1));
  return results + 1;
}

/* What coroutine.wrap gives. Upvalue 1: the coroutine. */
static int wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int status, results;
  if (HERE < gate_of(L)->stack_floor) return perilune_stack_overflow(L);
  results = pass_on(L, co, lua_gettop(L));
  if (results >= 0) return results;
  status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD && !perilune_has_ended(co)) {
    status = perilune_reset_in(L, co);
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

/* coroutine.wrap */
int perilune_co_wrap(lua_State *L) {
  lua_State *co;
  luaL_checktype(L, 1, LUA_TFUNCTION);
  co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, wrapped, 1);
  return 1;
}

/* coroutine.close */
int perilune_co_close(lua_State *L) {
  static const char *const names[] = {NULL, "running", "normal"};
  lua_State *co = coroutine_at_1(L);
  int status = perilune_status(L, co);
  if (HERE < gate_of(L)->stack_floor) return perilune_stack_overflow(L);
  if (status == 1 || status == 2) return luaL_error(L, "cannot close a %s coroutine", names[status]);
  if (perilune_has_ended(co)) {
    lua_pushboolean(L, 0);
    lua_pushliteral(L, "the coroutine was stopped: a limit was over");
    return 2;
  }
  if (perilune_reset_in(L, co) == LUA_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, 0);
  lua_xmove(co, L, 1);
  return 2;
}

/* debug.getinfo. Upvalue 1: the VM's own. That lists lines in a table which it makes in the coroutine it looks at, where
   nobody catches the error if there is no memory: it would be raised in the main thread, past whoever runs. So the function is
   asked for instead, and the lines for the function. */
static int info(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  const char *what = co != NULL && lua_type(L, 3) == LUA_TSTRING ? lua_tostring(L, 3) : "";
  int with_function = strchr(what, 'f') != NULL;
  if (co == L || strchr(what, 'L') == NULL) return lua_tocfunction(L, lua_upvalueindex(1))(L);
  lua_settop(L, 3);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  luaL_gsub(L, what, "L", "f");
  lua_replace(L, 4);
  lua_pushvalue(L, 1);
  lua_insert(L, 1);
  lua_call(L, 3, 1);
  if (!lua_istable(L, 2)) return 1; /* no such level */
  lua_insert(L, 1);
  lua_getfield(L, 1, "func");
  lua_pushliteral(L, "L");
  lua_call(L, 2, 1);
  lua_getfield(L, 2, "activelines");
  lua_setfield(L, 1, "activelines");
  if (!with_function) {
    lua_pushnil(L);
    lua_setfield(L, 1, "func");
  }
  lua_settop(L, 1);
  return 1;
}

/* (debug.getinfo) -> the same, as above */
int perilune_info(lua_State *L) {
  lua_settop(L, 1);
  lua_pushcclosure(L, info, 1);
  return 1;
}
#endif
