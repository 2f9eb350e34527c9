-- A hundred coroutines that run in turns and are replaced when they die.
-- expects: timeout
local function spin() for _ = 1, 1e9 do coroutine.yield() end end
local all = {}
for i = 1, 100 do all[i] = coroutine.create(spin) end
while true do
  for i = 1, #all do
    if not coroutine.resume(all[i]) then all[i] = coroutine.create(spin) end
  end
end
