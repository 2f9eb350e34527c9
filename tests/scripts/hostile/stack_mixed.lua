-- Every way from Lua through C to Lua in turn.
-- expects: any
local f
local ways = {
  function() return pcall(f) end,
  function() return (("x"):gsub("x", f)) end,
  function() return coroutine.wrap(f)() end,
  function() return host.call(f) end,
  function() return table.sort({ 1, 2 }, f) end,
  function() return tostring(setmetatable({}, { __tostring = f })) end,
  function() return xpcall(error, f) end,
  function() return load(f) end,
}
local n = 0
function f()
  n = n + 1
  return ways[n % #ways + 1]()
end
f()
