-- The prelude's Lua 5.4 part: a script's own finalizers are kept out, and the library
-- functions that call Lua from C check the C stack. The VM counts such calls itself,
-- but 200 of those that take much are too many for a small stack, and Lua 5.4.4 forgets
-- to count those of `coroutine.close`.
local _, is_deep, guarded, sink, unchecked, base = ...

local G = _G

-- What the library's own Lua code needs later: nothing, it is in C here.
local kept

local function check(library, names)
  for name in next, library and names or {} do
    if library[name] then library[name] = guarded(library[name]) end
  end
end
check(G, { load = 1, pcall = 1, xpcall = 1 })
-- What `print` asks for a text.
local text_of = guarded(tostring)
check(string, { format = 1, gsub = 1 })
check(table, { concat = 1, sort = 1 })
check(coroutine, { close = 1, resume = 1 })

if coroutine then
  local wrap = coroutine.wrap
  function coroutine.wrap(f) return guarded(wrap(f)) end
end

-- A handler runs below the error; there it may fail, catch that, and fail again.
local xpcall, type = xpcall, type
function G.xpcall(f, handler, ...)
  if type(handler) ~= "function" then return xpcall(f, handler, ...) end
  return xpcall(f, function(e) if is_deep() then return e end return handler(e) end, ...)
end

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
