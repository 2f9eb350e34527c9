-- The prelude's LuaJIT part: what LuaJIT has beyond Lua 5.4's names, and a check of
-- the C stack before every library function that calls Lua from C, since LuaJIT has
-- none. The wrapped functions end in tail calls, so that messages name the caller's.
local guard, is_deep, _, sink, unchecked, base, some_jit, all_of_jit = ...

local G = _G

-- For Lua code of the library that is loaded later, when scripts may have changed these.
local kept = {
  type = type, error = error, tostring = tostring, tonumber = tonumber, next = next, rawget = rawget, select = select,
  tobit = bit and bit.tobit,
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
  local load, xpcall, type = load, xpcall, type
  function G.load(chunk, ...)
    guard(chunk)
    if type(chunk) ~= "function" then return load(chunk, ...) end
    -- The parser asks for a piece where it stands, however deep that is.
    return load(function() local piece = chunk() guard(piece) return piece end, ...)
  end
  -- A handler runs below the error; there it may fail, catch that, and fail again.
  function G.xpcall(f, handler, ...)
    if type(handler) ~= "function" then return xpcall(f, handler, ...) end
    return xpcall(f, function(e) if is_deep() then return e end return handler(e) end, ...)
  end
end
