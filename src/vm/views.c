/* How scripts reach the host's memory where no compiled code does it: the metamethods and
   methods of views, their parts and their columns. places.c does the work. */
#include "door.h"
#include "views.h"
#include <string.h>

/* ---- Structs: upvalue 1, the fields' numbers by name and names by number ---- */

static const Place *field_of(lua_State *L, const Part *part) {
  size_t number = 0;
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    number = (size_t)lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
  if (number == 0) perilune_no_field(L, part->place->what, 2);
  return &part->place->layout->fields[number - 1];
}

static int struct_index(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *field = field_of(L, part);
  return perilune_push_place(L, part, field, part->offset + field->offset);
}

static int struct_newindex(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *field = field_of(L, part);
  return perilune_assign_in(L, part, field, part->offset + field->offset);
}

/* Upvalue 2: the metatable. (part, key) -> next key, value */
static int struct_next(lua_State *L) {
  const Part *part;
  size_t number = 0;
  lua_settop(L, 2);
  if (lua_type(L, 1) != LUA_TUSERDATA || !lua_getmetatable(L, 1) || !lua_rawequal(L, 3, lua_upvalueindex(2)))
    return perilune_fail(L, "bad self: expected what 'pairs' was called with");
  part = (const Part *)lua_touserdata(L, 1);
  if (!lua_isnil(L, 2)) {
    const Place *field = field_of(L, part);
    number = (size_t)(field - part->place->layout->fields) + 1;
  }
  if (number == part->place->layout->field_count) return 0;
  lua_rawgeti(L, lua_upvalueindex(1), (int)number + 1);
  perilune_push_place(L, part, &part->place->layout->fields[number], part->offset + part->place->layout->fields[number].offset);
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
    same = a->control == b->control && a->epoch == b->epoch && a->place == b->place && a->index == b->index && a->offset == b->offset
           && a->pointer_count == b->pointer_count && memcmp(a->pointers, b->pointers, sizeof a->pointers) == 0;
  }
  lua_pushboolean(L, same);
  return 1;
}

/* ---- Arrays ------------------------------------------------------------ */

static int array_index_get(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *element = part->place->element;
  perilune_readable(L, part);
  return perilune_push_place(L, part, element, part->offset + perilune_array_index(L, part->place, 2) * element->size);
}

static int array_index_set(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  const Place *element = part->place->element;
  if (part->read_only || element->read_only) perilune_readable(L, part);
  else perilune_writable(L, part);
  return perilune_assign_in(L, part, element, part->offset + perilune_array_index(L, part->place, 2) * element->size);
}

static int array_length(lua_State *L) {
  const Part *part = (const Part *)lua_touserdata(L, 1);
  perilune_readable(L, part);
  lua_pushinteger(L, (lua_Integer)part->place->count);
  return 1;
}

/* ---- Columns ------------------------------------------------------------ */

/* Reads a leaf. The commonest kinds need no further call. */
static inline void push_leaf(lua_State *L, const Shape *shape, const Place *leaf, const char *memory) {
  if (leaf->kind == F32) {
    float value;
    memcpy(&value, memory, sizeof value);
    lua_pushnumber(L, (lua_Number)value);
  } else if (leaf->kind == I32) {
    int32_t value;
    memcpy(&value, memory, sizeof value);
    lua_pushinteger(L, value);
  } else {
    perilune_push_scalar(L, shape, leaf, memory);
  }
}

static int column_index(lua_State *L) {
  const Part *column = (const Part *)lua_touserdata(L, 1);
  const Place *leaf = column->place;
  size_t index = perilune_element_index(L, column, 2, leaf->what);
  push_leaf(L, column->shape, leaf, column->control->memory + index * column->shape->whole.size + leaf->offset);
  return 1;
}

/* The memory of an element, which can be written. */
static char *element_memory(lua_State *L, const Part *view, size_t index) {
  if (view->control->writable != 1) perilune_only_to_read(L, view);
  return view->control->memory + index * view->shape->whole.size;
}

/* Stores a number, if the value at `value` is one for a leaf of the commonest kinds. */
static inline int store_number(lua_State *L, const Place *leaf, char *memory, int value) {
  double number;
  if (lua_type(L, value) != LUA_TNUMBER) return 0;
  number = lua_tonumber(L, value);
  if (leaf->kind == F32) {
    float stored = (float)number;
    memcpy(memory, &stored, sizeof stored);
    return 1;
  }
  if (leaf->kind == I32 && !leaf->values && number >= -2147483648.0 && number <= 2147483647.0 && number == (double)(int32_t)number) {
    int32_t stored = (int32_t)number;
    memcpy(memory, &stored, sizeof stored);
    return 1;
  }
  return 0;
}

/* Stores the value at `value` in a leaf that can be written. */
static inline void store_leaf(lua_State *L, const Shape *shape, const Place *leaf, char *memory, int value) {
  if (!store_number(L, leaf, memory, value)) perilune_store_scalar(L, shape, leaf, memory, value);
}

static int column_newindex(lua_State *L) {
  const Part *column = (const Part *)lua_touserdata(L, 1);
  const Place *leaf = column->place;
  char *memory = element_memory(L, column, perilune_element_index(L, column, 2, leaf->what));
  if (leaf->read_only) perilune_read_only(L, leaf->what);
  store_leaf(L, column->shape, leaf, memory + leaf->offset, 3);
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
  if (view->epoch != view->control->epoch) perilune_revoked(L, view);
  lua_pushinteger(L, (lua_Integer)view->control->count);
  return 1;
}

static void push_element(lua_State *L, const Part *view, size_t index) {
  Part element = *view;
  element.index = index;
  perilune_new_part(L, &element, view->place->layout->metatable);
}

/* Upvalue 1: the methods. */
static int view_index(lua_State *L) {
  const Part *view = (const Part *)lua_touserdata(L, 1);
  if (lua_type(L, 2) == LUA_TNUMBER) {
    push_element(L, view, perilune_element_index(L, view, 2, ""));
    return 1;
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));
  if (!lua_isnil(L, -1)) return 1;
  if (lua_type(L, 2) == LUA_TSTRING) return perilune_fail(L, "%s has no method '%s'", view_name(L, view), lua_tostring(L, 2));
  return perilune_fail(L, "%s has no method '(%s)'", view_name(L, view), luaL_typename(L, 2));
}

static int view_newindex(lua_State *L) {
  Part element = *(const Part *)lua_touserdata(L, 1);
  if (lua_type(L, 2) != LUA_TNUMBER) perilune_element_index(L, &element, 2, view_name(L, &element));
  element.index = perilune_element_index(L, &element, 2, "");
  return perilune_assign_in(L, &element, element.place, 0);
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
  if (!is_view) perilune_fail(L, "bad self: expected a view (call it with ':')");
  view = (const Part *)lua_touserdata(L, 1);
  if (view->epoch != view->control->epoch) perilune_revoked(L, view);
  return view;
}

/* (view, index) -> next index, element */
static int view_step(lua_State *L) {
  const Part *view = self(L);
  double index;
  if (lua_type(L, 2) != LUA_TNUMBER) perilune_element_index(L, view, 2, view_name(L, view));
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
  index = perilune_element_index(L, view, 2, lua_type(L, 2) == LUA_TNUMBER ? "" : view_name(L, view));
  perilune_push_copy(L, view->shape, view->place, view->control->memory + index * view->place->size, 1);
  return 1;
}

/* The leaf whose name is at `name`. */
static const Place *leaf_at(lua_State *L, const Part *view, int name) {
  size_t k;
  const Shape *shape = view->shape;
  if (lua_type(L, name) == LUA_TSTRING)
    for (k = 0; k < shape->leaf_count; k++)
      if (strcmp(shape->leaves[k].name, lua_tostring(L, name)) == 0) return &shape->leaves[k];
  perilune_no_field(L, view->place->what, name);
  return NULL;
}

static int view_column(lua_State *L) {
  Part column = *self(L);
  lua_settop(L, 2);
  column.place = leaf_at(L, &column, 2);
  perilune_new_part(L, &column, column.shape->column_metatable);
  return 1;
}

/* Leaves of a view, as an upvalue. */
typedef struct Leaves {
  Part view;
  size_t count;
  int few_and_small;
  const Place *leaves[1];
} Leaves;

/* Values that a setter puts together on the C stack before any of them is stored. */
enum { FEW = 8, SMALL = 8 };

/* The index in the first place, which may be missing. */
static size_t leaves_index(lua_State *L, const Part *view) {
  size_t index;
  if (perilune_has_element(L, view, 1, &index)) return index;
  lua_settop(L, 1);
  return perilune_bad_element(L, view, 1, view_name(L, view));
}

/* (index) -> values */
static int get_leaves(lua_State *L) {
  const Leaves *all = (const Leaves *)lua_touserdata(L, lua_upvalueindex(1));
  const char *memory = all->view.control->memory + leaves_index(L, &all->view) * all->view.place->size;
  size_t k;
  if (all->count > 8) luaL_checkstack(L, (int)all->count + 4, "too many values");
  for (k = 0; k < all->count; k++) push_leaf(L, all->view.shape, all->leaves[k], memory + all->leaves[k]->offset);
  return (int)all->count;
}

static int set_few(lua_State *L, const Leaves *all, char *memory) {
  char values[FEW][SMALL];
  size_t k;
  for (k = 0; k < all->count; k++) store_leaf(L, all->view.shape, all->leaves[k], values[k], (int)k + 2);
  for (k = 0; k < all->count; k++) {
    const Place *leaf = all->leaves[k];
    if (leaf->size == 4) memcpy(memory + leaf->offset, values[k], 4);
    else memcpy(memory + leaf->offset, values[k], leaf->size);
  }
  return 0;
}

/* (index, values...) -> (): all values are looked at before one of them is stored */
static int set_leaves(lua_State *L) {
  const Leaves *all = (const Leaves *)lua_touserdata(L, lua_upvalueindex(1));
  const Shape *shape = all->view.shape;
  char *memory = element_memory(L, &all->view, leaves_index(L, &all->view));
  size_t k;
  if (lua_gettop(L) != (int)all->count + 1) {
    luaL_checkstack(L, (int)all->count + 4, "too many values");
    lua_settop(L, (int)all->count + 1);
  }
  if (all->few_and_small) return set_few(L, all, memory);
  for (k = 0; k < all->count; k++) perilune_store_scalar(L, shape, all->leaves[k], NULL, (int)k + 2);
  for (k = 0; k < all->count; k++) perilune_store_scalar(L, shape, all->leaves[k], memory + all->leaves[k]->offset, (int)k + 2);
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
  all->few_and_small = count <= FEW;
  for (k = 0; k < count; k++) {
    all->leaves[k] = leaf_at(L, view, k + 2);
    if (all->leaves[k]->size > SMALL) all->few_and_small = 0;
    if (writes && all->leaves[k]->read_only) return perilune_read_only(L, all->leaves[k]->what);
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
