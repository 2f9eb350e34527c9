/* LuaJIT raises its error of memory by a text above the running frame. Where a library function of its own assembler runs out
   of memory (`tostring` of a number, `string.sub`, `char`, `lower`, …), nobody has said where that is: what LuaJIT takes
   for the top of the stack may be far below, and the text would overwrite frames that are still there.

   So whoever refuses memory sees to that first. It takes LuaJIT's own headers, which only a vendored one has.

   And `lua_sethook` ends what the compiler does, whatever that is, by changing its state, which a signal, or the allocator, may do at any
   moment of it. Where the compiler has begun an error, that error's value is left on the stack, as one argument more of the function
   that is just called; where it has not noted yet with which loop it begins, another loop is blamed, perhaps one that is gone; and where it
   has come to a loop that is compiled already, that one runs, and what it leads to is compiled in the midst of the other. */
#ifdef PERILUNE_LUAJIT_SOURCE
#include "lj_obj.h"
#include "lj_dispatch.h"
#if LJ_HASJIT
#include "lj_jit.h"
#endif

/* Puts the top of the running state's stack above its frame. Allocates and raises nothing. `main`: the VM's main state. */
void perilune_settle_top(lua_State *main) {
  global_State *g = G(main);
  lua_State *running;
  if (tvref(g->jit_base) != NULL) return; /* compiled code: LuaJIT finds its frame */
  if (gcref(g->cur_L) == NULL) return;
  running = gco2th(gcref(g->cur_L));
  if (running->top < running->base) running->top = running->base;
}

/* Has a hook called before the next instruction if the compiler is at work: `lua_sethook` without the change of state. All
   instructions pass the code that looks at hooks then, and the table of them is made anew when it is done, as it will have been
   said to be another one, whatever a signal left of it. Says whether it was at work. */
int perilune_arm_compiler(lua_State *L, lua_Hook hook) {
#if LJ_HASJIT
  global_State *g = G(L);
  if (G2J(g)->state == LJ_TRACE_IDLE) return 0;
  g->hookf = hook;
  g->hookcount = g->hookcstart = 1;
  g->hookmask |= LUA_MASKCOUNT;
  lj_dispatch_update(g, 0);
  return 1;
#else
  (void)L, (void)hook;
  return 0;
#endif
}
#else
#include <lua.h>

int perilune_arm_compiler(lua_State *L, lua_Hook hook);
int perilune_arm_compiler(lua_State *L, lua_Hook hook) {
  (void)L, (void)hook;
  return 0;
}

void perilune_settle_top(lua_State *main);
void perilune_settle_top(lua_State *main) {
  (void)main;
}
#endif
