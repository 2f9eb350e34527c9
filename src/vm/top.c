/* LuaJIT raises its error of memory by a text above the running frame. Where a library function of its own assembler runs out
   of memory (`tostring` of a number, `string.sub`, `char`, `lower`, …), nobody has said where that is: what LuaJIT takes
   for the top of the stack may be far below, and the text would overwrite frames that are still there.

   So whoever refuses memory sees to that first. It takes LuaJIT's own headers, which only a vendored one has.

   And `lua_sethook` ends what the compiler does, whatever that is, by changing its state. Where a signal comes while the
   compiler has begun an error, that error's value is left on the stack, as one argument more of the function that is just
   called; where it comes before the compiler has noted with which loop it begins, another loop is blamed, perhaps one that is gone. */
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

#if LJ_HASJIT
/* DISPMODE_INS of lj_dispatch.c: instructions pass the code that looks at hooks. */
#define ALL_INSTRUCTIONS 0x04
#endif

/* Has a hook called before the next instruction if the compiler is at work: then all instructions pass the code that looks
   at hooks, and that table is made anew when it is done; also where it was left half changed, as LuaJIT takes it for one
   of another kind. The compiler's state stays as it is. Says whether it was at work. */
int perilune_arm_compiler(lua_State *L, lua_Hook hook) {
#if LJ_HASJIT
  global_State *g = G(L);
  if (G2J(g)->state == LJ_TRACE_IDLE) return 0;
  g->hookf = hook;
  g->hookcount = g->hookcstart = 1;
  g->hookmask |= LUA_MASKCOUNT;
  g->dispatchmode &= (uint8_t)~ALL_INSTRUCTIONS;
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
