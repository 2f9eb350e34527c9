-- A for loop over a wrapped coroutine that never ends, within another one.
-- expects: timeout
local function numbers() local i = 0 while true do i = i + 1 coroutine.yield(i) end end
local outer = coroutine.wrap(function()
  for i in coroutine.wrap(numbers) do if i % 1000 == 0 then coroutine.yield(i) end end
end)
for _ in outer do end
