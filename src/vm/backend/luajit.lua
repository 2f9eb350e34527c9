-- The prelude's LuaJIT part: what LuaJIT has beyond Lua 5.4's names, and a check of
-- the C stack before every library function that calls Lua from C, since LuaJIT has
-- none. The wrapped functions end in tail calls, so that messages name the caller's.
local guard, is_deep, _, pairs_of, sink, unchecked, base, some_jit, all_of_jit = ...

local G = _G

-- For Lua code of the library that is loaded later, when scripts may have changed these.
local kept = {
  type = type, error = error, tostring = tostring, tonumber = tonumber, next = next, rawget = rawget, select = select,
  tobit = bit and bit.tobit, interpreted = jit.off,
  -- What `coroutine.resume` answers is made where a failure to make it would crash LuaJIT: these texts are always there.
  "cannot resume dead coroutine", "cannot resume running coroutine",
  -- By this one the compiler looks for those who want to know of traces.
  "_VMEVENTS",
}

-- What `print` asks for a text: the global, as in Lua 5.1. No C stack is taken on the way.
local function text_of(value) return G.tostring(value) end

local jit = jit
if not all_of_jit then
  G.jit = some_jit and { version = jit.version, version_num = jit.version_num, os = jit.os, arch = jit.arch } or nil
end

if coroutine then
  local resume, wrap = coroutine.resume, coroutine.wrap
  function coroutine.resume(...) guard() return resume(...) end
  function coroutine.wrap(f)
    local co = wrap(f)
    return function(...) guard() return co(...) end
  end
end

if string then
  local type, select, gsub, format = type, select, string.gsub, string.format
  function string.gsub(s, pattern, replacement, n)
    if type(replacement) ~= "string" then guard() end
    return gsub(s, pattern, replacement, n)
  end
  local function plain(v) local t = type(v) return t == "number" or t == "string" end
  -- Up to three plain values cost nothing in compiled code.
  function string.format(f, ...)
    local n = select("#", ...)
    if n == 1 then
      local a = ...
      if not plain(a) then guard() end
    elseif n == 2 then
      local a, b = ...
      if not (plain(a) and plain(b)) then guard() end
    elseif n == 3 then
      local a, b, c = ...
      if not (plain(a) and plain(b) and plain(c)) then guard() end
    else
      guard()
    end
    return format(f, ...)
  end
end

if table then
  local sort = table.sort
  function table.sort(t, before) guard() return sort(t, before) end
end

if os then
  local time = os.time
  function os.time(...) guard() return time(...) end
end

if base then
  local pairs, type = pairs, type
  -- LuaJIT asks only cdata for `__pairs`, unless it was built for more. Views that are
  -- not compiled are userdata, which nobody else can give one. No tail call for tables:
  -- LuaJIT counts those in compiled code as turns of a loop.
  function G.pairs(t)
    if type(t) == "table" then
      local next, of, key = pairs(t)
      return next, of, key
    end
    local each = type(t) == "userdata" and pairs_of(t)
    if each then return each(t) end
    return pairs(t)
  end

  local load, xpcall, pcall, error = load, xpcall, pcall, error
  local function or_raise(f, why)
    if f == nil then error(why, 0) end
    return f
  end
  local function load_from(chunk, ...)
    -- The parser asks for a piece where it stands, however deep that is.
    return or_raise(load(function() local piece = chunk() guard(piece) return piece end, ...))
  end
  local function unless_stopped(ok, result)
    guard()
    if ok then return result end
    return nil, result
  end
  function G.load(chunk, ...)
    guard(chunk)
    if type(chunk) ~= "function" then return load(chunk, ...) end
    -- The parser catches the error of a hook, such as one for want of memory, and hooks are off from then on until an
    -- error passes a protected call of Lua's own that began before; so its errors do.
    return unless_stopped(pcall(load_from, chunk, ...))
  end
  if G.debug then
    -- A handler runs below the error; there it may fail, catch that, and fail again.
    function G.xpcall(f, handler, ...)
      if type(handler) ~= "function" then return xpcall(f, handler, ...) end
      return xpcall(f, function(e) if is_deep() then return e end return handler(e) end, ...)
    end
  else
    -- Where Lua code runs out of memory in a handler, LuaJIT overwrites a part of the stack, and crashes. Who has no library to
    -- look at the stack can have the handler called when the error has come up.
    local function answer(ok, value)
      if ok then return false, value end
      return false, "error in error handling"
    end
    local function handle(handler, ok, ...)
      if ok then return true, ... end
      return answer(pcall(handler, (...)))
    end
    function G.xpcall(f, handler, ...)
      if type(handler) ~= "function" then return xpcall(f, handler, ...) end
      return handle(handler, pcall(f, ...))
    end
  end
end
