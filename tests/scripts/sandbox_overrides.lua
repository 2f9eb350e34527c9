-- A script that replaces the functions its checks are made of is checked as before.
local t = ...

local real = {}
for name, f in next, _G do real[name] = f end
local function spoil()
  type = function() return "string" end
  error = function() end
  rawget = function() return nil end
  rawequal = function() return true end
  select = function() return 0 end
  next = function() end
  pairs = function() return function() end end
  pcall = function() return true end
  getmetatable = function() return nil end
  tostring = function() return "t" end
end
local function mend() for name, f in real.next, real do _G[name] = f end end

spoil()
local results = {
  { real.pcall(load, t.host.bytecode) },
  { real.pcall(load, t.host.bytecode, "=x", "b") },
  { real.pcall(collectgarbage, "stop") },
  { real.pcall(setmetatable, {}, { __gc = function() end }) },
  { real.pcall(string.format, "%d", {}) },
  { real.pcall(string.gsub, "x", "x", true) },
}
mend()

t.is(results[1][2], nil)
t.is(results[2][2], nil)
t.is(results[3][1], false)
t.is(results[4][1], t.luajit) -- on LuaJIT tables have no finalizers
t.is(results[5][1], false)
t.is(results[6][1], false)
