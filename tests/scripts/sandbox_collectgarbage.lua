-- A script may collect and look, but not stop or tune the collector of its host.
local t = ...

t.is(type(collectgarbage("count")), "number")
t.is(collectgarbage(), 0)
t.is(collectgarbage(nil), 0)
t.is(collectgarbage("collect"), 0)
t.is(type(collectgarbage("step")), "boolean")
t.is(type(collectgarbage("step", 10)), "boolean")
for _, option in ipairs { "stop", "restart", "setpause", "setstepmul", "incremental", "generational", "isrunning", "Count", "count\0", "" } do
  t.fails(collectgarbage, "only 'collect', 'count' and 'step' are available to scripts", option)
end
for _, option in ipairs { 1, true, {}, print, setmetatable({}, { __eq = function() return true end, __tostring = function() return "stop" end }) } do
  t.fails(collectgarbage, "bad argument #1 to 'collectgarbage'", option)
end
t.fails(collectgarbage, "", "step", {})
assert(t.host.collector_runs())
