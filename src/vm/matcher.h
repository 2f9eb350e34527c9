/* The matcher of Lua's patterns, for patterns.c. It does not recurse: where matching has a choice, the
   way not taken is noted, and taken up again when the rest of the pattern fails. So it needs a
   few KiB of C stack, whatever the pattern is. */
#ifndef PERILUNE_MATCHER_H
#define PERILUNE_MATCHER_H

#include "bounded.h"

#define MAX_CAPTURES 32
#define MAX_CHOICES 199 /* "too complex": with more than 200 levels, of which the first is no choice */

/* Lengths of captures that are no lengths. */
enum { UNFINISHED = -1, POSITION = -2 };

typedef unsigned char Byte;

typedef struct Capture {
  const Byte *start;
  ptrdiff_t length;
} Capture;

/* Where matching may go on when the way taken has failed. */
typedef struct Choice {
  enum { OPTIONAL, LONGEST, SHORTEST, OPENED, CLOSED } kind;
  int capture;       /* CLOSED: which one */
  const Byte *s;     /* where it stands in the subject */
  const Byte *other; /* LONGEST: how far back it may go; SHORTEST: the item that is repeated */
  const Byte *end;   /* of the item: its suffix */
} Choice;

typedef struct Matcher {
  Steps steps;
  lua_State *L;
  const Byte *src, *src_end, *pattern_end;
  const Byte *set, *set_end; /* the set that was read last, and where it ends */
  int level; /* captures in use */
  int depth; /* choices in use */
  Capture captures[MAX_CAPTURES];
  Choice choices[MAX_CHOICES];
} Matcher;

static inline void matcher_init(Matcher *m, lua_State *L, const char *s, size_t length) {
  steps_init(&m->steps, L);
  m->L = L;
  m->set = NULL;
  m->src = (const Byte *)s;
  m->src_end = m->src + length;
}

/* Takes a pattern; gives where it begins, behind the anchor if it may have one. */
const Byte *matcher_take(Matcher *m, const char *pattern, size_t length, int *anchor);

/* Where the next match may begin after one at `s` was looked for, as far as the pattern's first item tells; null
   if nowhere. */
const Byte *matcher_next(Matcher *m, const Byte *s, const Byte *p);

/* The end of the match that begins at `s`, or null. */
const Byte *matcher_match(Matcher *m, const Byte *s, const Byte *p);

/* Pushes a capture of the latest match; the first one is the whole match where the pattern has none. */
void matcher_push(Matcher *m, int index, const Byte *s, const Byte *e);

/* Pushes all captures, the whole match being one if it is asked for by `s`. Gives how many. */
int matcher_push_all(Matcher *m, const Byte *s, const Byte *e);

#endif
