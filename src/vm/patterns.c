/* `string.find`, `match`, `gmatch` and `gsub` for scripts under a limit: what the linked VM's own
   functions do, message by message, but every few thousand steps they ask whether the script
   may go on.

   Where the two VMs differ was found by asking them (tests/pattern_functions.rs asks again, with
   many thousand patterns): LuaJIT ends a pattern at its first zero byte, LuaJIT has other messages,
   and they count what is too complex, empty matches and starts beyond the end differently. */
#include "matcher.h"
#include <string.h>

/* ---- find and match --------------------------------------------------- */

/* The first place of a plain text, or null. Its first byte is looked for by the C library, which is
   quick; what is compared then is charged for. */
static const char *find_plain(Steps *steps, lua_State *L, const char *s, size_t length, const char *text, size_t wanted) {
  const char *last;
  if (wanted == 0) return s;
  if (wanted > length) return NULL;
  for (last = s + (length - wanted); s <= last; s++) {
    s = memchr(s, *text, (size_t)(last - s) + 1);
    if (!s || memcmp(s, text, wanted) == 0) return s;
    steps_charge(steps, L, 4 + (ptrdiff_t)(wanted >> 6));
  }
  return NULL;
}

static int has_specials(Steps *steps, lua_State *L, const char *p, size_t length) {
  const char *end = p + length;
  for (; p < end; p++) {
    if (((uintptr_t)p & (STRETCH - 1)) == 0) steps_look(steps, L);
    switch (*p) {
      case '^': case '$': case '*': case '+': case '?': case '.': case '(': case '[': case '%': case '-': return 1;
    }
  }
  return 0;
}

/* Where to begin, from 0, by argument `arg`; more than `length` for nowhere. */
static size_t start_at(lua_State *L, int arg, size_t length) {
#ifdef PERILUNE_LUAJIT
  lua_Integer start = as_int(luaL_optnumber(L, arg, 1)), size = (lua_Integer)length;
#else
  lua_Integer start = luaL_optinteger(L, arg, 1), size = (lua_Integer)length;
#endif
  if (start > 0) return (size_t)start - 1;
  return start == 0 || start < -size ? 0 : (size_t)(size + start);
}

static int find(lua_State *L, int find) {
  Matcher m;
  size_t length, wanted, start;
  const char *s = luaL_checklstring(L, 1, &length), *pattern = luaL_checklstring(L, 2, &wanted);
  const Byte *p, *at, *e;
  int anchor;
  start = start_at(L, 3, length);
  if (start > length) {
#ifdef PERILUNE_LUAJIT
    if (!lua_toboolean(L, lua_upvalueindex(1))) start = length;
#endif
  }
  if (start > length) {
    lua_pushnil(L);
    return 1;
  }
  matcher_init(&m, L, s, length);
  if (find && (lua_toboolean(L, 4) || !has_specials(&m.steps, L, pattern, wanted))) {
    const char *found = find_plain(&m.steps, L, s + start, length - start, pattern, wanted);
    if (found) {
      lua_pushinteger(L, found - s + 1);
      lua_pushinteger(L, found - s + (ptrdiff_t)wanted);
      return 2;
    }
    lua_pushnil(L);
    return 1;
  }
  p = matcher_take(&m, pattern, wanted, &anchor);
  at = m.src + start;
  do {
    if ((e = matcher_match(&m, at, p)) == NULL) continue;
    if (!find) return matcher_push_all(&m, at, e);
    lua_pushinteger(L, at - m.src + 1);
    lua_pushinteger(L, e - m.src);
    return matcher_push_all(&m, NULL, NULL) + 2;
  } while (!anchor && (at = matcher_next(&m, at, p)) != NULL);
  lua_pushnil(L);
  return 1;
}

/* On LuaJIT, upvalue 1 of both: whether a start beyond the end is no start. */
static int string_find(lua_State *L) {
  return find(L, 1);
}

static int string_match(lua_State *L) {
  return find(L, 0);
}

/* ---- gmatch ----------------------------------------------------------- */

/* Where a walk from match to match stands. */
typedef struct Walk {
  size_t at;
  const Byte *last; /* Lua 5.4: where the latest match ended */
} Walk;

/* On LuaJIT the next match for the function that Lua code makes of this (backend/luajit_bounded.lua); on Lua 5.4 that
   function itself. (text, pattern, Walk) or upvalues */
#ifdef PERILUNE_LUAJIT
#define KEPT(i) (i)
#else
#define KEPT(i) lua_upvalueindex(i)
#endif

static int next_match(lua_State *L) {
  Matcher m;
  Walk *walk = lua_touserdata(L, KEPT(3));
  size_t length, wanted;
  const char *s = lua_tolstring(L, KEPT(1), &length), *pattern = lua_tolstring(L, KEPT(2), &wanted);
  const Byte *p, *at, *e;
  matcher_init(&m, L, s, length);
  p = matcher_take(&m, pattern, wanted, NULL);
  if (walk->at > length) return 0;
  for (at = m.src + walk->at; at != NULL; at = matcher_next(&m, at, p)) {
    if ((e = matcher_match(&m, at, p)) == NULL || e == walk->last) continue;
    walk->at = (size_t)(e - m.src);
#ifdef PERILUNE_LUAJIT
    walk->at += e == at; /* on from an empty match */
#else
    walk->last = e;
#endif
    return matcher_push_all(&m, at, e);
  }
  return 0;
}

/* (text, pattern, start) -> on LuaJIT what `next_match` is to be given, or nothing if one of them is no text;
   on Lua 5.4 the function */
static int string_gmatch(lua_State *L) {
  Walk walk = { 0 };
#ifdef PERILUNE_LUAJIT
  if (!lua_isstring(L, 1) || !lua_isstring(L, 2)) return 0;
  lua_tolstring(L, 1, NULL);
  lua_tolstring(L, 2, NULL);
#else
  size_t length;
  luaL_checklstring(L, 1, &length);
  luaL_checkstring(L, 2);
  walk.at = start_at(L, 3, length);
  if (walk.at > length) walk.at = length + 1;
#endif
  lua_settop(L, 2);
  *(Walk *)lua_newuserdata(L, sizeof walk) = walk;
#ifdef PERILUNE_LUAJIT
  return 3;
#else
  lua_pushcclosure(L, next_match, 3);
  return 1;
#endif
}

/* ---- gsub ------------------------------------------------------------- */

/* Adds a replacement text, with its captures filled in. */
static void add_text(Matcher *m, luaL_Buffer *b, const Byte *s, const Byte *e) {
  size_t length;
  const char *text = lua_tolstring(m->L, 3, &length), *end = text + length;
  steps_charge(&m->steps, m->L, (ptrdiff_t)(length >> 6));
  while (text < end) {
    const char *percent = memchr(text, '%', (size_t)(end - text));
    if (percent != text) {
      luaL_addlstring(b, text, (size_t)((percent ? percent : end) - text));
      if (!percent) return;
    }
    steps_charge(&m->steps, m->L, 1);
    text = percent + 2;
    if (percent[1] == '0') {
      steps_charge(&m->steps, m->L, (e - s) >> 6);
      luaL_addlstring(b, (const char *)s, (size_t)(e - s));
    } else if (percent[1] >= '1' && percent[1] <= '9') {
      matcher_push(m, percent[1] - '1', s, e);
      luaL_addvalue(b);
    } else {
#ifndef PERILUNE_LUAJIT
      if (percent[1] != '%') luaL_error(m->L, "invalid use of '%%' in replacement string");
#endif
      luaL_addchar(b, percent[1]);
    }
  }
}

/* Adds what is to be in the place of a match. */
static void add_replacement(Matcher *m, luaL_Buffer *b, int type, const Byte *s, const Byte *e) {
  lua_State *L = m->L;
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(L, 3);
    lua_call(L, matcher_push_all(m, s, e), 1);
  } else if (type == LUA_TTABLE) {
    matcher_push(m, 0, s, e);
    lua_gettable(L, 3);
  } else {
    add_text(m, b, s, e);
    return;
  }
  if (!lua_toboolean(L, -1)) {
    lua_pop(L, 1);
    lua_pushlstring(L, (const char *)s, (size_t)(e - s));
  } else if (!lua_isstring(L, -1)) {
    luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
  }
  luaL_addvalue(b);
}

static int string_gsub(lua_State *L) {
  Matcher m;
  luaL_Buffer b;
  size_t length, wanted;
  const char *s = luaL_checklstring(L, 1, &length), *pattern = luaL_checklstring(L, 2, &wanted);
  const Byte *p, *at, *e, *copied, *last = NULL;
  int type = lua_type(L, 3), anchor;
#ifdef PERILUNE_LUAJIT
  lua_Integer n = 0, most = (int)luaL_optinteger(L, 4, (int)length + 1);
  luaL_argcheck(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                "string/function/table expected");
#else
  lua_Integer n = 0, most = luaL_optinteger(L, 4, (lua_Integer)length + 1);
  luaL_argexpected(L, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
#endif
  matcher_init(&m, L, s, length);
  p = matcher_take(&m, pattern, wanted, &anchor);
  luaL_buffinit(L, &b);
  at = copied = m.src;
  while (n < most) {
    e = matcher_match(&m, at, p);
    if (e && e != last) {
      n++;
      luaL_addlstring(&b, (const char *)copied, (size_t)(at - copied));
      add_replacement(&m, &b, type, at, e);
      copied = e;
    }
    if (anchor) break;
#ifdef PERILUNE_LUAJIT
    if (e && e > at) at = e;
#else
    if (e && e != last) at = last = e;
#endif
    else if ((at = matcher_next(&m, at, p)) == NULL) break;
  }
  luaL_addlstring(&b, (const char *)copied, (size_t)(m.src_end - copied));
  luaL_pushresult(&b);
  lua_pushinteger(L, n);
  return 2;
}

/* ---- For bounded.c ---------------------------------------------------- */

#ifdef PERILUNE_LUAJIT
/* Pushes what this LuaJIT makes of a start beyond the end, which depends on how it was built. */
static void push_strictness(lua_State *L, int strings) {
  lua_getfield(L, strings, "find");
  lua_pushliteral(L, "");
  lua_pushliteral(L, "");
  lua_pushinteger(L, 2);
  lua_call(L, 3, 1);
  lua_pushboolean(L, lua_isnil(L, -1));
  lua_remove(L, -2);
}
#else
#define push_strictness(L, strings) ((void)(strings), lua_pushnil(L))
#endif

void perilune_pattern_functions(lua_State *L, int strings, int into) {
  push_strictness(L, strings);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, string_find, 1);
  lua_setfield(L, into, "find");
  lua_pushcclosure(L, string_match, 1);
  lua_setfield(L, into, "match");
  lua_pushcfunction(L, string_gmatch);
  lua_setfield(L, into, "gmatch");
#ifdef PERILUNE_LUAJIT
  lua_pushcfunction(L, next_match);
  lua_setfield(L, into, "next_match");
#endif
  lua_pushcfunction(L, string_gsub);
  lua_setfield(L, into, "gsub");
}
