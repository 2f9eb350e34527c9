#include "matcher.h"
#include <ctype.h>
#include <stdint.h>
#include <string.h>

const Byte *matcher_take(Matcher *m, const char *pattern, size_t length, int *anchor) {
  const Byte *p = (const Byte *)pattern;
#ifdef PERILUNE_LUAJIT
  (void)length;
  length = strlen(pattern);
#endif
  m->pattern_end = p + length;
  if (!anchor) return p;
  *anchor = *p == '^';
  return p + *anchor;
}

/* ---- Single characters ------------------------------------------------ */

#ifdef PERILUNE_LUAJIT
/* LuaJIT's classes know ASCII only, whatever the locale. */
#define WITHIN(c, low, high) ((unsigned)(c) - (low) <= (unsigned)((high) - (low)))
#define IS_ALPHA(c) WITHIN((c) | 0x20, 'a', 'z')
#define IS_DIGIT(c) WITHIN(c, '0', '9')
#define IS_ALNUM(c) (IS_ALPHA(c) || IS_DIGIT(c))
#define IS_GRAPH(c) WITHIN(c, 0x21, 0x7e)
#define IS_CNTRL(c) ((c) < 0x20 || (c) == 0x7f)
#define IS_LOWER(c) WITHIN(c, 'a', 'z')
#define IS_UPPER(c) WITHIN(c, 'A', 'Z')
#define IS_PUNCT(c) (IS_GRAPH(c) && !IS_ALNUM(c))
#define IS_SPACE(c) ((c) == ' ' || WITHIN(c, 9, 13))
#define IS_XDIGIT(c) (IS_DIGIT(c) || WITHIN((c) | 0x20, 'a', 'f'))
#else
#define IS_ALPHA isalpha
#define IS_DIGIT isdigit
#define IS_ALNUM isalnum
#define IS_GRAPH isgraph
#define IS_CNTRL iscntrl
#define IS_LOWER islower
#define IS_UPPER isupper
#define IS_PUNCT ispunct
#define IS_SPACE isspace
#define IS_XDIGIT isxdigit
#endif

/* Whether a character is of the class `%class`. */
static inline int in_class(int c, int class) {
  int yes;
  switch (class | 0x20) {
    case 'a': yes = IS_ALPHA(c); break;
    case 'c': yes = IS_CNTRL(c); break;
    case 'd': yes = IS_DIGIT(c); break;
    case 'g': yes = IS_GRAPH(c); break;
    case 'l': yes = IS_LOWER(c); break;
    case 'p': yes = IS_PUNCT(c); break;
    case 's': yes = IS_SPACE(c); break;
    case 'u': yes = IS_UPPER(c); break;
    case 'w': yes = IS_ALNUM(c); break;
    case 'x': yes = IS_XDIGIT(c); break;
    case 'z': yes = c == 0; break;
    default: return c == class;
  }
  return (class & 0x20) ? yes != 0 : yes == 0;
}

/* A set may be as long as memory allows: the clock is looked at on the way through a long one. */
#define LONG_SET 64

/* Either of two bytes will do: a set of classes is gone through in steps of two. */
static inline void on_the_way(Matcher *m, const Byte *p) {
  if (((uintptr_t)p & (STRETCH - 2)) == 0) steps_look(&m->steps, m->L);
}

static inline __attribute__((always_inline)) int look_through(Matcher *m, int c, const Byte *set, const Byte *last, int is_long) {
  int wanted = 1;
  if (*++set == '^') {
    wanted = 0;
    set++;
  }
  for (; set < last; set++) {
    if (is_long) on_the_way(m, set);
    if (*set == '%') {
      if (in_class(c, *++set)) return wanted;
    } else if (set[1] == '-' && set + 2 < last) {
      if (*set <= c && c <= set[2]) return wanted;
      set += 2;
    } else if (*set == c) {
      return wanted;
    }
  }
  return !wanted;
}

static __attribute__((noinline)) int in_long_set(Matcher *m, int c, const Byte *set, const Byte *last) {
  steps_charge(&m->steps, m->L, (last - set) >> 2);
  return look_through(m, c, set, last, 1);
}

/* Whether a character is in the set from its `[` to its `]`. */
static inline int in_set(Matcher *m, int c, const Byte *set, const Byte *last) {
  return last - set > LONG_SET ? in_long_set(m, c, set, last) : look_through(m, c, set, last, 0);
}

/* Where the set at `set` ends. */
static const Byte *set_end(Matcher *m, const Byte *set) {
  const Byte *p = set + 1;
  if (set == m->set) return m->set_end;
  if (*p == '^') p++;
  do { /* the first one may be a `]` that is meant */
    if (p == m->pattern_end) luaL_error(m->L, "malformed pattern (missing ']')");
    on_the_way(m, p);
    if (*p++ == '%' && p < m->pattern_end) p++;
  } while (*p != ']');
  m->set = set;
  return m->set_end = p + 1;
}

/* Where the item at `p` ends: one character, a class or a set. */
static inline const Byte *item_end(Matcher *m, const Byte *p) {
  if (*p == '[') return set_end(m, p);
  if (*p != '%') return p + 1;
  if (p + 1 == m->pattern_end) luaL_error(m->L, "malformed pattern (ends with '%%')");
  return p + 2;
}

/* Whether a character is one that the item stands for. */
static inline int fits(Matcher *m, int c, const Byte *item, const Byte *end) {
  switch (*item) {
    case '.': return 1;
    case '%': return in_class(c, item[1]);
    case '[': return in_set(m, c, item, end - 1);
    default: return *item == c;
  }
}

/* The end of the longest run of what the item stands for. */
static const Byte *run(Matcher *m, const Byte *s, const Byte *item, const Byte *end) {
  for (;;) {
    const Byte *stop = m->src_end - s > STRETCH ? s + STRETCH : m->src_end, *start = s;
    switch (*item) {
      case '.': return m->src_end;
      case '%': while (s < stop && in_class(*s, item[1])) s++; break;
      case '[': while (s < stop && fits(m, *s, item, end)) s++; break;
      default: while (s < stop && *s == *item) s++;
    }
    steps_charge(&m->steps, m->L, (s - start) >> 2);
    if (s < stop || s == m->src_end) return s;
  }
}

/* The first byte that the item stands for, or null. */
static const Byte *first_fit(Matcher *m, const Byte *s, const Byte *item, const Byte *end) {
  const Byte *start;
  for (;; steps_charge(&m->steps, m->L, STRETCH / 4)) {
    const Byte *stop = m->src_end - s > STRETCH ? s + STRETCH : m->src_end;
    for (start = s; s < stop; s++) {
      if (fits(m, *s, item, end)) {
        steps_charge(&m->steps, m->L, (s - start) >> 2);
        return s;
      }
    }
    if (s == m->src_end) return NULL;
  }
}

const Byte *matcher_next(Matcher *m, const Byte *s, const Byte *p) {
  const Byte *end;
  if (s++ == m->src_end) return NULL;
  if (*p == '(') p++;
  switch (*p) {
    case '(': case ')': case '$': case '\0': return s;
    case '%': if (p[1] == 'b' || p[1] == 'f' || (p[1] >= '0' && p[1] <= '9')) return s;
  }
  end = item_end(m, p);
  switch (*end) {
    case '?': case '*': case '-': return s;
  }
  return first_fit(m, s, p, end);
}

/* ---- The matcher ------------------------------------------------------ */

static inline Choice *choice(Matcher *m, int kind, const Byte *s, const Byte *other, const Byte *end) {
  Choice *c = &m->choices[m->depth];
  if (m->depth == MAX_CHOICES) luaL_error(m->L, "pattern too complex");
  m->depth++;
  c->kind = kind;
  c->s = s;
  c->other = other;
  c->end = end;
  return c;
}

static int bad_index(Matcher *m, int index) {
#ifdef PERILUNE_LUAJIT
  (void)index;
  return luaL_error(m->L, "invalid capture index");
#else
  return luaL_error(m->L, "invalid capture index %%%d", index + 1);
#endif
}

/* The functions from here to `single` match one item of the pattern: they move on in both texts,
   or answer 0. */

static int open_capture(Matcher *m, const Byte *s, const Byte **p) {
  int position = (*p)[1] == ')';
  if (m->level >= MAX_CAPTURES) luaL_error(m->L, "too many captures");
  m->captures[m->level].start = s;
  m->captures[m->level].length = position ? POSITION : UNFINISHED;
  m->level++;
  choice(m, OPENED, s, NULL, NULL);
  *p += 1 + position;
  return 1;
}

static int close_capture(Matcher *m, const Byte *s, const Byte **p) {
  int level = m->level;
  do {
    if (level == 0) luaL_error(m->L, "invalid pattern capture");
    level--;
  } while (m->captures[level].length != UNFINISHED);
  m->captures[level].length = s - m->captures[level].start;
  choice(m, CLOSED, s, NULL, NULL)->capture = level;
  *p += 1;
  return 1;
}

/* `%bxy` */
static int balanced(Matcher *m, const Byte **s, const Byte **p) {
  const Byte *at = *s, *ends = *p + 2;
  int open = 1;
  if (m->pattern_end - ends < 2)
#ifdef PERILUNE_LUAJIT
    luaL_error(m->L, "unbalanced pattern");
#else
    luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
#endif
  if (at == m->src_end || *at != ends[0]) return 0;
  while (++at < m->src_end) {
    on_the_way(m, at);
    if (*at == ends[1]) {
      if (--open > 0) continue;
      steps_charge(&m->steps, m->L, (at - *s) >> 2);
      *s = at + 1;
      *p += 4;
      return 1;
    }
    if (*at == ends[0]) open++;
  }
  steps_charge(&m->steps, m->L, (at - *s) >> 2);
  return 0;
}

/* `%f[set]`: beyond both ends of the subject there are zero bytes. */
static int frontier(Matcher *m, const Byte *s, const Byte **p) {
  const Byte *set = *p + 2, *end;
  int before = s == m->src ? 0 : s[-1], here = s == m->src_end ? 0 : *s;
  if (*set != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
  end = item_end(m, set);
  if (fits(m, before, set, end) || !fits(m, here, set, end)) return 0;
  *p = end;
  return 1;
}

/* `%1` to `%9`, and `%0`, which is none. */
static int back_reference(Matcher *m, const Byte **s, const Byte **p) {
  int index = (*p)[1] - '1';
  ptrdiff_t length;
  if (index < 0 || index >= m->level || m->captures[index].length == UNFINISHED) bad_index(m, index);
  length = m->captures[index].length;
  if (length < 0 || m->src_end - *s < length) return 0;
  steps_charge(&m->steps, m->L, length >> 6);
  if (memcmp(m->captures[index].start, *s, (size_t)length) != 0) return 0;
  *s += length;
  *p += 2;
  return 1;
}

/* A character, class or set, with its suffix. Lua 5.4 makes no choice where there is none. */
static inline int single(Matcher *m, const Byte **s, const Byte **p) {
  const Byte *item = *p, *end = item_end(m, item), *from = *s;
  int here = from < m->src_end && fits(m, *from, item, end);
  switch (*end) { /* the zero byte behind a pattern is no suffix */
    case '?':
      if (here) {
        choice(m, OPTIONAL, from, NULL, end);
        *s = from + 1;
      }
      break;
    case '+':
      if (!here) return 0;
      from++;
      *s = run(m, from, item, end);
      choice(m, LONGEST, *s, from, end);
      break;
    case '*':
#ifndef PERILUNE_LUAJIT
      if (!here) break;
#endif
      *s = here ? run(m, from + 1, item, end) : from;
      choice(m, LONGEST, *s, from, end);
      break;
    case '-':
#ifndef PERILUNE_LUAJIT
      if (!here) break;
#endif
      choice(m, SHORTEST, from, item, end);
      break;
    default:
      *s = from + 1;
      *p = end;
      return here;
  }
  *p = end + 1;
  return 1;
}

static inline int item(Matcher *m, const Byte **s, const Byte **p) {
  switch (**p) {
    case '(': return open_capture(m, *s, p);
    case ')': return close_capture(m, *s, p);
    case '$':
      if (*p + 1 != m->pattern_end) break;
      *p += 1;
      return *s == m->src_end;
    case '%':
      switch ((*p)[1]) {
        case 'b': return balanced(m, s, p);
        case 'f': return frontier(m, *s, p);
        case '0': case '1': case '2': case '3': case '4':
        case '5': case '6': case '7': case '8': case '9': return back_reference(m, s, p);
      }
  }
  return single(m, s, p);
}

/* Takes up the latest choice again; 0 when there is none left. */
static int retry(Matcher *m, const Byte **s, const Byte **p) {
  for (; m->depth > 0; m->depth--) {
    Choice *c = &m->choices[m->depth - 1];
    switch (c->kind) {
      case OPENED: m->level--; continue;
      case CLOSED: m->captures[c->capture].length = UNFINISHED; continue;
      case OPTIONAL: m->depth--; break;
      case LONGEST:
        if (c->s == c->other) continue;
        c->s--;
        break;
      case SHORTEST:
        if (c->s == m->src_end || !fits(m, *c->s, c->other, c->end)) continue;
        c->s++;
        break;
    }
    *s = c->s;
    *p = c->end + 1;
    return 1;
  }
  return 0;
}

const Byte *matcher_match(Matcher *m, const Byte *s, const Byte *p) {
  m->level = m->depth = 0;
  for (;;) {
    steps_charge(&m->steps, m->L, 1);
    if (p == m->pattern_end) return s;
    if (!item(m, &s, &p) && !retry(m, &s, &p)) return NULL;
  }
}

/* ---- Captures --------------------------------------------------------- */

void matcher_push(Matcher *m, int index, const Byte *s, const Byte *e) {
  const Capture *c = &m->captures[index];
  if (index >= m->level) {
    if (index != 0) bad_index(m, index);
    lua_pushlstring(m->L, (const char *)s, (size_t)(e - s));
    steps_charge(&m->steps, m->L, (e - s) >> 6);
  } else if (c->length == POSITION) {
    lua_pushinteger(m->L, c->start - m->src + 1);
  } else {
    if (c->length == UNFINISHED) luaL_error(m->L, "unfinished capture");
    lua_pushlstring(m->L, (const char *)c->start, (size_t)c->length);
    steps_charge(&m->steps, m->L, c->length >> 6);
  }
}

int matcher_push_all(Matcher *m, const Byte *s, const Byte *e) {
  int i, count = m->level == 0 && s ? 1 : m->level;
  luaL_checkstack(m->L, count, "too many captures");
  for (i = 0; i < count; i++) matcher_push(m, i, s, e);
  return count;
}
