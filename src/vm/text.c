/* Texts on their way to the parser: whether there is stack for it, and the text in pieces, so that it can be
   stopped. As in door.c, these frames may raise. */
#include "door.h"
#include <string.h>

#define HERE ((const char *)__builtin_frame_address(0))

/* The C stack that compiling a text may take: up to 400 bytes for a level of
   nesting, which is a character at least, and up to 1300 for a level of
   functions, each of which has the word. Neither VM goes deeper than 200. */
static size_t parser_need(const char *text, size_t length) {
  size_t levels = length < 200 ? length : 200, functions = 0;
  const char *last = text + length - 8;
  for (; length >= 8 && text <= last && functions < levels; text++)
    if (*text == 'f' && memcmp(text, "function", 8) == 0) functions++;
  return 400 * (levels - functions) + 1300 * functions;
}

int perilune_room_to_parse(lua_State *L, const char *text, size_t length) {
  /* Bytecode is not parsed, and comes from whoever may break everything. */
  if (length > 0 && *text == LUA_SIGNATURE[0]) return HERE > gate_of(L)->stack_floor;
  return (size_t)(HERE - gate_of(L)->stack_end) > parser_need(text, length)
      && HERE > gate_of(L)->stack_end;
}

/* What the parser gets at a time. It can take long for each name: in a function with many labels,
   Lua 5.4 looks at them all. */
#define PIECE 256

const char *perilune_read(lua_State *L, void *data, size_t *size) {
  Text *text = data;
  const char *piece = text->at;
  (void)L;
  *size = text->gate->stop ? 0 : text->left < text->piece ? text->left : text->piece;
  text->at += *size;
  text->left -= *size;
  return *size ? piece : NULL;
}

int perilune_load(lua_State *L, lua_Reader read, Text *text, const char *name, const char *mode) {
  int status;
  text->piece = text->left > 0 && *text->at == LUA_SIGNATURE[0] ? text->left : PIECE; /* bytecode is not parsed */
#ifdef PERILUNE_LUAJIT
  status = lua_loadx(L, read, text, name, mode);
#else
  status = lua_load(L, read, text, name, mode);
#endif
  perilune_stopped(L); /* the text had an end for that */
  return status;
}
