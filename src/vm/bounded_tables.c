/* The functions of `table` that take long for a long list, or for one that says it is long. */
#include "bounded.h"

/* Whether a list has metamethods, which can say and do anything. LuaJIT's functions do not ask them. */
static int has_metatable(lua_State *L, int index) {
#ifdef PERILUNE_LUAJIT
  (void)L, (void)index;
  return 0;
#else
  if (!lua_getmetatable(L, index)) return 0;
  lua_pop(L, 1);
  return 1;
#endif
}

#ifdef PERILUNE_LUAJIT
#define get(L, index, i) lua_rawgeti(L, index, (int)(i))
#define set(L, index, i) lua_rawseti(L, index, (int)(i))
#define length_of(L, index) ((lua_Integer)lua_objlen(L, index))
#define raw_length_of length_of
#define less(L, a, b) lua_lessthan(L, a, b)
#else
#define get(L, index, i) lua_geti(L, index, i)
#define set(L, index, i) lua_seti(L, index, i)
#define length_of(L, index) luaL_len(L, index)
#define raw_length_of(L, index) ((lua_Integer)lua_rawlen(L, index))
#define less(L, a, b) lua_compare(L, a, b, LUA_OPLT)
#endif

/* Whether there are at least so many steps from one place up to the other. */
static int is_far(lua_Integer from, lua_Integer to, size_t steps) {
  return to >= from && (size_t)to - (size_t)from >= steps;
}

/* ---- concat ----------------------------------------------------------- */

#ifdef PERILUNE_LUAJIT
/* Lua code joins a long list in parts (backend/luajit_bounded.lua). From where to where, as the VM's own
   function would take it; nothing where that has something to complain of. (list, separator, i, j) -> i, j */
int perilune_range(lua_State *L) {
  lua_Integer i = 1, last;
  if (!lua_istable(L, 1)) return 0;
  if (!lua_isnoneornil(L, 2) && !lua_isstring(L, 2)) return 0;
  if (!lua_isnoneornil(L, 3) && !integer_at(L, 3, &i)) return 0;
  last = length_of(L, 1);
  if (!lua_isnoneornil(L, 4) && !integer_at(L, 4, &last)) return 0;
  lua_pushinteger(L, i);
  lua_pushinteger(L, last);
  return 2;
}
#else
/* (list, separator, i, j) -> string */
static int concat(lua_State *L) {
  Steps steps;
  luaL_Buffer b;
  size_t sep_length = 0, length;
  const char *sep = "";
  lua_Integer i = 1, last;
  if (!lua_istable(L, 1)) return NOT_MINE;
  if (!lua_isnoneornil(L, 2) && !lua_isstring(L, 2)) return NOT_MINE;
  if (!lua_isnoneornil(L, 3) && !integer_at(L, 3, &i)) return NOT_MINE;
  if (lua_isnoneornil(L, 4)) {
    if (!has_metatable(L, 1) && !is_far(i, raw_length_of(L, 1), SHORT_NUMBERS)) return NOT_MINE;
    last = length_of(L, 1);
  } else {
    if (!integer_at(L, 4, &last) || (!has_metatable(L, 1) && !is_far(i, last, SHORT_NUMBERS))) return NOT_MINE;
  }
  if (!lua_isnoneornil(L, 2)) sep = lua_tolstring(L, 2, &sep_length);
  lua_settop(L, 4);
  steps_init(&steps, L);
  luaL_buffinit(L, &b);
  for (; i <= last; i++) {
    get(L, 1, i);
    if (!lua_isstring(L, -1)) { /* the VM's own function is asked for that one alone, and complains */
      lua_settop(L, 2);
      lua_pushinteger(L, i);
      lua_pushinteger(L, i);
      return NOT_MINE;
    }
    lua_tolstring(L, -1, &length);
    steps_charge(&steps, L, 8 + (ptrdiff_t)((length + sep_length) >> 6));
    luaL_addvalue(&b);
    if (i == last) break; /* the last one may be the largest number there is */
    luaL_addlstring(&b, sep, sep_length);
  }
  luaL_pushresult(&b);
  return 1;
}

BOUNDED(concat)
#endif

/* ---- sort ------------------------------------------------------------- */

/* Quicksort by the median of three, comparison by comparison as the VM's own function has it: what becomes of a
   list whose order contradicts itself, or of equal elements, hangs on which ones were compared. The flag is looked
   at before each comparison, so that no list is too long, and none in an order that makes this quadratic. */

typedef struct Order {
  lua_State *L;
  Gate *gate;
  int by_function; /* at 2; else by `<` */
} Order;

/* Whether one value on the stack comes before another; where they are is told from the top. */
static int before(const Order *order, int a, int b) {
  lua_State *L = order->L;
  int yes;
  if (order->gate->stop) perilune_stopped(L);
  if (!order->by_function) return less(L, a, b);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, a - 1);
  lua_pushvalue(L, b - 2);
  lua_call(L, 2, 1);
  yes = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return yes;
}

/* Stores the value on top at one place and the one below it at another. */
static void put(lua_State *L, unsigned i, unsigned j) {
  set(L, 1, i);
  set(L, 1, j);
}

static void sort_ends(const Order *order, unsigned low, unsigned high) {
  get(order->L, 1, low);
  get(order->L, 1, high);
  if (before(order, -1, -2))
    put(order->L, low, high);
  else
    lua_pop(order->L, 2);
}

/* Brings the middle one between the ends, which are sorted. */
static void sort_middle(const Order *order, unsigned low, unsigned middle, unsigned high) {
  lua_State *L = order->L;
  get(L, 1, middle);
  get(L, 1, low);
  if (before(order, -2, -1)) {
    put(L, middle, low);
    return;
  }
  lua_pop(L, 1);
  get(L, 1, high);
  if (before(order, -1, -2))
    put(L, middle, high);
  else
    lua_pop(L, 2);
}

/* How far the pivot's neighbours may be looked for before it is plain that the order contradicts itself. */
#ifdef PERILUNE_LUAJIT
#define PAST_HIGH(i, high) ((i) >= (high))
#define PAST_LOW(j, low, i) ((j) <= (low))
#else
#define PAST_HIGH(i, high) ((i) == (high) - 1)
#define PAST_LOW(j, low, i) ((j) < (i))
#endif

static void refuse_order(lua_State *L) {
  luaL_error(L, "invalid order function for sorting");
}

/* Brings what is less than the middle one before it and what is more behind it. Gives where it is then. */
static unsigned divide(const Order *order, unsigned low, unsigned middle, unsigned high) {
  lua_State *L = order->L;
  unsigned i = low, j = high - 1;
  get(L, 1, middle);
  lua_pushvalue(L, -1);
  get(L, 1, j);
  put(L, middle, j); /* the pivot stands aside, and stays on the stack */
  for (;;) {
    while (get(L, 1, ++i), before(order, -1, -2)) {
      if (PAST_HIGH(i, high)) refuse_order(L);
      lua_pop(L, 1);
    }
    while (get(L, 1, --j), before(order, -3, -1)) {
      if (PAST_LOW(j, low, i)) refuse_order(L);
      lua_pop(L, 1);
    }
    if (j < i) break;
    put(L, i, j);
  }
#ifdef PERILUNE_LUAJIT
  lua_pop(L, 3); /* a comparison may have changed the list: it is asked again */
  get(L, 1, high - 1);
  get(L, 1, i);
#else
  lua_pop(L, 1);
#endif
  put(L, high - 1, i);
  return i;
}

/* Where a division was very uneven, Lua 5.4 takes pivots by chance from then on: any number will do. LuaJIT never does. */
#ifdef PERILUNE_LUAJIT
#define IS_UNEVEN(left, done) ((void)(left), (void)(done), 0)
#else
#define IS_UNEVEN(left, done) ((left) / 128 > (done))
#endif

static unsigned middle_of(unsigned low, unsigned high, unsigned chance) {
  unsigned quarter = (high - low) / 4;
  if (chance == 0 || high - low < 100) return (low + high) / 2;
  return low + quarter + chance % (2 * quarter);
}

/* Sorts from `low` to `high`; the depth is that of the smaller parts. */
static void sort_part(const Order *order, unsigned low, unsigned high, unsigned chance) {
  while (low < high) {
    unsigned at = middle_of(low, high, chance), done;
    sort_ends(order, low, high);
    if (high - low == 1) return;
    sort_middle(order, low, at, high);
    if (high - low == 2) return;
    at = divide(order, low, at, high);
    if (at - low < high - at) {
      sort_part(order, low, at - 1, chance);
      done = at - low;
      low = at + 1;
    } else {
      sort_part(order, at + 1, high, chance);
      done = high - at;
      high = at - 1;
    }
    if (IS_UNEVEN(high - low, done)) chance += 0x9e3779b9u;
  }
}

/* (list, comparison) */
static int sort(lua_State *L) {
  Order order = { L, gate_of(L), 0 };
  lua_Integer n;
#ifdef PERILUNE_LUAJIT
  luaL_checktype(L, 1, LUA_TTABLE);
  n = length_of(L, 1);
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
#else
  if (!lua_istable(L, 1)) return NOT_MINE;
  n = length_of(L, 1);
  if (n < 2) return 0;
  luaL_argcheck(L, n < INT_MAX, 1, "array too big");
  if (!lua_isnoneornil(L, 2)) luaL_checktype(L, 2, LUA_TFUNCTION);
#endif
  lua_settop(L, 2);
  order.by_function = !lua_isnil(L, 2);
  sort_part(&order, 1, (unsigned)n, 0);
  return 0;
}

#ifdef PERILUNE_LUAJIT
int perilune_sort(lua_State *L) {
  return sort(L);
}
#else
BOUNDED(sort)
#endif

/* ---- insert, remove, move --------------------------------------------- */

/* t[to] = from[i] for so many, upwards or downwards. */
static void copy(lua_State *L, int source, lua_Integer from, int target, lua_Integer to, lua_Integer count, int step) {
  Steps steps;
  steps_init(&steps, L);
  while (count-- > 0) {
    get(L, source, from);
    set(L, target, to);
    from = (lua_Integer)((size_t)from + (size_t)step);
    to = (lua_Integer)((size_t)to + (size_t)step);
    steps_charge(&steps, L, 8);
  }
}

#ifndef PERILUNE_LUAJIT
/* Lets the VM's own function complain of a position, in its own words: that of an empty list. What the script's
   list says of its length may be another thing the next time. */
static int out_of_bounds(lua_State *L) {
  lua_newtable(L);
  lua_replace(L, 1);
  lua_pushinteger(L, 9);
  lua_replace(L, 2);
  return NOT_MINE;
}
#endif

/* (list, position, value) */
static int insert(lua_State *L) {
  lua_Integer at, length, end;
  if (!lua_istable(L, 1) || lua_gettop(L) != 3 || !integer_at(L, 2, &at)) return NOT_MINE;
  if (!has_metatable(L, 1) && !is_far(at, raw_length_of(L, 1), SHORT_LIST / 8)) return NOT_MINE;
  length = length_of(L, 1);
  end = (lua_Integer)((size_t)length + 1);
#ifndef PERILUNE_LUAJIT
  if ((lua_Unsigned)at - 1 >= (lua_Unsigned)end) return out_of_bounds(L);
#endif
  copy(L, 1, length, 1, end, end > at ? end - at : 0, -1);
  set(L, 1, at);
  return 0;
}

BOUNDED(insert)

#ifndef PERILUNE_LUAJIT /* there they are Lua code */

/* (list, position) -> value */
static int remove_at(lua_State *L) {
  lua_Integer at, length;
  if (!lua_istable(L, 1) || !integer_at(L, 2, &at)) return NOT_MINE;
  if (!has_metatable(L, 1) && !is_far(at, raw_length_of(L, 1), SHORT_LIST / 8)) return NOT_MINE;
  length = length_of(L, 1);
  if (at != length && (lua_Unsigned)at - 1 > (lua_Unsigned)length) return out_of_bounds(L);
  get(L, 1, at);
  copy(L, 1, at + 1, 1, at, length - at, 1);
  lua_pushnil(L);
  set(L, 1, at > length ? at : length);
  return 1;
}

int perilune_remove(lua_State *L) {
  int results = remove_at(L);
  return results >= 0 ? results : lua_tocfunction(L, lua_upvalueindex(1))(L);
}

/* (list, from, to, where, other list) -> the list that was changed */
static int move(lua_State *L) {
  lua_Integer from, last, to;
  int target = lua_isnoneornil(L, 5) ? 1 : 5;
  if (!lua_istable(L, 1) || !lua_istable(L, target)) return NOT_MINE;
  if (!integer_at(L, 2, &from) || !integer_at(L, 3, &last) || !integer_at(L, 4, &to)) return NOT_MINE;
  if (last < from || (from <= 0 && last >= LUA_MAXINTEGER + from)) return NOT_MINE; /* nothing, or too much */
  if (to > LUA_MAXINTEGER - (last - from)) return NOT_MINE;
  if (last - from < SHORT_LIST / 8 && !has_metatable(L, 1) && !has_metatable(L, target)) return NOT_MINE;
  if (to > last || to <= from || (target != 1 && !lua_compare(L, 1, target, LUA_OPEQ)))
    copy(L, 1, from, target, to, last - from + 1, 1);
  else
    copy(L, 1, last, target, to + (last - from), last - from + 1, -1);
  lua_pushvalue(L, target);
  return 1;
}

BOUNDED(move)
#endif
