/* What bindgen reads, and all of it: the public headers of the Lua being linked. */
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#ifdef PERILUNE_LUAJIT
#include <luajit.h>
#endif
