-- The prelude's Lua 5.4 part: a script's own finalizers are kept out.
local guard, unchecked, base, coroutines, all_of_os = ...

local G, base_names = _G, {
  _G = 1, _VERSION = 1, assert = 1, collectgarbage = 1, error = 1, getmetatable = 1, ipairs = 1, load = 1,
  next = 1, pairs = 1, pcall = 1, print = 1, rawequal = 1, rawget = 1, rawlen = 1, rawset = 1, select = 1,
  setmetatable = 1, tonumber = 1, tostring = 1, type = 1, xpcall = 1,
}

if base and not unchecked then
  local setmetatable, rawget, type, error = setmetatable, rawget, type, error
  function G.setmetatable(t, ...)
    local mt = ...
    if type(mt) == "table" and rawget(mt, "__gc") ~= nil then
      error("finalizers (__gc) are not available to scripts", 2)
    end
    return setmetatable(t, ...)
  end
end
