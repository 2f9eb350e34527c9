-- Fills memory to the last bytes without a loop, and then has loops that want to be compiled.
-- expects: any
local kept = {}
local function fill(size, n)
  if size < 4 then return end
  local ok, text = pcall(string.rep, "x", size + n % 7)
  if ok then kept[text] = true end
  return fill(ok and size or size / 2, n + 1)
end
fill(2 ^ 25, 0)
pcall(function()
  local x = 0
  for _ = 1, 2000 do
    for i = 1, 60 do x = x + i end
    while x % 7 ~= 0 do x = x + 1 end
  end
end)
local function count(n) if n > 0 then return count(n - 1) end end
for _ = 1, 1000 do pcall(count, 100) end
