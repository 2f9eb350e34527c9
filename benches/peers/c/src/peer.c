/* The benchmark works in plain C, as a careful C programmer writes them: every status and every result's type is checked.
 * Each `work_…` does n operations, leaves a number made of all their results in *sum and returns 0; any failure returns 1
 * with the message on the stack. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int traceback(lua_State *L) {
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

static int add(lua_State *L) {
  lua_pushnumber(L, luaL_checknumber(L, 1) + luaL_checknumber(L, 2));
  return 1;
}

lua_State *peer_open(void) {
  lua_State *L = luaL_newstate();
  if (L) {
    luaL_openlibs(L);
    lua_register(L, "add", add);
  }
  return L;
}

const char *peer_message(lua_State *L) { return lua_tostring(L, -1); }

/* The registry slot of what a chunk returns. */
int peer_eval(lua_State *L, const char *text, int *slot) {
  if (luaL_loadstring(L, text) || lua_pcall(L, 0, 1, 0)) return 1;
  *slot = luaL_ref(L, LUA_REGISTRYINDEX);
  return 0;
}

/* The registry slot of the message handler. */
int peer_handler(lua_State *L) {
  lua_pushcfunction(L, traceback);
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* The engine's version and whether it has CHECKHOOK, as checkhook.lua finds them. */
int peer_facts(lua_State *L, const char *text, const char **engine, int *checkhook) {
  if (luaL_loadstring(L, text) || lua_pcall(L, 0, 2, 0)) return 1;
#if LUA_VERSION_NUM >= 504
  *engine = LUA_RELEASE; /* more exact than _VERSION */
#else
  *engine = lua_tostring(L, -2);
#endif
  *checkhook = lua_toboolean(L, -1);
  return 0;
}

static int wrong(lua_State *L) {
  lua_pushliteral(L, "a result of another type");
  return 1;
}

/* P1, bare: a Lua function called with two numbers. */
int work_call_bare(lua_State *L, int fn, int64_t n, double *sum) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) {
    int ok;
    lua_rawgeti(L, LUA_REGISTRYINDEX, fn);
    lua_pushnumber(L, s);
    lua_pushnumber(L, 1.0);
    if (lua_pcall(L, 2, 1, 0)) return 1;
    s = lua_tonumberx(L, -1, &ok);
    if (!ok) return wrong(L);
    lua_pop(L, 1);
  }
  *sum = s;
  return 0;
}

/* P1 with a message handler under it, so that an error would carry its traceback. */
int work_call_traceback(lua_State *L, int fn, int handler, int64_t n, double *sum) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) {
    int ok;
    lua_rawgeti(L, LUA_REGISTRYINDEX, handler);
    int base = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, fn);
    lua_pushnumber(L, s);
    lua_pushnumber(L, 1.0);
    if (lua_pcall(L, 2, 1, base)) return 1;
    s = lua_tonumberx(L, -1, &ok);
    if (!ok) return wrong(L);
    lua_pop(L, 2);
  }
  *sum = s;
  return 0;
}

static double plain_add(double a, double b) { return a + b; }

/* P3: where `plain_add` is, for the script that makes a pointer of it. */
void peer_add_address(lua_State *L) {
  lua_pushnumber(L, (lua_Number)(uintptr_t)plain_add);
  lua_setglobal(L, "add_address");
}

/* P2 and P3: one call of a Lua loop that calls `add` n times. */
int work_loop(lua_State *L, int fn, int64_t n, double *sum) {
  int ok;
  lua_rawgeti(L, LUA_REGISTRYINDEX, fn);
  lua_pushnumber(L, (lua_Number)n);
  if (lua_pcall(L, 1, 1, 0)) return 1;
  *sum = lua_tonumberx(L, -1, &ok);
  if (!ok) return wrong(L);
  lua_pop(L, 1);
  return 0;
}

/* A program of benches/programs, run n times with one size. */
int work_program(lua_State *L, int fn, int64_t size, int64_t n, double *sum) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) {
    int ok;
    lua_rawgeti(L, LUA_REGISTRYINDEX, fn);
    lua_pushinteger(L, (lua_Integer)size);
    if (lua_pcall(L, 1, 1, 0)) return 1;
    s += lua_tonumberx(L, -1, &ok);
    if (!ok) return wrong(L);
    lua_pop(L, 1);
  }
  *sum = s;
  return 0;
}

/* P7: a table's field set and read; each operation fetches the table from the registry. */
int work_table(lua_State *L, int table, int64_t n, double *sum) {
  int64_t s = 0;
  for (int64_t i = 0; i < n; i++) {
    int ok;
    lua_rawgeti(L, LUA_REGISTRYINDEX, table);
    lua_pushinteger(L, (lua_Integer)i);
    lua_setfield(L, -2, "k");
    lua_pop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, table);
    lua_getfield(L, -1, "k");
    s += lua_tointegerx(L, -1, &ok);
    if (!ok) return wrong(L);
    lua_pop(L, 2);
  }
  *sum = (double)s;
  return 0;
}

/* P7 with a key that is bytes and a length, as in most languages but C: Lua 5.4 finds literal C strings again by their
 * address, but has to hash these. */
int work_table_bytes(lua_State *L, int table, const char *key, size_t length, int64_t n, double *sum) {
  int64_t s = 0;
  for (int64_t i = 0; i < n; i++) {
    int ok;
    lua_rawgeti(L, LUA_REGISTRYINDEX, table);
    lua_pushlstring(L, key, length);
    lua_pushinteger(L, (lua_Integer)i);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, table);
    lua_pushlstring(L, key, length);
    lua_rawget(L, -2);
    s += lua_tointegerx(L, -1, &ok);
    if (!ok) return wrong(L);
    lua_pop(L, 2);
  }
  *sum = (double)s;
  return 0;
}

typedef struct {
  const char *bytes;
  size_t length;
} Text;

/* P8: a global string set, and read as a copy of the caller's own. */
int work_global(lua_State *L, const char *name, const Text *texts, int64_t n, double *sum) {
  size_t s = 0;
  for (int64_t i = 0; i < n; i++) {
    size_t length;
    const char *bytes;
    char *copy;
    lua_pushlstring(L, texts[i % 2].bytes, texts[i % 2].length);
    lua_setglobal(L, name);
    lua_getglobal(L, name);
    if (lua_type(L, -1) != LUA_TSTRING) return wrong(L);
    bytes = lua_tolstring(L, -1, &length);
    copy = malloc(length + 1);
    if (!copy) return wrong(L);
    memcpy(copy, bytes, length + 1);
    s += strlen(copy);
    free(copy);
    lua_pop(L, 1);
  }
  *sum = (double)s;
  return 0;
}

/* P13: a VM with the standard libraries opened and closed. */
int work_open(int64_t n, double *sum) {
  int64_t opened = 0;
  for (int64_t i = 0; i < n; i++) {
    lua_State *L = luaL_newstate();
    if (!L) return 1;
    luaL_openlibs(L);
    opened += lua_gettop(L) == 0;
    lua_close(L);
  }
  *sum = (double)opened;
  return 0;
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* P9: load a text, run it, read its results, and the clock before and after. */
int work_run(lua_State *L, const char *text, int64_t n, double *sum) {
  static volatile int64_t took;
  double s = 0;
  for (int64_t i = 0; i < n; i++) {
    int ok;
    int64_t start = now();
    if (luaL_loadstring(L, text) || lua_pcall(L, 0, LUA_MULTRET, 0)) return 1;
    s += lua_tonumberx(L, -1, &ok);
    if (!ok) return wrong(L);
    lua_settop(L, 0);
    took = now() - start;
  }
  (void)took;
  *sum = s;
  return 0;
}

/* LuaJIT's compiler off, as jit.off() does it. */
int peer_jit_off(lua_State *L) { return luaL_loadstring(L, "jit.off() jit.flush()") || lua_pcall(L, 0, 0, 0); }

/* ---- Structs of the host: in plain C, and as C programs show them to Lua, by userdata ---- */

/* As in `peers/common`. */
typedef struct {
  char name[32];
  int32_t hp, target, stats[7], gear[20], gear_count[20], near[8];
  float x, y, vx, vy;
} Agent;

/* P5: a step of all agents. */
void work_update(Agent *agents, int64_t count, double dt) {
  for (int64_t i = 0; i < count; i++) {
    Agent *u = &agents[i];
    u->x = (float)(u->x + u->vx * dt);
    u->y = (float)(u->y + u->vy * dt);
    if (u->x < 0 || u->x > 1000) u->vx = -u->vx;
    if (u->y < 0 || u->y > 1000) u->vy = -u->vy;
  }
}

/* P6: the nearest of those that each agent knows. */
void work_nearest(Agent *agents, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    Agent *u = &agents[i];
    double best = HUGE_VAL;
    int32_t found = -1;
    for (int k = 0; k < 8; k++) {
      int32_t j = u->near[k];
      double dx = (double)agents[j].x - u->x, dy = (double)agents[j].y - u->y, d = dx * dx + dy * dy;
      if (d < best) {
        best = d;
        found = j;
      }
    }
    u->target = found;
  }
}

typedef struct {
  Agent *agents;
  lua_Integer count;
} Units;

typedef struct {
  Agent *agents;
  lua_Integer count;
  size_t offset;
} Column;

static lua_Integer check_index(lua_State *L, int at, lua_Integer count) {
  lua_Integer i = luaL_checkinteger(L, at);
  luaL_argcheck(L, i >= 0 && i < count, at, "index out of range");
  return i;
}

enum { FIELD_X = 1, FIELD_Y, FIELD_VX, FIELD_VY, FIELD_HP };

/* Upvalue 1: the fields' numbers by name. */
static int field_at(lua_State *L, int at) {
  lua_pushvalue(L, at);
  lua_rawget(L, lua_upvalueindex(1));
  return (int)lua_tointeger(L, -1);
}

static int unit_index(lua_State *L) {
  Agent *u = *(Agent **)luaL_checkudata(L, 1, "peer.unit");
  switch (field_at(L, 2)) {
    case FIELD_X: lua_pushnumber(L, u->x); return 1;
    case FIELD_Y: lua_pushnumber(L, u->y); return 1;
    case FIELD_VX: lua_pushnumber(L, u->vx); return 1;
    case FIELD_VY: lua_pushnumber(L, u->vy); return 1;
    case FIELD_HP: lua_pushinteger(L, u->hp); return 1;
    default: return luaL_error(L, "no such field");
  }
}

static int unit_newindex(lua_State *L) {
  Agent *u = *(Agent **)luaL_checkudata(L, 1, "peer.unit");
  switch (field_at(L, 2)) {
    case FIELD_X: u->x = (float)luaL_checknumber(L, 3); return 0;
    case FIELD_Y: u->y = (float)luaL_checknumber(L, 3); return 0;
    case FIELD_VX: u->vx = (float)luaL_checknumber(L, 3); return 0;
    case FIELD_VY: u->vy = (float)luaL_checknumber(L, 3); return 0;
    case FIELD_HP: u->hp = (int32_t)luaL_checkinteger(L, 3); return 0;
    default: return luaL_error(L, "no such field");
  }
}

static int units_column(lua_State *L) {
  static const char *const names[] = {"x", "y", "vx", "vy", NULL};
  static const size_t offsets[] = {offsetof(Agent, x), offsetof(Agent, y), offsetof(Agent, vx), offsetof(Agent, vy)};
  Units *units = (Units *)luaL_checkudata(L, 1, "peer.units");
  size_t offset = offsets[luaL_checkoption(L, 2, NULL, names)];
  Column *column = (Column *)lua_newuserdata(L, sizeof(Column));
  column->agents = units->agents;
  column->count = units->count;
  column->offset = offset;
  luaL_getmetatable(L, "peer.column");
  lua_setmetatable(L, -2);
  return 1;
}

static int units_index(lua_State *L) {
  Units *units = (Units *)luaL_checkudata(L, 1, "peer.units");
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushcfunction(L, units_column);
    return 1;
  }
  Agent *u = &units->agents[check_index(L, 2, units->count)];
  *(Agent **)lua_newuserdata(L, sizeof u) = u;
  luaL_getmetatable(L, "peer.unit");
  lua_setmetatable(L, -2);
  return 1;
}

static int units_len(lua_State *L) {
  lua_pushinteger(L, ((Units *)luaL_checkudata(L, 1, "peer.units"))->count);
  return 1;
}

static int column_index(lua_State *L) {
  Column *column = (Column *)luaL_checkudata(L, 1, "peer.column");
  lua_pushnumber(L, *(float *)((char *)&column->agents[check_index(L, 2, column->count)] + column->offset));
  return 1;
}

static int column_newindex(lua_State *L) {
  Column *column = (Column *)luaL_checkudata(L, 1, "peer.column");
  *(float *)((char *)&column->agents[check_index(L, 2, column->count)] + column->offset) = (float)luaL_checknumber(L, 3);
  return 0;
}

static void push_fields(lua_State *L) {
  static const char *const names[] = {"x", "y", "vx", "vy", "hp"};
  lua_newtable(L);
  for (int k = 0; k < 5; k++) {
    lua_pushinteger(L, k + 1);
    lua_setfield(L, -2, names[k]);
  }
}

/* The registry slot of a userdata of agents. */
int peer_units(lua_State *L, Agent *agents, int64_t count) {
  luaL_newmetatable(L, "peer.unit");
  push_fields(L);
  lua_pushcclosure(L, unit_index, 1);
  lua_setfield(L, -2, "__index");
  push_fields(L);
  lua_pushcclosure(L, unit_newindex, 1);
  lua_setfield(L, -2, "__newindex");
  luaL_newmetatable(L, "peer.column");
  lua_pushcfunction(L, column_index);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, column_newindex);
  lua_setfield(L, -2, "__newindex");
  luaL_newmetatable(L, "peer.units");
  lua_pushcfunction(L, units_index);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, units_len);
  lua_setfield(L, -2, "__len");
  Units *units = (Units *)lua_newuserdata(L, sizeof(Units));
  units->agents = agents;
  units->count = (lua_Integer)count;
  lua_insert(L, -2);
  lua_setmetatable(L, -2);
  int slot = luaL_ref(L, LUA_REGISTRYINDEX);
  lua_pop(L, 2);
  return slot;
}

/* A function called with the userdata and a number. */
int work_units(lua_State *L, int fn, int units, double number, double *sum) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, fn);
  lua_rawgeti(L, LUA_REGISTRYINDEX, units);
  lua_pushnumber(L, number);
  if (lua_pcall(L, 2, 1, 0)) return 1;
  *sum = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return 0;
}
