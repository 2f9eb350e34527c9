-- Everything that a script can reach is on these lists, and all that is on them is there.
local t = ...

local function set(text)
  local names = {}
  for name in text:gmatch("%S+") do names[name] = true end
  return names
end

local common = [[
  _G _VERSION assert collectgarbage error getmetatable ipairs load next pairs pcall print rawequal rawget rawset
  select setmetatable tonumber tostring type xpcall
  coroutine coroutine.create coroutine.isyieldable coroutine.resume coroutine.running coroutine.status coroutine.wrap
  coroutine.yield
  math math.abs math.acos math.asin math.atan math.ceil math.cos math.deg math.exp math.floor math.fmod math.huge
  math.log math.max math.min math.modf math.pi math.rad math.random math.randomseed math.sin math.sqrt math.tan
  os os.clock os.date os.difftime os.time
  string string.byte string.char string.find string.format string.gmatch string.gsub string.len string.lower
  string.match string.rep string.reverse string.sub string.upper
  table table.concat table.insert table.move table.remove table.sort
]]
local own = t.luajit and [[
  loadstring unpack
  bit bit.arshift bit.band bit.bnot bit.bor bit.bswap bit.bxor bit.lshift bit.rol bit.ror bit.rshift bit.tobit bit.tohex
  jit jit.arch jit.os jit.version jit.version_num
  math.atan2 math.cosh math.frexp math.ldexp math.log10 math.pow math.sinh math.tanh
  table.foreach table.foreachi table.getn table.maxn
]] or [[
  rawlen
  coroutine.close
  math.maxinteger math.mininteger math.tointeger math.type math.ult
  string.pack string.packsize string.unpack
  table.pack table.unpack
  utf8 utf8.char utf8.charpattern utf8.codepoint utf8.codes utf8.len utf8.offset
]]
-- What the library was built with decides: LuaJIT with names of 5.2, Lua 5.4 with those of older ones.
local perhaps = t.luajit and "rawlen table.pack table.unpack"
  or "math.cosh math.sinh math.tanh math.pow math.frexp math.ldexp math.log10 math.atan2"

local wanted, optional = set(common .. own), set(perhaps)
local found, seen = {}, {}

local function walk(value, path)
  if type(value) == "table" and not seen[value] then
    seen[value] = true
    for key, field in next, value do
      assert(type(key) == "string", path)
      local name = path == "" and key or path .. "." .. key
      found[name] = true
      walk(field, name)
    end
  end
  -- No metatable but that of strings, and that one does not show itself.
  local meta = getmetatable(value)
  t.is(meta, nil, "the metatable of " .. path) -- strings have `false`, see below
end

local getmetatable_of_others = getmetatable
function getmetatable(value)
  if type(value) == "string" then
    t.is(getmetatable_of_others(value), false)
    return nil
  end
  return getmetatable_of_others(value)
end

walk(_G, "")
getmetatable = getmetatable_of_others

for name in next, found do assert(wanted[name] or optional[name], "reachable, but not allowed: " .. name) end
for name in next, wanted do assert(found[name], "allowed, but not reachable: " .. name) end

-- What the functions give away is no more than that.
t.is(getmetatable(coroutine.create(print)), nil)
t.is(getmetatable(coroutine.wrap(print)), nil)
t.is(getmetatable(print), nil)
t.is(getmetatable(nil), nil)
t.is(getmetatable(0), nil)
t.is(getmetatable(true), nil)
t.is(_G._G, _G)
t.is(type((select(2, pcall(error)))), "nil")

-- Nor do the names that other hosts give.
for _, name in ipairs {
  "debug", "ffi", "io", "package", "require", "module", "dofile", "loadfile", "getfenv", "setfenv", "newproxy", "gcinfo", "warn",
  "arg",
} do
  t.is(rawget(_G, name), nil, name)
end
for _, name in ipairs { "execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname" } do t.is(os[name], nil, "os." .. name) end
for _, name in ipairs { "dump", "buffer" } do t.is(string[name], nil, "string." .. name) end
if t.luajit then
  for _, name in ipairs { "util", "opt", "profile", "on", "off", "flush", "attach", "status", "security" } do t.is(jit[name], nil, "jit." .. name) end
end
