-- What checks a script does not ask the script: the library's own Lua functions use no
-- global, so that a script that replaces globals changes nothing about the checks.
local t = ...

local kept = {}
for _, library in ipairs { "string", "table", "os", "coroutine" } do
  for name, f in next, _G[library] do kept[library .. "." .. name] = f end
end
for name, f in next, _G do
  if type(f) == "function" then kept[name] = f end
end

local asked = {}
local G, pcall, type, next, tostring, setmetatable, is, host = _G, pcall, type, next, tostring, setmetatable, t.is, t.host
local globals = {}
for name, value in next, G do globals[name] = value end
for name in next, globals do G[name] = nil end
setmetatable(G, {
  __index = function(_, name) asked[name] = true return function() return nil end end,
})

-- Everything that perilune wraps, and whatever else there is, the error paths too.
local function call(name, ...)
  if kept[name] then return pcall(kept[name], ...) end
  return false
end
local object = setmetatable({}, { __tostring = function() return "object" end })
call("string.gsub", "aXb", "X", "-")
call("string.gsub", "aXb", "X", function() return "-" end)
call("string.gsub", "aXb", "X", {})
call("string.gsub", nil)
for _, values in next, { {}, { 1 }, { object }, { 1, 2 }, { object, 2 }, { 1, 2, 3 }, { 1, 2, object }, { 1, 2, 3, object } } do
  call("string.format", "%s %s %s %s", values[1], values[2], values[3], values[4])
  call("string.format", "%s", values[1])
  call("string.format", "%s %s", values[1], values[2])
  call("string.format", "%s %s %s", values[1], values[2], values[3])
end
call("string.format")
call("table.sort", { 3, 1, 2 })
call("table.sort", { 3, 1, 2 }, function(a, b) return a > b end)
call("table.sort", 1)
call("table.concat", { 1, 2 }, ",")
call("os.time")
call("os.time", { year = 2020, month = 1, day = 1 })
call("os.time", 7)
call("os.date", "%Y")
call("load", "return 1")
call("load", "return +")
call("load", "\27Lua")
call("load", function() end)
call("load", "return 1", "=x", "b")
call("load", nil)
call("loadstring", "return 1")
call("xpcall", function() object() end, function(e) return e end)
call("xpcall", function() end, nil)
call("collectgarbage")
call("collectgarbage", "count")
call("collectgarbage", "stop")
call("collectgarbage", object)
call("setmetatable", {}, {})
call("setmetatable", {}, { __gc = 1 })
call("setmetatable", 1)
call("coroutine.wrap", function() end)
call("coroutine.wrap", 1)
local _, co = call("coroutine.wrap", function() kept["coroutine.yield"](1) object() end)
call("coroutine.resume", 1)
pcall(co) pcall(co) pcall(co)
call("getmetatable", "")
call("tostring", object)
host.echo(object)
pcall(host.fail, "on purpose")
pcall(host.call, function() object() end)
call("tostring", (kept["select"](2, pcall(host.fail, "on purpose"))))

setmetatable(G, nil)
for name, value in next, globals do G[name] = value end
local left = {}
for name in next, asked do left[#left + 1] = name end
is(table.concat(left, " "), "")
