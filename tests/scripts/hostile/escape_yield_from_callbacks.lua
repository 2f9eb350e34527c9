-- Yields from every place that may not.
-- expects: any
local co = coroutine.wrap(function()
  pcall(table.sort, { 3, 2, 1 }, function() coroutine.yield() end)
  pcall(string.gsub, "x", "x", function() coroutine.yield() end)
  pcall(host.call, function() coroutine.yield() end)
  pcall(load, function() coroutine.yield() end)
  pcall(tostring, setmetatable({}, { __tostring = function() coroutine.yield() return "x" end }))
end)
for _ = 1, 20 do pcall(co) end
