/* LuaJIT raises its error of memory by a text above the running frame. Where a library function of its own assembler runs out
   of memory (`tostring` of a number, `string.sub`, `char`, `lower`, …), nobody has said where that is: what LuaJIT takes
   for the top of the stack may be far below, and the text would overwrite frames that are still there.

   So whoever refuses memory sees to that first. It takes LuaJIT's own headers, which only a vendored one has. */
#ifdef PERILUNE_LUAJIT_SOURCE
#include "lj_obj.h"

/* Puts the top of the running state's stack above its frame. Allocates and raises nothing. `main`: the VM's main state. */
void perilune_settle_top(lua_State *main) {
  global_State *g = G(main);
  lua_State *running;
  if (tvref(g->jit_base) != NULL) return; /* compiled code: LuaJIT finds its frame */
  if (gcref(g->cur_L) == NULL) return;
  running = gco2th(gcref(g->cur_L));
  if (running->top < running->base) running->top = running->base;
}
#else
typedef struct lua_State lua_State;

void perilune_settle_top(lua_State *main);
void perilune_settle_top(lua_State *main) {
  (void)main;
}
#endif
