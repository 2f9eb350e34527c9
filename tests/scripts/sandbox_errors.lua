-- An error of the host's is a value that a script can catch, print and pass on, and no way into the host.
local t = ...

local e = t.fails(t.host.fail, "on purpose", "on purpose")
t.is(type(e), "userdata")
t.is(tostring(e), "on purpose")
t.is(("%s!"):format(e), "on purpose!")
t.is(getmetatable(e), false)
t.fails(setmetatable, "table expected", e, {})
t.fails(rawget, "table expected", e, "x")
t.fails(rawset, "table expected", e, "x", 1)
t.fails(next, "table expected", e)
t.fails(function() return e.__gc end, "index")
t.fails(function() e.x = 1 end, "index")
t.fails(function() return e() end, "call")
t.fails(function() return #e end, "length")
t.fails(function() return e .. "x" end, "concatenate")
t.fails(function() return e + 1 end, "arithmetic")
t.fails(function() return e < e end, "compare")
t.fails(function() for _ in pairs(e) do end end, "")
t.is(e == e, true)
t.is(({ [e] = 7 })[e], 7)
t.is(tonumber(e), nil)
t.fails(string.rep, "string expected", e, 1)
t.fails(load, "", e)

-- Caught and raised again, it is the same one.
local ok, again = pcall(error, e)
t.is(ok, false)
t.is(again == e, true)
local co = coroutine.create(function() t.host.fail("in a coroutine") end)
local ok, inner = coroutine.resume(co)
t.is(ok, false)
t.is(tostring(inner), "in a coroutine")
local ok, handled = xpcall(t.host.fail, function(err) return { err } end, "handled")
t.is(tostring(handled[1]), "handled")
t.is(tostring(t.fails(coroutine.wrap(t.host.fail), "wrapped", "wrapped")), "wrapped")

-- Values of every type come back as they were raised, through the host as well.
local values = { nil, true, false, 0, 0.5, "text", {}, print, t.host.fail, coroutine.create(print), n = 10 }
for i = 1, values.n do
  local value = values[i]
  for _, call in ipairs { pcall, function(f, v, level) return pcall(t.host.call, function() f(v, level) end) end } do
    local ok, raised = call(error, value, 0)
    t.is(ok, false)
    t.is(raised, value, "error value " .. i)
  end
end

-- One of the host's own comes back from the host as such, whatever it passed through.
local ok, passed = pcall(t.host.call, function() pcall(t.host.call, function() error(e) end) error(e) end)
t.is(type(passed), "userdata")
t.is(tostring(passed), "on purpose")

-- An error value that fights its own printing harms nobody.
for _, hostile in ipairs {
  { __tostring = function() error("in __tostring") end },
  { __tostring = function() error(setmetatable({}, { __tostring = function() error("again") end })) end },
  { __tostring = function() return nil end },
  { __tostring = function() return {} end },
  { __tostring = 1 },
  { __tostring = true },
  { __tostring = setmetatable({}, { __call = function() return "callable" end }) },
  { __name = 1 },
  { __name = "\0" },
  { __name = ("x"):rep(10000) },
  { __metatable = "none of your business" },
  { __index = function() error("in __index") end, __len = error, __eq = error, __call = error, __concat = error },
} do
  local value = setmetatable({}, hostile)
  local text = t.host.message_of(function() error(value) end)
  t.is(type(text), "string")
  t.is(select("#", pcall(tostring, value)), 2)
  t.is(select("#", pcall(string.format, "%s", value)), 2)
  t.is(select("#", pcall(t.host.text_of, value)), 2)
end
t.is(t.host.message_of(function() error() end), "nil")
t.is(t.host.message_of(function() error(nil) end), "nil")
t.is(t.host.message_of(function() error("plain", 0) end), "plain")
t.is(t.host.message_of(function() error(12, 0) end), "12")
t.is(t.host.message_of(function() error(setmetatable({}, { __tostring = function() return "told" end })) end), "told")
