-- The prelude's Lua 5.4 part: a script's own finalizers are kept out, and the library
-- functions that call Lua from C check the C stack. The VM counts such calls itself,
-- but 200 of those that take much are too many for a small stack, and Lua 5.4.4 forgets
-- to count those of `coroutine.close`.
local _, is_deep, guarded, _, sink, unchecked, base, _, _, resume, wrap, close, info = ...

local G = _G

-- What is kept: the words by which `lua_resume` refuses. It looks them up outside of all protection, so that
-- without memory for them it would raise past whoever resumes (see `tracked.c`). Texts as short as these, while
-- they are there, need none.
local kept = {
  "cannot resume dead coroutine", "cannot resume non-suspended coroutine", "C stack overflow", "error in error handling",
}

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

-- These know which coroutine runs, and check the C stack themselves.
if coroutine then
  coroutine.resume, coroutine.wrap, coroutine.close = resume, wrap, close
end

if G.debug then debug.getinfo = info(debug.getinfo) end

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
