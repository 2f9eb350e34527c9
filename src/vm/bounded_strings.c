/* The functions of `string` and `utf8` that take long for a long text. */
#include "bounded.h"
#include <ctype.h>
#include <string.h>

/* The longest text that the VM can make, or less. */
#define LONGEST 0x7fff0000

/* A format longer than this is refused: one call may take seconds to do what it asks for. There are
   numbers that take seven microseconds. */
#define LONGEST_FORMAT (1 << 14)

/* `string.rep`: the first piece, then what is there once more, and so on. */
static int rep(lua_State *L) {
  Steps steps;
  size_t length, sep_length = 0, unit, total, done, piece;
  const char *s, *sep = "";
  lua_Integer n;
  char *text;
  if (!lua_isstring(L, 1) || !integer_at(L, 2, &n) || n <= 0) return NOT_MINE;
  if (!lua_isnoneornil(L, 3)) {
    if (!lua_isstring(L, 3)) return NOT_MINE;
    sep = lua_tolstring(L, 3, &sep_length);
  }
  s = lua_tolstring(L, 1, &length);
  unit = length + sep_length;
  if (n < SHORT_LIST && unit < SHORT_TEXT / (size_t)n) return NOT_MINE;
  if (unit == 0) { /* many times nothing */
    lua_pushvalue(L, 1);
    return 1;
  }
  if ((size_t)n > LONGEST / unit) return NOT_MINE;
  total = unit * (size_t)n - sep_length;
  text = lua_newuserdata(L, total + sep_length);
  memcpy(text, s, length);
  memcpy(text + length, sep, sep_length);
  steps_init(&steps, L);
  for (done = unit; done < total; done += piece) {
    piece = done < total - done ? done : total - done;
    if (piece > 16 * STRETCH) piece = 16 * STRETCH / unit * unit; /* still a whole number of units */
    if (piece == 0) piece = unit < total - done ? unit : total - done;
    memcpy(text + done, text, piece);
    steps_charge(&steps, L, (ptrdiff_t)(piece >> 4));
  }
  lua_pushlstring(L, text, total);
  return 1;
}

BOUNDED(rep)

/* What becomes of each character: `string.lower` and `upper` as the VM has them. */
#ifdef PERILUNE_LUAJIT
static int to_lower(int c) {
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}
static int to_upper(int c) {
  return c >= 'a' && c <= 'z' ? c - 32 : c;
}
#else
#define to_lower tolower
#define to_upper toupper
#endif

enum { LOWER, UPPER, REVERSE };

static int convert(lua_State *L, int how) {
  Steps steps;
  size_t length, i, end;
  const unsigned char *s;
  unsigned char *text;
  if (lua_type(L, 1) != LUA_TSTRING) return NOT_MINE;
  s = (const unsigned char *)lua_tolstring(L, 1, &length);
  if (length < SHORT_TEXT) return NOT_MINE;
  text = lua_newuserdata(L, length);
  steps_init(&steps, L);
  for (i = 0; i < length;) {
    end = length - i < STRETCH ? length : i + STRETCH;
    switch (how) {
      case LOWER: for (; i < end; i++) text[i] = (unsigned char)to_lower(s[i]); break;
      case UPPER: for (; i < end; i++) text[i] = (unsigned char)to_upper(s[i]); break;
      default: for (; i < end; i++) text[i] = s[length - 1 - i];
    }
    steps_charge(&steps, L, STRETCH / 4);
  }
  lua_pushlstring(L, (const char *)text, length);
  return 1;
}

static int lower(lua_State *L) {
  return convert(L, LOWER);
}
static int upper(lua_State *L) {
  return convert(L, UPPER);
}
static int reverse(lua_State *L) {
  return convert(L, REVERSE);
}

BOUNDED(lower)
BOUNDED(upper)
BOUNDED(reverse)

/* Before a function whose first argument says in a language of its own what is to be done:
   `string.format`, `pack`, `packsize` and `unpack`, `os.date`. */
static int format(lua_State *L) {
  size_t length;
  if (lua_type(L, 1) != LUA_TSTRING) return NOT_MINE;
  lua_tolstring(L, 1, &length);
  if (length <= LONGEST_FORMAT) return NOT_MINE;
  return luaL_argerror(L, 1, lua_pushfstring(L, "format longer than %d bytes", LONGEST_FORMAT));
}

BOUNDED(format)

#ifndef PERILUNE_LUAJIT
/* `utf8.len` of a long text, in pieces. A piece ends before a byte that begins a character; where
   there is none for eight bytes, the text is wrong before that. */
static int utf8_len(lua_State *L) {
  Gate *gate = gate_of(L);
  size_t length;
  lua_Integer count = 0, from = 1, last = -1, to, size;
  const char *s;
  if (lua_type(L, 1) != LUA_TSTRING) return NOT_MINE;
  s = lua_tolstring(L, 1, &length);
  size = (lua_Integer)length;
  if (size < SHORT_TEXT) return NOT_MINE;
  if (!lua_isnoneornil(L, 2) && !integer_at(L, 2, &from)) return NOT_MINE;
  if (!lua_isnoneornil(L, 3) && !integer_at(L, 3, &last)) return NOT_MINE;
  if (from < 0) from += size + 1;
  if (last < 0) last += size + 1;
  if (from < 1 || from > size + 1 || last < 0 || last > size) return NOT_MINE;
  lua_settop(L, 4);
  for (; from <= last; from = to + 1) {
    int extra = 0;
    to = last - from < STRETCH ? last : from + STRETCH;
    while (to < last && extra < 8 && (s[to] & 0xc0) == 0x80) to++, extra++;
    if (gate->stop) perilune_stopped(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushinteger(L, from);
    lua_pushinteger(L, to);
    lua_pushvalue(L, 4);
    lua_call(L, 4, 2);
    if (!lua_isinteger(L, -2)) return 2;
    count += lua_tointeger(L, -2);
    lua_settop(L, 4);
  }
  lua_pushinteger(L, count);
  return 1;
}

BOUNDED(utf8_len)
#endif
