-- The engine's version, and whether its compiled loops look at the hook mask (LUAJIT_ENABLE_CHECKHOOK).
-- With it, even an empty loop's trace holds a pointer constant: the address of that mask.
if not jit then return _VERSION, false end
local util = require "jit.util"
local POINTER = { [5] = true, [9] = true } -- IRT_P32, IRT_P64
jit.on()
jit.flush()
assert(loadstring("for i = 1, 1000 do end"))()
for trace = 1, 16 do
  local info = util.traceinfo(trace)
  if info then
    for k = 1, info.nk do
      local _, kind = util.tracek(trace, -k)
      if POINTER[kind] then return jit.version, true end
    end
    return jit.version, false
  end
end
return jit.version, false
