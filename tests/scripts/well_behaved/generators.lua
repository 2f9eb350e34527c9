-- Coroutines as a pipeline.
-- returns: 3000450015000
local function numbers(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local function filter(f, source)
  return coroutine.wrap(function() for v in source do if f(v) then coroutine.yield(v) end end end)
end
local function map(f, source) return coroutine.wrap(function() for v in source do coroutine.yield(f(v)) end end) end
local sum = 0
for v in map(function(v) return v * v end, filter(function(v) return v % 3 == 0 end, numbers(30000))) do sum = sum + v end
return ("%.0f"):format(sum)
