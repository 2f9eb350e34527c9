-- No finalizer of a script ever runs.
local t = ...

local ran = 0
local function finalizer() ran = ran + 1 end

-- On Lua 5.4 only what has `__gc` when it gets its metatable is finalized, and that is refused.
if not t.luajit then
  t.fails(setmetatable, "finalizers (__gc) are not available to scripts", {}, { __gc = finalizer })
  t.fails(setmetatable, "finalizers", {}, { __gc = false })
  t.fails(setmetatable, "finalizers", {}, { __gc = finalizer }, "more")
  t.fails(coroutine.wrap(setmetatable), "finalizers", {}, { __gc = finalizer })
  t.fails(setmetatable, "finalizers", setmetatable({}, {}), { __gc = finalizer })
  -- Twice with the same metatable, in between it got its finalizer.
  local meta = {}
  local object = setmetatable({}, meta)
  meta.__gc = finalizer
  t.fails(setmetatable, "finalizers", object, meta)
else
  setmetatable({}, { __gc = finalizer })
end
-- Too late, hidden, or inherited: no finalizer either.
local meta = {}
for _ = 1, 10 do setmetatable({}, meta) end
meta.__gc = finalizer
setmetatable({}, setmetatable({}, { __index = function(_, key) if key == "__gc" then return finalizer end end }))
setmetatable({}, setmetatable({}, { __index = { __gc = finalizer } }))
t.is(rawget(_G, "newproxy"), nil)
t.is(setmetatable({}, nil) ~= nil, true)
t.fails(setmetatable, "", {}, 1)
t.fails(setmetatable, "", {})
t.fails(setmetatable, "")
t.fails(setmetatable, "protected", setmetatable({}, { __metatable = 1 }), {})

for _ = 1, 3 do collectgarbage() end
t.is(ran, 0)
t.host.collect()
t.is(ran, 0)
