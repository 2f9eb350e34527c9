/* What the views of the host's memory are made of. Rust's twins of these structs are in
   vm/views.rs, which says what they mean; the field order is the contract. LuaJIT's
   handles read `Control` too: share/handles.rs has its declaration. */
#ifndef PERILUNE_VIEWS_H
#define PERILUNE_VIEWS_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Control {
  char *memory;
  double count, writable, epoch; /* writable: 1 or 0 */
  int32_t count32, writable32, epoch32, unused;
  void *reserved[2];
} Control;

enum { I8, U8, I16, U16, I32, U32, I64, U64, F32, F64, BOOL, TEXT, TEXT_BEHIND, ARRAY, STRUCT, FOLLOW };

typedef struct Range {
  size_t offset, length;
} Range;

typedef struct Place {
  const char *name;            /* of the field */
  const char *what;            /* for messages: "field 'hp' of a Soldier" */
  const char *expected;        /* "an integer from 0 to 255" */
  size_t offset;               /* from the start of what it is in */
  size_t size;                 /* in bytes */
  size_t count;                /* of an array: how many elements */
  const struct Place *element; /* of an array; what a pointer to follow leads to */
  const struct Layout *layout; /* of a struct */
  const int64_t *values;       /* of an enumeration: what there is, or null */
  size_t value_count;
  int32_t kind;
  int32_t read_only; /* READ_ONLY, POINTER */
} Place;

/* What can only be read, and everything in it; a pointer, behind which things may be written. */
enum { READ_ONLY = 1, POINTER = 2 };

enum { MOST_POINTERS = 4 }; /* as in vm/views.rs */

typedef struct Layout {
  const char *name;
  size_t size;
  const Place *fields; /* that scripts see */
  size_t field_count;
  const Range *copied; /* what an assignment copies: no hidden and no read-only field */
  size_t copied_count;
  int metatable; /* registry slot of the metatable of such parts */
} Layout;

/* A struct that views are of. */
typedef struct Shape {
  Place whole;         /* an element */
  const Place *leaves; /* what a column can be of */
  size_t leaf_count;
  int view_metatable, array_metatable, column_metatable; /* registry slots */
  int make64, take64; /* of functions for integers of 64 bits, where Lua's numbers have fewer */
} Shape;

/* What a script holds: a view, an element or a part of one, or a column. */
typedef struct Part {
  const Control *control;
  double epoch;
  const Shape *shape;
  const Place *place; /* what it is */
  size_t index;       /* in which element */
  size_t offset;      /* where in that, or behind the last pointer */
  int read_only;      /* because of what it is in */
  int pointer_count;  /* how many pointers lead there from the element */
  uint32_t pointers[MOST_POINTERS]; /* where each is in what the one before leads to */
} Part;

/* Of places.c, which says what they do. Those that only say what is wrong do not return. */
size_t perilune_array_index(lua_State *L, const Place *array, int key);
int perilune_assign_in(lua_State *L, const Part *base, const Place *place, size_t offset);
size_t perilune_bad_element(lua_State *L, const Part *view, int key, const char *what);
Part *perilune_new_part(lua_State *L, const Part *of, int metatable);
int perilune_fail(lua_State *L, const char *format, ...);
int perilune_no_field(lua_State *L, const char *what, int key);
int perilune_only_to_read(lua_State *L, const Part *part);
void perilune_push_copy(lua_State *L, const Shape *shape, const Place *place, const char *memory, int follows);
int perilune_push_place(lua_State *L, const Part *base, const Place *place, size_t offset);
void perilune_push_scalar(lua_State *L, const Shape *shape, const Place *place, const char *memory);
int perilune_read_only(lua_State *L, const char *what);
char *perilune_readable(lua_State *L, const Part *part);
int perilune_revoked(lua_State *L, const Part *part);
void perilune_store_scalar(lua_State *L, const Shape *shape, const Place *place, char *memory, int value);
char *perilune_writable(lua_State *L, const Part *part);

/* Whether the key at `key` is the index of an element, which is then in `index`. A view has
   no more elements than an int32_t counts. */
static inline int perilune_has_element(lua_State *L, const Part *view, int key, size_t *index) {
  double number;
  if (lua_type(L, key) != LUA_TNUMBER || view->epoch != view->control->epoch) return 0;
  number = lua_tonumber(L, key);
  if (!(number >= 0 && number < view->control->count) || number != (double)(int32_t)number) return 0;
  *index = (size_t)(int32_t)number;
  return 1;
}

/* The index of an element, from the key at `key`. */
static inline size_t perilune_element_index(lua_State *L, const Part *view, int key, const char *what) {
  size_t index;
  return perilune_has_element(L, view, key, &index) ? index : perilune_bad_element(L, view, key, what);
}

#endif
