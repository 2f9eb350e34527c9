-- Bytecode is refused in whatever way it comes.
local t = ...

local codes = { "\27Lua", "\27LJ\2", "\27", t.host.bytecode, t.host.stripped }
for _, code in ipairs(codes) do
  for _, mode in ipairs { "nil", "b", "t", "bt", "tb", "bX", "", "B", "tW", "bW", "\0b", 1 } do
    if mode == "nil" then mode = nil end
    local f, e = load(code, "=x", mode)
    t.is(f, nil, "load with mode " .. tostring(mode))
    assert(type(e) == "string", tostring(e))

    local given = false
    f, e = load(function() if not given then given = true return code end end, "=x", mode)
    t.is(f, nil, "load of pieces with mode " .. tostring(mode))
    assert(type(e) == "string", tostring(e))

    local at = 0
    f, e = load(function() at = at + 1 return at <= #code and code:sub(at, at) or nil end, "=x", mode)
    t.is(f, nil, "load byte by byte with mode " .. tostring(mode))
  end
  t.is(load(code), nil)
  t.is(load(code, code, "b", {}), nil)
  if loadstring then
    t.is(loadstring(code), nil)
    t.is(loadstring(code, "=x"), nil)
  end
  -- What LuaJIT skips before a text does not hide it.
  for _, before in ipairs { "#\n", "\xef\xbb\xbf", "\xef\xbb\xbf#!x\n", "#\r\n" } do t.is(load(before .. code), nil) end
end

-- The mode is read from the value itself: a table that says it is "t" says nothing.
local liar = setmetatable({}, { __eq = function() return true end, __tostring = function() return "t" end })
local ok, f = pcall(load, t.host.bytecode, "=x", liar)
assert(not ok or f == nil)

-- Text is loaded in every mode that allows it.
t.is(load("return 1")(), 1)
t.is(load("return 1", "=x", "t")(), 1)
t.is(load("return 1", "=x", "bt")(), 1)
t.is(load("return x", "=x", "t", { x = 7 })(), 7)
t.is(load("return 1", "=x", "b"), nil)
local pieces = { "return ", "4", "2" }
local next_piece = 0
t.is(load(function() next_piece = next_piece + 1 return pieces[next_piece] end)(), 42)
local f, e = load("return +")
t.is(f, nil)
assert(e:find("near", 1, true))
-- An environment of nil is one: a chunk with it sees nothing.
if not t.luajit then t.fails(load("return x", "=x", "t", nil), "nil") end
