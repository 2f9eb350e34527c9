/* How scripts reach the host's memory where no compiled code does it: functions for the
   userdata of a view and its parts. They say the same in the same words as the code that
   share/handles.rs makes for LuaJIT.

   Every access asks the control block first. Between that and the access no function of a
   script can run. As in door.c, these frames own nothing, so that they may raise. */
#include "door.h"
#include "views.h"
#include <string.h>

/* ---- What can be wrong ------------------------------------------------ */

static const char *number_text(lua_State *L, int at) {
  lua_pushvalue(L, at);
  return lua_tostring(L, -1);
}

static int revoked(lua_State *L, const Part *part) {
  return luaL_error(L, "view revoked: the host has taken back the memory of this view of %s", part->shape->whole.layout->name);
}

static int out_of_range(lua_State *L, const Part *part, const char *index) {
  lua_pushinteger(L, (lua_Integer)part->control->count);
  return luaL_error(L, "index %s is out of range: this view of %s has %s elements now", index, part->shape->whole.layout->name,
                    number_text(L, -1));
}

static int element_gone(lua_State *L, const Part *part) {
  lua_pushinteger(L, (lua_Integer)part->index);
  return out_of_range(L, part, number_text(L, -1));
}

static int only_to_read(lua_State *L, const Part *part) {
  return luaL_error(L, "cannot change a %s: this view can only be read", part->shape->whole.layout->name);
}

static int read_only(lua_State *L, const char *what) {
  return luaL_error(L, "cannot change %s: it can only be read", what);
}

static int bad_value(lua_State *L, const Place *place, const char *expected, int at) {
  if (lua_type(L, at) == LUA_TNUMBER)
    return luaL_error(L, "bad value for %s: expected %s, got number %s", place->what, expected, number_text(L, at));
  return luaL_error(L, "bad value for %s: expected %s, got %s", place->what, expected, luaL_typename(L, at));
}

static int no_field(lua_State *L, const char *what, int key) {
  if (lua_type(L, key) == LUA_TSTRING) return luaL_error(L, "%s has no field '%s'", what, lua_tostring(L, key));
  return luaL_error(L, "%s has no field '(%s)'", what, luaL_typename(L, key));
}

/* ---- Where things are -------------------------------------------------- */

static char *at(const Part *part) {
  return part->control->memory + part->index * part->shape->whole.layout->size + part->offset;
}

/* The memory of a part, which can be read. */
static char *readable(lua_State *L, const Part *part) {
  const Control *control = part->control;
  if (part->epoch != control->epoch) revoked(L, part);
  if (!((double)part->index < control->count)) element_gone(L, part);
  return at(part);
}

/* The memory of a part, which can be written. */
static char *writable(lua_State *L, const Part *part) {
  char *memory = readable(L, part);
  if (part->control->writable != 1) only_to_read(L, part);
  return memory;
}

/* The index of an element, from the key at `key`. */
static size_t element_index(lua_State *L, const Part *view, int key, const char *what) {
  double index;
  if (lua_type(L, key) != LUA_TNUMBER)
    luaL_error(L, "bad index of %s: expected a number, got %s", what, luaL_typename(L, key));
  if (view->epoch != view->control->epoch) revoked(L, view);
  index = lua_tonumber(L, key);
  if (!(index >= 0 && index < view->control->count) || index != (double)(size_t)index)
    out_of_range(L, view, number_text(L, key));
  return (size_t)index;
}

static size_t array_index(lua_State *L, const Place *array, int key) {
  double index;
  if (lua_type(L, key) != LUA_TNUMBER)
    luaL_error(L, "bad index of %s: expected a number, got %s", array->what, luaL_typename(L, key));
  index = lua_tonumber(L, key);
  if (!(index >= 0 && index < (double)array->count) || index != (double)(size_t)index)
    luaL_error(L, "index %s is out of range: %s has %d elements, from 0 on", number_text(L, key), array->what, (int)array->count);
  return (size_t)index;
}

/* ---- Reading ----------------------------------------------------------- */

static Part *new_part(lua_State *L, const Part *of, int metatable) {
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

#define READ(TYPE, PUSH) { TYPE value; memcpy(&value, memory, sizeof value); PUSH; break; }

/* Pushes a single value. */
static void push_scalar(lua_State *L, const Shape *shape, const Place *place, const char *memory) {
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
    default: { /* TEXT */
      const char *end = (const char *)memchr(memory, 0, place->size);
      lua_pushlstring(L, memory, end ? (size_t)(end - memory) : place->size);
    }
  }
}

/* Pushes what reading a place gives: its value, or a part. `base` is what it is in. */
static int push_place(lua_State *L, const Part *base, const Place *place, size_t offset) {
  Part part;
  char *memory = readable(L, base);
  if (place->kind < ARRAY) {
    push_scalar(L, base->shape, place, memory - base->offset + offset);
    return 1;
  }
  part = *base;
  part.place = place;
  part.offset = offset;
  part.read_only = base->read_only || place->read_only;
  new_part(L, &part, place->kind == ARRAY ? base->shape->array_metatable : place->layout->metatable);
  return 1;
}

/* Pushes a table of what a place has. */
static void push_copy(lua_State *L, const Shape *shape, const Place *place, const char *memory) {
  size_t k;
  if (place->kind < ARRAY) {
    push_scalar(L, shape, place, memory);
    return;
  }
  luaL_checkstack(L, 6, "too deep");
  if (place->kind == ARRAY) {
    lua_createtable(L, (int)place->count, 0);
    for (k = 0; k < place->count; k++) {
      push_copy(L, shape, place->element, memory + k * place->element->size);
      lua_rawseti(L, -2, (int)k + 1);
    }
    return;
  }
  lua_createtable(L, 0, (int)place->layout->field_count);
  for (k = 0; k < place->layout->field_count; k++) {
    const Place *field = &place->layout->fields[k];
    lua_pushstring(L, field->name);
    push_copy(L, shape, field, memory + field->offset);
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

#define WRITE(TYPE, VALUE) { TYPE stored = (TYPE)(VALUE); memcpy(memory, &stored, sizeof stored); return; }
#define WRITE_WHOLE(TYPE, LOW, HIGH) \
  if (whole(L, value, LOW, HIGH, &number) && declared(place, number)) WRITE(TYPE, number) \
  break;

/* Stores the value at index `value`, if it is one for the place. */
static void store_scalar(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
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

/* The number of the field of this name in a struct, or what is beyond all. */
static size_t field_number(const Layout *layout, const char *name) {
  size_t k = 0;
  while (k < layout->field_count && strcmp(layout->fields[k].name, name) != 0) k++;
  return k;
}

static void assign_fields(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
  const Layout *layout = place->layout;
  luaL_checkstack(L, 8, "too deep");
  lua_pushnil(L);
  while (lua_next(L, value)) {
    int key = lua_gettop(L) - 1;
    size_t number = lua_type(L, key) == LUA_TSTRING ? field_number(layout, lua_tostring(L, key)) : layout->field_count;
    const Place *field = &layout->fields[number];
    if (number == layout->field_count) no_field(L, place->what, key);
    if (field->read_only) read_only(L, field->what);
    assign(L, shape, field, memory + field->offset, key + 1);
    lua_settop(L, key);
  }
}

static void assign_elements(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
  size_t k;
  luaL_checkstack(L, 8, "too deep");
  lua_rawgeti(L, value, (int)place->count + 1);
  if (!lua_isnil(L, -1)) luaL_error(L, "bad value for %s: expected %d elements, got more", place->what, (int)place->count);
  lua_pop(L, 1);
  for (k = 0; k < place->count; k++) {
    lua_rawgeti(L, value, (int)k + 1);
    if (lua_isnil(L, -1)) luaL_error(L, "bad value for %s: expected %d elements, got %d", place->what, (int)place->count, (int)k);
    assign(L, shape, place->element, memory + k * place->element->size, lua_gettop(L));
    lua_pop(L, 1);
  }
}

/* Assigns the value at `value`, an absolute index, to a place. */
static void assign(lua_State *L, const Shape *shape, const Place *place, char *memory, int value) {
  const Part *from;
  if (place->kind < ARRAY) {
    store_scalar(L, shape, place, memory, value);
    return;
  }
  from = part_at(L, shape, value, place->kind == ARRAY ? shape->array_metatable : place->layout->metatable);
  if (from && same_kind(from->place, place)) {
    copy_place(place, memory, readable(L, from));
  } else if (lua_type(L, value) != LUA_TTABLE) {
    bad_value(L, place, place->expected, value);
  } else if (place->kind == ARRAY) {
    assign_elements(L, shape, place, memory, value);
  } else {
    assign_fields(L, shape, place, memory, value);
  }
}

/* Assigns the third argument to a place in a part. */
static int assign_in(lua_State *L, const Part *base, const Place *place, size_t offset) {
  if (base->read_only || place->read_only) {
    readable(L, base);
    return read_only(L, place->what);
  }
  assign(L, base->shape, place, writable(L, base) - base->offset + offset, 3);
  return 0;
}

/* ---- Structs: upvalue 1, the fields' numbers by name and names by number ---- */

static const Place *field_of(lua_State *L, const Part *part) {
  size_t number = 0;
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    number = (size_t)lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  if (number == 0) no_field(L, part->place->what, 2);
  return &part->place->layout->fields[number - 1];
}

static int struct_index(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *field = field_of(L, part);
  return push_place(L, part, field, part->offset + field->offset);
}

static int struct_newindex(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *field = field_of(L, part);
  return assign_in(L, part, field, part->offset + field->offset);
}

/* Upvalue 2: the metatable. (part, key) -> next key, value */
static int struct_next(lua_State *L) {
  const Part *part;
  size_t number = 0;
  lua_settop(L, 2);
  if (lua_type(L, 1) != LUA_TUSERDATA || !lua_getmetatable(L, 1) || !lua_rawequal(L, 3, lua_upvalueindex(2)))
    return luaL_error(L, "bad self: expected what 'pairs' was called with");
  part = (const Part *)lua_touserdata(L, 1);
  if (!lua_isnil(L, 2)) {
    const Place *field = field_of(L, part);
    number = (size_t)(field - part->place->layout->fields) + 1;
  }
  if (number == part->place->layout->field_count) return 0;
  lua_rawgeti(L, lua_upvalueindex(1), (int)number + 1);
  push_place(L, part, &part->place->layout->fields[number], part->offset + part->place->layout->fields[number].offset);
  return 2;
}

/* Upvalue 1: struct_next. */
static int struct_pairs(lua_State *L) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_pushnil(L);
  return 3;
}

static int part_tostring(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  if (part->place == &part->shape->whole) lua_pushfstring(L, "%s %d", part->place->layout->name, (int)part->index);
  else lua_pushfstring(L, "%s (element %d)", part->place->what, (int)part->index);
  return 1;
}

/* For parts and columns. The other value may be anything with another metatable. */
static int part_equal(lua_State *L) {
  int same = lua_type(L, 1) == LUA_TUSERDATA && lua_type(L, 2) == LUA_TUSERDATA && lua_getmetatable(L, 1) && lua_getmetatable(L, 2)
             && lua_rawequal(L, -1, -2);
  if (same) {
    const Part *a = (const Part *)lua_touserdata(L, 1), *b = (const Part *)lua_touserdata(L, 2);
    same = a->control == b->control && a->epoch == b->epoch && a->place == b->place && a->index == b->index && a->offset == b->offset;
  }
  lua_pushboolean(L, same);
  return 1;
}

/* ---- Arrays ------------------------------------------------------------ */

static int array_index_get(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *element = part->place->element;
  readable(L, part);
  return push_place(L, part, element, part->offset + array_index(L, part->place, 2) * element->size);
}

static int array_index_set(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *element = part->place->element;
  if (part->read_only) readable(L, part);
  else writable(L, part);
  return assign_in(L, part, element, part->offset + array_index(L, part->place, 2) * element->size);
}

static int array_length(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  readable(L, part);
  lua_pushinteger(L, (lua_Integer)part->place->count);
  return 1;
}

/* ---- Columns ------------------------------------------------------------ */

static int column_index(lua_State *L) {
  const Part *column = (const Part *)lua_touserdata(L, 1);
  size_t index = element_index(L, column, 2, column->place->what);
  push_scalar(L, column->shape, column->place, column->control->memory + index * column->shape->whole.size + column->place->offset);
  return 1;
}

/* Assigns the value at `value` to a leaf of an element. */
static void assign_leaf(lua_State *L, const Part *view, const Place *leaf, size_t index, int value) {
  if (view->control->writable != 1) only_to_read(L, view);
  if (leaf->read_only) read_only(L, leaf->what);
  store_scalar(L, view->shape, leaf, view->control->memory + index * view->shape->whole.size + leaf->offset, value);
}

static int column_newindex(lua_State *L) {
  const Part *column = (const Part *)lua_touserdata(L, 1);
  assign_leaf(L, column, column->place, element_index(L, column, 2, column->place->what), 3);
  return 0;
}

static int column_tostring(lua_State *L) {
  lua_pushfstring(L, "column of %s", ((const Part *)lua_touserdata(L, 1))->place->what);
  return 1;
}

/* ---- Views -------------------------------------------------------------- */

static const char *view_name(lua_State *L, const Part *view) {
  return lua_pushfstring(L, "a view of %s", view->shape->whole.layout->name);
}

/* For views and columns. */
static int view_length(lua_State *L) {
  const Part *view = (const Part *)lua_touserdata(L, 1);
  if (view->epoch != view->control->epoch) revoked(L, view);
  lua_pushinteger(L, (lua_Integer)view->control->count);
  return 1;
}

static void push_element(lua_State *L, const Part *view, size_t index) {
  Part element = *view;
  element.index = index;
  new_part(L, &element, view->place->layout->metatable);
}

/* Upvalue 1: the methods. */
static int view_index(lua_State *L) {
  const Part *view = (const Part *)lua_touserdata(L, 1);
  if (lua_type(L, 2) == LUA_TNUMBER) {
    push_element(L, view, element_index(L, view, 2, ""));
    return 1;
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  if (!lua_isnil(L, -1)) return 1;
  if (lua_type(L, 2) == LUA_TSTRING) return luaL_error(L, "%s has no method '%s'", view_name(L, view), lua_tostring(L, 2));
  return luaL_error(L, "%s has no method '(%s)'", view_name(L, view), luaL_typename(L, 2));
}

static int view_newindex(lua_State *L) {
  Part element = *(const Part *)lua_touserdata(L, 1);
  if (lua_type(L, 2) != LUA_TNUMBER) element_index(L, &element, 2, view_name(L, &element));
  element.index = element_index(L, &element, 2, "");
  return assign_in(L, &element, element.place, 0);
}

static int view_tostring(lua_State *L) {
  lua_pushfstring(L, "view of %s", ((const Part *)lua_touserdata(L, 1))->shape->whole.layout->name);
  return 1;
}

/* The view that a method is called on. Upvalue 1: the metatable of views. */
static const Part *self(lua_State *L) {
  const Part *view;
  int is_view = lua_type(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, 1);
  if (is_view) {
    is_view = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
  }
  if (!is_view) luaL_error(L, "bad self: expected a view (call it with ':')");
  view = (const Part *)lua_touserdata(L, 1);
  if (view->epoch != view->control->epoch) revoked(L, view);
  return view;
}

/* (view, index) -> next index, element */
static int view_step(lua_State *L) {
  const Part *view = self(L);
  double index;
  if (lua_type(L, 2) != LUA_TNUMBER) element_index(L, view, 2, view_name(L, view));
  index = lua_tonumber(L, 2) + 1;
  if (!(index >= 0 && index < view->control->count) || index != (double)(size_t)index) return 0;
  lua_pushinteger(L, (lua_Integer)index);
  push_element(L, view, (size_t)index);
  return 2;
}

/* Upvalue 2: view_step. */
static int view_each(lua_State *L) {
  self(L);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushvalue(L, 1);
  lua_pushinteger(L, -1);
  return 3;
}

static int view_totable(lua_State *L) {
  const Part *view = self(L);
  size_t index;
  lua_settop(L, 2);
  index = element_index(L, view, 2, lua_type(L, 2) == LUA_TNUMBER ? "" : view_name(L, view));
  push_copy(L, view->shape, view->place, view->control->memory + index * view->place->size);
  return 1;
}

/* The leaf whose name is at `name`. */
static const Place *leaf_at(lua_State *L, const Part *view, int name) {
  size_t k;
  const Shape *shape = view->shape;
  if (lua_type(L, name) == LUA_TSTRING)
    for (k = 0; k < shape->leaf_count; k++)
      if (strcmp(shape->leaves[k].name, lua_tostring(L, name)) == 0) return &shape->leaves[k];
  no_field(L, view->place->what, name);
  return NULL;
}

static int view_column(lua_State *L) {
  Part column = *self(L);
  lua_settop(L, 2);
  column.place = leaf_at(L, &column, 2);
  new_part(L, &column, column.shape->column_metatable);
  return 1;
}

/* Leaves of a view, as an upvalue. */
typedef struct Leaves {
  Part view;
  size_t count;
  const Place *leaves[1];
} Leaves;

/* (index) -> values */
static int get_leaves(lua_State *L) {
  const Leaves *all = (const Leaves *)lua_touserdata(L, lua_upvalueindex(1));
  const char *memory;
  size_t k, index;
  lua_settop(L, 1);
  index = element_index(L, &all->view, 1, lua_type(L, 1) == LUA_TNUMBER ? "" : view_name(L, &all->view));
  memory = all->view.control->memory + index * all->view.place->size;
  if (all->count > 8) luaL_checkstack(L, (int)all->count + 4, "too many values");
  for (k = 0; k < all->count; k++) push_scalar(L, all->view.shape, all->leaves[k], memory + all->leaves[k]->offset);
  return (int)all->count;
}

/* (index, values...) -> () */
static int set_leaves(lua_State *L) {
  const Leaves *all = (const Leaves *)lua_touserdata(L, lua_upvalueindex(1));
  size_t k, index;
  luaL_checkstack(L, (int)all->count + 4, "too many values");
  lua_settop(L, (int)all->count + 1);
  index = element_index(L, &all->view, 1, lua_type(L, 1) == LUA_TNUMBER ? "" : view_name(L, &all->view));
  for (k = 0; k < all->count; k++) assign_leaf(L, &all->view, all->leaves[k], index, (int)k + 2);
  return 0;
}

static int accessor(lua_State *L, lua_CFunction function, int writes) {
  const Part *view = self(L);
  int k, count = lua_gettop(L) - 1;
  Leaves *all;
  if (count < 1) {
    lua_settop(L, 2);
    count = 1;
  }
  all = (Leaves *)lua_newuserdata(L, sizeof(Leaves) + (size_t)count * sizeof(Place *));
  all->view = *view;
  all->count = (size_t)count;
  for (k = 0; k < count; k++) {
    all->leaves[k] = leaf_at(L, view, k + 2);
    if (writes && all->leaves[k]->read_only) return read_only(L, all->leaves[k]->what);
  }
  lua_pushcclosure(L, function, 1);
  return 1;
}

static int view_getter(lua_State *L) { return accessor(L, get_leaves, 0); }
static int view_setter(lua_State *L) { return accessor(L, set_leaves, 1); }

/* ---- Metatables --------------------------------------------------------- */

typedef struct Named {
  const char *name;
  lua_CFunction function;
} Named;

/* A metatable that scripts cannot see, of functions without upvalues. */
static void push_metatable(lua_State *L, const Named *functions) {
  lua_createtable(L, 0, 8);
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  for (; functions->name; functions++) {
    lua_pushcfunction(L, functions->function);
    lua_setfield(L, -2, functions->name);
  }
}

static const Named of_views[] = {
  {"__newindex", view_newindex}, {"__len", view_length}, {"__eq", part_equal}, {"__tostring", view_tostring}, {NULL, NULL}};
static const Named of_arrays[] = {{"__index", array_index_get}, {"__newindex", array_index_set}, {"__len", array_length},
                                  {"__eq", part_equal},         {"__tostring", part_tostring},   {NULL, NULL}};
static const Named of_columns[] = {{"__index", column_index}, {"__newindex", column_newindex}, {"__len", view_length},
                                   {"__eq", part_equal},      {"__tostring", column_tostring}, {NULL, NULL}};
static const Named of_structs[] = {{"__eq", part_equal}, {"__tostring", part_tostring}, {NULL, NULL}};
static const Named methods[] = {
  {"totable", view_totable}, {"column", view_column}, {"getter", view_getter}, {"setter", view_setter}, {NULL, NULL}};

/* () -> the metatables of views, arrays and columns */
int perilune_view_metatables(lua_State *L) {
  const Named *method;
  lua_settop(L, 0);
  push_metatable(L, of_views);
  lua_createtable(L, 0, 5);
  for (method = methods; method->name; method++) {
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, method->function, 1);
    lua_setfield(L, 2, method->name);
  }
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, view_step, 1);
  lua_pushcclosure(L, view_each, 2);
  lua_pushvalue(L, -1);
  lua_setfield(L, 2, "each");
  lua_setfield(L, 1, "__pairs");
  lua_pushcclosure(L, view_index, 1);
  lua_setfield(L, 1, "__index");
  push_metatable(L, of_arrays);
  push_metatable(L, of_columns);
  return 3;
}

/* (numbers of the fields by name, names by number) -> the metatable of such structs */
int perilune_struct_metatable(lua_State *L) {
  lua_settop(L, 1);
  push_metatable(L, of_structs);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, struct_index, 1);
  lua_setfield(L, 2, "__index");
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, struct_newindex, 1);
  lua_setfield(L, 2, "__newindex");
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, struct_next, 2);
  lua_pushcclosure(L, struct_pairs, 1);
  lua_setfield(L, 2, "__pairs");
  return 1;
}
