-- The prelude's common part: leaves in the libraries what is on these lists.
-- `G`, `sink`, `text_of`, `unchecked`, `base`, `all_of_os` and `base_names` come from the
-- backend's part.

local next = next or function() end
local function keep(library, names)
  if library then
    for name in next, library do
      if not names[name] then library[name] = nil end
    end
  end
end

if not coroutines then G.coroutine = nil end
if not all_of_os then keep(G.os, { clock = 1, date = 1, difftime = 1, time = 1 }) end

if not unchecked then
  keep(G.string, {
    byte = 1, char = 1, find = 1, format = 1, gmatch = 1, gsub = 1, len = 1, lower = 1, match = 1, pack = 1,
    packsize = 1, rep = 1, reverse = 1, sub = 1, unpack = 1, upper = 1,
  })
  keep(G.table, {
    concat = 1, foreach = 1, foreachi = 1, getn = 1, insert = 1, maxn = 1, move = 1, pack = 1, remove = 1,
    sort = 1, unpack = 1,
  })
  keep(G.coroutine, { close = 1, create = 1, isyieldable = 1, resume = 1, running = 1, status = 1, wrap = 1, yield = 1 })
  keep(G.math, {
    abs = 1, acos = 1, asin = 1, atan = 1, atan2 = 1, ceil = 1, cos = 1, cosh = 1, deg = 1, exp = 1, floor = 1,
    fmod = 1, frexp = 1, huge = 1, ldexp = 1, log = 1, log10 = 1, max = 1, maxinteger = 1, min = 1, mininteger = 1,
    modf = 1, pi = 1, pow = 1, rad = 1, random = 1, randomseed = 1, sin = 1, sinh = 1, sqrt = 1, tan = 1, tanh = 1,
    tointeger = 1, type = 1, ult = 1,
  })
  keep(G.bit, {
    arshift = 1, band = 1, bnot = 1, bor = 1, bswap = 1, bxor = 1, lshift = 1, rol = 1, ror = 1, rshift = 1,
    tobit = 1, tohex = 1,
  })
  keep(G.utf8, { char = 1, charpattern = 1, codepoint = 1, codes = 1, len = 1, offset = 1 })
end

-- Every string's methods: a copy that scripts cannot reach, so that none can change
-- what `s:len()` means to the others.
if G.string and G.getmetatable then
  local meta, methods = getmetatable(""), {}
  for name, f in next, G.string do methods[name] = f end
  meta.__index = methods
  meta.__metatable = false
end

-- What is printed goes where the host wants it, by way of `sink`: texts to write, or
-- nothing, to flush.
if base then
  local type, select, error = type, select, error
  local function text(value)
    local text = text_of(value)
    if type(text) ~= "string" then error("'__tostring' must return a string to 'print'", 3) end
    return text
  end
  function G.print(...)
    local n = select("#", ...)
    if n == 1 then
      local value = ...
      sink(text(value), "\n")
    elseif n == 0 then
      sink("\n")
    else
      local values = { ... }
      for i = 1, n do sink(text(values[i]), i < n and "\t" or "\n") end
    end
  end
end

if G.io then
  local io, stdout, output, type, select, error = io, io.stdout, io.output, type, select, error
  local files = getmetatable(stdout).__index
  local write, flush, write_to, flush_of = io.write, io.flush, files.write, files.flush
  local function put(...)
    local values = { ... }
    for i = 1, select("#", ...) do
      local kind = type(values[i])
      if kind ~= "string" and kind ~= "number" then
        error("bad argument #" .. i .. " to 'write' (string expected, got " .. kind .. ")", 3)
      end
      sink(values[i])
    end
    return stdout
  end
  function io.write(...)
    if output() ~= stdout then return write(...) end
    local file = put(...)
    return file
  end
  function io.flush(...)
    if output() == stdout then sink() end
    return flush(...)
  end
  function files.write(file, ...)
    if file ~= stdout then return write_to(file, ...) end
    local file = put(...)
    return file
  end
  function files.flush(file, ...)
    if file == stdout then sink() end
    return flush_of(file, ...)
  end
end

if base and not unchecked then
  local collect, load, type, error, find = collectgarbage, load, type, error, G.string and string.find
  function G.collectgarbage(option, amount)
    if option == nil then option = "collect" end
    if option ~= "collect" and option ~= "count" and option ~= "step" then
      error("bad argument #1 to 'collectgarbage' (only 'collect', 'count' and 'step' are available to scripts)", 2)
    end
    return collect(option, amount)
  end
  -- Text only: bytecode is not verified by the VM.
  function G.load(chunk, name, mode, ...)
    if mode == "b" then return nil, "attempt to load a chunk as bytecode (only text is allowed)" end
    return load(chunk, name, "t", ...)
  end
  if G.loadstring then
    local load = G.load
    function G.loadstring(text, name) return load(text, name) end
  end
  local library = { "string", "table", "math", "bit", "utf8", "os", "jit", "coroutine", "io", "debug", "package", "ffi", "require" }
  for i = 1, #library do base_names[library[i]] = 1 end
  keep(G, base_names)
end
if not base then keep(G, { string = 1, table = 1, math = 1, bit = 1, utf8 = 1, os = 1, jit = 1, coroutine = 1, io = 1, debug = 1, package = 1, ffi = 1 }) end
