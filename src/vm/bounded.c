/* `load` and `collectgarbage` in a form that can be stopped, and what puts the bounded functions
   into the libraries. */
#include "bounded.h"
#include <string.h>

/* ---- load ------------------------------------------------------------- */

/* Where the latest piece from a function is kept. */
#define PIECE_SLOT 5

/* Asks the function for another piece; leaves none when there is no more. */
static void ask(lua_State *L, Text *text) {
  luaL_checkstack(L, 2, "too many nested functions");
  lua_pushvalue(L, 1);
  lua_call(L, 0, 1);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  if (!lua_isstring(L, -1)) luaL_error(L, "reader function must return a string");
  lua_replace(L, PIECE_SLOT);
  text->at = lua_tolstring(L, PIECE_SLOT, &text->left);
}

/* The parser's next piece of what a script's function gives. */
static const char *read_from_function(lua_State *L, void *data, size_t *size) {
  Text *text = data;
  if (text->left == 0 && !text->gate->stop) ask(L, text);
  return perilune_read(L, text, size);
}

/* As `load`: (text or function, name, mode, environment) -> function, or nil and why not */
static int load(lua_State *L) {
  Text text = { .gate = gate_of(L) };
  lua_Reader read = perilune_read;
  int status, environment = lua_isnone(L, 4) ? 0 : 4;
  const char *name, *mode, *s = lua_tolstring(L, 1, &text.left);
#ifdef PERILUNE_LUAJIT
  name = luaL_optstring(L, 2, NULL);
  mode = luaL_optstring(L, 3, NULL);
#else
  mode = luaL_optstring(L, 3, "bt");
  name = luaL_optstring(L, 2, s ? s : "=(load)");
#endif
  if (s) {
    text.at = s;
    if (!name) name = s;
  } else {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    read = read_from_function;
    if (!name) name = "=(load)";
  }
  lua_settop(L, PIECE_SLOT);
  status = perilune_load(L, read, &text, name, mode);
  if (status != 0) {
    lua_pushnil(L);
    lua_insert(L, -2);
    return 2;
  }
  if (!environment) return 1;
#ifdef PERILUNE_LUAJIT
  if (!lua_istable(L, environment)) return 1;
  lua_pushvalue(L, environment);
  lua_setfenv(L, -2);
#else
  lua_pushvalue(L, environment);
  if (lua_setupvalue(L, -2, 1) == NULL) lua_pop(L, 1);
#endif
  return 1;
}

/* ---- collectgarbage --------------------------------------------------- */

/* What a VM may hold for all of it to be collected at once, and what a step is to do, in KiB. */
#define SMALL_HEAP 4096
#define STEP 64

/* Whether the cycle ended in so many steps; in any number of them if there is no end to `kilobytes`. */
static int step(lua_State *L, lua_Integer kilobytes) {
  Gate *gate = gate_of(L);
  int ended;
  do {
    if (gate->stop) perilune_stopped(L);
    ended = lua_gc(L, LUA_GCSTEP, kilobytes < STEP ? (int)kilobytes : STEP);
    kilobytes -= STEP;
  } while (ended == 0 && kilobytes > 0);
  return ended;
}

/* Everything, with a look at the flag in between. */
void perilune_collect_all(lua_State *L) {
  step(L, INT_MAX); /* to the end of the cycle that is going on */
  step(L, INT_MAX);
}

static int collectgarbage(lua_State *L) {
  const char *option = lua_isnoneornil(L, 1) ? "collect" : lua_tostring(L, 1);
  lua_Integer kilobytes = 0;
  if (!option || lua_gc(L, LUA_GCCOUNT, 0) < SMALL_HEAP) return NOT_MINE;
  if (strcmp(option, "collect") == 0) {
    perilune_collect_all(L);
    lua_pushinteger(L, 0);
    return 1;
  }
  if (strcmp(option, "step") != 0) return NOT_MINE;
  if (!lua_isnoneornil(L, 2) && !integer_at(L, 2, &kilobytes)) return NOT_MINE;
  lua_pushboolean(L, step(L, kilobytes) == 1);
  return 1;
}

BOUNDED(collectgarbage)

/* ---- Into the libraries ----------------------------------------------- */

typedef struct Entry {
  const char *library, *name;
  lua_CFunction function;
} Entry;

static const Entry entries[] = {
  { "_G", "load", load },
  { "_G", "collectgarbage", perilune_collectgarbage },
  { "string", "rep", perilune_rep },
  { "string", "lower", perilune_lower },
  { "string", "upper", perilune_upper },
  { "string", "reverse", perilune_reverse },
  { "string", "format", perilune_format },
  { "table", "sort", perilune_sort },
  { "table", "insert", perilune_insert },
  { "os", "date", perilune_format },
#ifdef PERILUNE_LUAJIT
  { "table", "range", perilune_range },
  { "_G", "stopped", perilune_stopped },
#else
  { "table", "concat", perilune_concat },
  { "string", "pack", perilune_format },
  { "string", "packsize", perilune_format },
  { "string", "unpack", perilune_format },
  { "table", "remove", perilune_remove },
  { "table", "move", perilune_move },
  { "utf8", "len", perilune_utf8_len },
#endif
};

/* On Lua 5.4, puts the bounded functions in the place of the VM's own. On LuaJIT, Lua code does that
   (backend/luajit_bounded.lua) with those that it is given. (globals) -> functions by name */
int perilune_bounded(lua_State *L) {
  size_t i;
  lua_settop(L, 1);
  lua_newtable(L);
  lua_getfield(L, 1, "string");
#ifdef PERILUNE_LUAJIT
  if (lua_istable(L, 3)) perilune_pattern_functions(L, 3, 2);
#else
  if (lua_istable(L, 3)) perilune_pattern_functions(L, 3, 3);
#endif
  for (i = 0; i < sizeof entries / sizeof *entries; i++) {
    const Entry *entry = &entries[i];
    lua_settop(L, 2);
#ifdef PERILUNE_LUAJIT
    lua_pushcfunction(L, entry->function);
    lua_setfield(L, 2, entry->name);
#else
    lua_getfield(L, 1, entry->library);
    if (!lua_istable(L, 3)) continue;
    if (lua_getfield(L, 3, entry->name) != LUA_TFUNCTION) continue;
    lua_pushcclosure(L, entry->function, 1);
    lua_setfield(L, 3, entry->name);
#endif
  }
  lua_settop(L, 2);
  return 1;
}
