/* Where the parts of a view are in the host's memory, and how they are read and written.
   What is wrong is said in the words of the code that share/handles.rs makes for LuaJIT.

   Every access asks the control block first. Between that and the access no function of a
   script can run. As in door.c, these frames own nothing, so that they may raise. */
#include "door.h"
#include "views.h"
#include <stdarg.h>
#include <string.h>

/* ---- What can be wrong ------------------------------------------------ */

/* Calls of C functions by each other that are looked through for the script's line. */
#define MOST_CALLS 64

/* Pushes where the script is that uses a view, which may have done so by way of `pcall`
   or the like: the innermost line that is neither ours nor of a C function. */
static void push_where(lua_State *L) {
  lua_Debug ar;
  int level;
  for (level = 0; level < MOST_CALLS && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0 || perilune_reaches_memory(L, &ar)) continue;
    lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
    return;
  }
  lua_pushliteral(L, "");
}

/* () -> where the script is, for messages */
int perilune_where(lua_State *L) {
  push_where(L);
  return 1;
}

/* Raises a message, as luaL_error does. */
int perilune_fail(lua_State *L, const char *format, ...) {
  va_list values;
  luaL_checkstack(L, 4, "too deep");
  push_where(L);
  va_start(values, format);
  lua_pushvfstring(L, format, values);
  va_end(values);
  lua_concat(L, 2);
  return lua_error(L);
}

static const char *number_text(lua_State *L, int at) {
  lua_pushvalue(L, at);
  return lua_tostring(L, -1);
}

int perilune_revoked(lua_State *L, const Part *part) {
  return perilune_fail(L, "view revoked: the host has taken back the memory of this view of %s", part->shape->whole.layout->name);
}

static int out_of_range(lua_State *L, const Part *part, const char *index) {
  lua_pushinteger(L, (lua_Integer)part->control->count);
  return perilune_fail(L, "index %s is out of range: this view of %s has %s elements now", index, part->shape->whole.layout->name,
                    number_text(L, -1));
}

static int element_gone(lua_State *L, const Part *part) {
  lua_pushinteger(L, (lua_Integer)part->index);
  return out_of_range(L, part, number_text(L, -1));
}

int perilune_only_to_read(lua_State *L, const Part *part) {
  return perilune_fail(L, "cannot change a %s: this view can only be read", part->shape->whole.layout->name);
}

int perilune_read_only(lua_State *L, const char *what) {
  return perilune_fail(L, "cannot change %s: it can only be read", what);
}

static int bad_value(lua_State *L, const Place *place, const char *expected, int at) {
  if (lua_type(L, at) == LUA_TNUMBER)
    return perilune_fail(L, "bad value for %s: expected %s, got number %s", place->what, expected, number_text(L, at));
  return perilune_fail(L, "bad value for %s: expected %s, got %s", place->what, expected, luaL_typename(L, at));
}

int perilune_no_field(lua_State *L, const char *what, int key) {
  if (lua_type(L, key) == LUA_TSTRING) return perilune_fail(L, "%s has no field '%s'", what, lua_tostring(L, key));
  return perilune_fail(L, "%s has no field '(%s)'", what, luaL_typename(L, key));
}

/* ---- Where things are -------------------------------------------------- */

static char *pointer_at(const char *memory) {
  char *pointer;
  memcpy(&pointer, memory, sizeof pointer);
  return pointer;
}

/* By way of the pointers, as they are now. */
static char *at(lua_State *L, const Part *part) {
  char *memory = part->control->memory + part->index * part->shape->whole.layout->size;
  int k;
  for (k = 0; k < part->pointer_count; k++) {
    memory = pointer_at(memory + part->pointers[k]);
    if (!memory) perilune_fail(L, "%s is gone: a pointer on the way to it is NULL now", part->place->what);
  }
  return memory + part->offset;
}

static void check_element(lua_State *L, const Part *part) {
  const Control *control = part->control;
  if (part->epoch != control->epoch) perilune_revoked(L, part);
  if (!((double)part->index < control->count)) element_gone(L, part);
}

/* The memory of a part, which can be read. */
char *perilune_readable(lua_State *L, const Part *part) {
  check_element(L, part);
  return at(L, part);
}

/* The memory of a part, which can be written. */
char *perilune_writable(lua_State *L, const Part *part) {
  check_element(L, part);
  if (part->control->writable != 1) perilune_only_to_read(L, part);
  return at(L, part);
}

/* Says what is wrong with the index of an element at `key`. */
size_t perilune_bad_element(lua_State *L, const Part *view, int key, const char *what) {
  if (lua_type(L, key) != LUA_TNUMBER)
    perilune_fail(L, "bad index of %s: expected a number, got %s", what, luaL_typename(L, key));
  if (view->epoch != view->control->epoch) perilune_revoked(L, view);
  return (size_t)out_of_range(L, view, number_text(L, key));
}

size_t perilune_array_index(lua_State *L, const Place *array, int key) {
  double index;
  if (lua_type(L, key) != LUA_TNUMBER)
    perilune_fail(L, "bad index of %s: expected a number, got %s", array->what, luaL_typename(L, key));
  index = lua_tonumber(L, key);
  if (!(index >= 0 && index < (double)array->count) || index != (double)(size_t)index)
    perilune_fail(L, "index %s is out of range: %s has %d elements, from 0 on", number_text(L, key), array->what, (int)array->count);
  return (size_t)index;
}

/* ---- Reading ----------------------------------------------------------- */

Part *perilune_new_part(lua_State *L, const Part *of, int metatable) {
#ifdef PERILUNE_LUAJIT
  Part *part = (Part *)lua_newuserdata(L, sizeof(Part));
#else
  Part *part = (Part *)lua_newuserdatauv(L, sizeof(Part), 0);
#endif
  *part = *of;
  lua_rawgeti(L, LUA_REGISTRYINDEX, metatable);
  lua_setmetatable(L, -2);
  return part;
}

/* An integer of 64 bits: in two halves by way of a function, where Lua's numbers have fewer. */
static void push64(lua_State *L, const Shape *shape, uint64_t bits, int is_signed) {
#ifdef PERILUNE_LUAJIT
  lua_rawgeti(L, LUA_REGISTRYINDEX, shape->make64);
  lua_pushnumber(L, (lua_Number)(uint32_t)(bits >> 32));
  lua_pushnumber(L, (lua_Number)(uint32_t)bits);
  lua_pushboolean(L, is_signed);
  lua_call(L, 3, 1);
#else
  (void)shape, (void)is_signed;
  lua_pushinteger(L, (lua_Integer)bits);
#endif
}

/* Text that ends at a NUL or after `most` bytes: what is behind the NUL is not looked at. */
static void push_text(lua_State *L, const char *text, size_t most) {
  const char *end = (const char *)memchr(text, 0, most);
  lua_pushlstring(L, text, end ? (size_t)(end - text) : most);
}

#define READ(TYPE, PUSH) { TYPE value; memcpy(&value, memory, sizeof value); PUSH; break; }

/* Pushes a single value. */
void perilune_push_scalar(lua_State *L, const Shape *shape, const Place *place, const char *memory) {
  switch (place->kind) {
    case I8: READ(int8_t, lua_pushinteger(L, value))
    case U8: READ(uint8_t, lua_pushinteger(L, value))
    case I16: READ(int16_t, lua_pushinteger(L, value))
    case U16: READ(uint16_t, lua_pushinteger(L, value))
    case I32: READ(int32_t, lua_pushinteger(L, value))
    case U32: READ(uint32_t, lua_pushinteger(L, (lua_Integer)value))
    case I64: READ(uint64_t, push64(L, shape, value, 1))
    case U64: READ(uint64_t, push64(L, shape, value, 0))
    case F32: READ(float, lua_pushnumber(L, (lua_Number)value))
    case F64: READ(double, lua_pushnumber(L, value))
    case BOOL: lua_pushboolean(L, *memory != 0); break;
    case TEXT_BEHIND:
      if (pointer_at(memory)) push_text(L, pointer_at(memory), place->count);
      else lua_pushnil(L);
      break;
    default: push_text(L, memory, place->size); /* TEXT */
  }
}

/* Pushes the struct that the pointer at `memory` leads to, or nil. */
static int push_followed(lua_State *L, const Part *base, const Place *place, const char *memory, size_t offset) {
  Part part = *base;
  if (!pointer_at(memory)) {
    lua_pushnil(L);
    return 1;
  }
  if (base->pointer_count == MOST_POINTERS)
    return perilune_fail(L, "%s is too far away: there can be %d pointers between an element and what is read", place->what, MOST_POINTERS);
  part.place = place->element;
  part.offset = 0;
  part.read_only = base->read_only || (place->read_only & READ_ONLY) || place->element->read_only;
  part.pointers[part.pointer_count++] = (uint32_t)offset;
  perilune_new_part(L, &part, place->element->layout->metatable);
  return 1;
}

/* Pushes what reading a place gives: its value, or a part. `base` is what it is in. */
int perilune_push_place(lua_State *L, const Part *base, const Place *place, size_t offset) {
  Part part;
  char *memory = perilune_readable(L, base);
  if (place->kind < ARRAY) {
    perilune_push_scalar(L, base->shape, place, memory - base->offset + offset);
    return 1;
  }
  if (place->kind == FOLLOW) return push_followed(L, base, place, memory - base->offset + offset, offset);
  part = *base;
  part.place = place;
  part.offset = offset;
  part.read_only = base->read_only || (place->read_only & READ_ONLY);
  perilune_new_part(L, &part, place->kind == ARRAY ? base->shape->array_metatable : place->layout->metatable);
  return 1;
}

/* Pushes a table of what a place has. What pointers lead to is copied too if it `follows` them,
   but not what is behind further ones: those may lead in a circle. */
void perilune_push_copy(lua_State *L, const Shape *shape, const Place *place, const char *memory, int follows) {
  size_t k;
  if (place->kind < ARRAY) {
    perilune_push_scalar(L, shape, place, memory);
    return;
  }
  luaL_checkstack(L, 6, "too deep");
  if (place->kind == FOLLOW) {
    if (follows && pointer_at(memory)) perilune_push_copy(L, shape, place->element, pointer_at(memory), 0);
    else lua_pushnil(L);
    return;
  }
  if (place->kind == ARRAY) {
    lua_createtable(L, (int)place->count, 0);
    for (k = 0; k < place->count; k++) {
      perilune_push_copy(L, shape, place->element, memory + k * place->element->size, follows);
      lua_rawseti(L, -2, (int)k + 1);
    }
    return;
  }
  lua_createtable(L, 0, (int)place->layout->field_count);
  for (k = 0; k < place->layout->field_count; k++) {
    const Place *field = &place->layout->fields[k];
    lua_pushstring(L, field->name);
    perilune_push_copy(L, shape, field, memory + field->offset, follows);
    lua_rawset(L, -3);
  }
}

/* ---- Writing ----------------------------------------------------------- */

/* Whether there is a whole number from `low` to `high`. */
static int whole(lua_State *L, int value, double low, double high, int64_t *number) {
  double found;
  if (lua_type(L, value) != LUA_TNUMBER) return 0;
  found = lua_tonumber(L, value);
  if (!(found >= low && found <= high) || found != (double)(int64_t)found) return 0;
  *number = (int64_t)found;
  return 1;
}

static int whole64(lua_State *L, const Shape *shape, const Place *place, int value, int64_t *number) {
#ifdef PERILUNE_LUAJIT
  if (value < 0) value = lua_gettop(L) + 1 + value;
  lua_rawgeti(L, LUA_REGISTRYINDEX, shape->take64);
  lua_pushvalue(L, value);
  lua_pushboolean(L, place->kind == I64);
  lua_call(L, 2, 2);
  if (lua_isnil(L, -2)) return 0;
  *number = (int64_t)((uint64_t)lua_tonumber(L, -2) << 32 | (uint64_t)lua_tonumber(L, -1));
  lua_pop(L, 2);
  return 1;
#else
  int ok;
  (void)shape, (void)place;
  if (lua_type(L, value) != LUA_TNUMBER) return 0;
  *number = (int64_t)lua_tointegerx(L, value, &ok);
  return ok && !(place->kind == U64 && !lua_isinteger(L, value) && *number < 0);
#endif
}

static int declared(const Place *place, int64_t number) {
  size_t k;
  for (k = 0; k < place->value_count; k++)
    if (place->values[k] == number) return 1;
  return place->values == NULL;
}

#define WRITE(TYPE, VALUE) { TYPE stored = (TYPE)(VALUE); if (memory) memcpy(memory, &stored, sizeof stored); return; }
#define WRITE_WHOLE(TYPE, LOW, HIGH) \
  if (whole(L, value, LOW, HIGH, &number) && declared(place, number)) WRITE(TYPE, number) \
  break;

/* Stores the value at index `value`, if it is one for the place; without memory it is
   only looked at. */
void perilune_store_scalar(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
  int64_t number;
  switch (place->kind) {
    case I8: WRITE_WHOLE(int8_t, -128, 127)
    case U8: WRITE_WHOLE(uint8_t, 0, 255)
    case I16: WRITE_WHOLE(int16_t, -32768, 32767)
    case U16: WRITE_WHOLE(uint16_t, 0, 65535)
    case I32: WRITE_WHOLE(int32_t, -2147483648.0, 2147483647.0)
    case U32: WRITE_WHOLE(uint32_t, 0, 4294967295.0)
    case I64:
    case U64:
      if (whole64(L, shape, place, value, &number)) WRITE(int64_t, number)
      break;
    case F32:
      if (lua_type(L, value) == LUA_TNUMBER) WRITE(float, lua_tonumber(L, value))
      break;
    case F64:
      if (lua_type(L, value) == LUA_TNUMBER) WRITE(double, lua_tonumber(L, value))
      break;
    case BOOL:
      if (lua_type(L, value) == LUA_TBOOLEAN) WRITE(uint8_t, lua_toboolean(L, value))
      break;
    default: /* TEXT */
      if (lua_type(L, value) == LUA_TSTRING) {
        size_t length;
        const char *text = lua_tolstring(L, value, &length);
        if (length >= place->size || memchr(text, 0, length)) break;
        if (!memory) return;
        memset(memory, 0, place->size);
        memcpy(memory, text, length);
        return;
      }
  }
  bad_value(L, place, place->expected, value);
}

static int same_kind(const Place *a, const Place *b) {
  if (a->kind != b->kind || a->size != b->size || a->value_count != b->value_count) return 0;
  if (a->value_count && memcmp(a->values, b->values, a->value_count * sizeof *a->values) != 0) return 0;
  if (a->kind == STRUCT) return a->layout == b->layout;
  return a->kind != ARRAY || (a->count == b->count && same_kind(a->element, b->element));
}

/* Copies what scripts may write. */
static void copy_place(const Place *place, char *to, const char *from) {
  size_t k;
  if (place->kind == STRUCT) {
    const Layout *layout = place->layout;
    for (k = 0; k < layout->copied_count; k++)
      memmove(to + layout->copied[k].offset, from + layout->copied[k].offset, layout->copied[k].length);
  } else if (place->kind == ARRAY && place->element->kind >= ARRAY) {
    for (k = 0; k < place->count; k++) copy_place(place->element, to + k * place->element->size, from + k * place->element->size);
  } else {
    memmove(to, from, place->size);
  }
}

/* The part at index `value` of the same shape, if it is one with the metatable in `slot`. */
static const Part *part_at(lua_State *L, const Shape *shape, int value, int slot) {
  int same;
  const Part *part;
  if (lua_type(L, value) != LUA_TUSERDATA || !lua_getmetatable(L, value)) return NULL;
  lua_rawgeti(L, LUA_REGISTRYINDEX, slot);
  same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  if (!same) return NULL;
  part = (const Part *)lua_touserdata(L, value);
  return part->shape == shape ? part : NULL;
}

static void assign(lua_State *L, const Shape *shape, const Place *place, char *memory, int value);

static int has_field(const Layout *layout, const char *name) {
  size_t k = 0;
  while (k < layout->field_count && strcmp(layout->fields[k].name, name) != 0) k++;
  return k < layout->field_count;
}

/* The fields in their order, so that it is always the same that is wrong first. */
static void assign_fields(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
  const Layout *layout = place->layout;
  size_t k;
  luaL_checkstack(L, 8, "too deep");
  for (k = 0; k < layout->field_count; k++) {
    const Place *field = &layout->fields[k];
    lua_pushstring(L, field->name);
    lua_rawget(L, value);
    if (!lua_isnil(L, -1)) {
      if (field->read_only) perilune_read_only(L, field->what);
      assign(L, shape, field, memory + field->offset, lua_gettop(L));
    }
    lua_pop(L, 1);
  }
  lua_pushnil(L);
  while (lua_next(L, value)) {
    int key = lua_gettop(L) - 1;
    if (lua_type(L, key) != LUA_TSTRING || !has_field(layout, lua_tostring(L, key))) perilune_no_field(L, place->what, key);
    lua_pop(L, 1);
  }
}

static void assign_elements(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
  size_t k;
  luaL_checkstack(L, 8, "too deep");
  lua_rawgeti(L, value, (int)place->count + 1);
  if (!lua_isnil(L, -1)) perilune_fail(L, "bad value for %s: expected %d elements, got more", place->what, (int)place->count);
  lua_pop(L, 1);
  for (k = 0; k < place->count; k++) {
    lua_rawgeti(L, value, (int)k + 1);
    if (lua_isnil(L, -1)) perilune_fail(L, "bad value for %s: expected %d elements, got %d", place->what, (int)place->count, (int)k);
    assign(L, shape, place->element, memory + k * place->element->size, lua_gettop(L));
    lua_pop(L, 1);
  }
}

/* Assigns the value at `value`, an absolute index, to a place. */
static void assign(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
  const Part *from;
  if (place->kind < ARRAY) {
    perilune_store_scalar(L, shape, place, memory, value);
    return;
  }
  from = part_at(L, shape, value, place->kind == ARRAY ? shape->array_metatable : place->layout->metatable);
  if (from && same_kind(from->place, place)) {
    copy_place(place, memory, perilune_readable(L, from));
  } else if (lua_type(L, value) != LUA_TTABLE) {
    bad_value(L, place, place->expected, value);
  } else if (place->kind == ARRAY) {
    assign_elements(L, shape, place, memory, value);
  } else {
    assign_fields(L, shape, place, memory, value);
  }
}

/* Assigns the table at index 3 to a place in a part: it is put together elsewhere before
   any of it is stored, so that all of it is, or nothing. */
static void assign_table(lua_State *L, const Part *base, const Place *place, size_t offset) {
  char *scratch = (char *)lua_newuserdata(L, place->size);
  memcpy(scratch, perilune_writable(L, base) - base->offset + offset, place->size);
  assign(L, base->shape, place, scratch, 3);
  copy_place(place, perilune_writable(L, base) - base->offset + offset, scratch);
}

/* Assigns the third argument to a place in a part. */
int perilune_assign_in(lua_State *L, const Part *base, const Place *place, size_t offset) {
  if (base->read_only || place->read_only) {
    perilune_readable(L, base);
    return perilune_read_only(L, place->what);
  }
  if (place->kind >= ARRAY && lua_type(L, 3) == LUA_TTABLE) assign_table(L, base, place, offset);
  else assign(L, base->shape, place, perilune_writable(L, base) - base->offset + offset, 3);
  return 0;
}
