-- Every index that is wrong, and every value that does not fit.
-- expects: any
local n = #units
local bad = { -1, n, n + 1, 1.5, 2 ^ 31, 2 ^ 32, 2 ^ 53, -2 ^ 63, 1 / 0, -1 / 0, 0 / 0, "0", "x", {}, print, true, units, units[0] }
for _, index in ipairs(bad) do
  if pcall(function() return units[index].hp[0] end) and type(index) ~= "string" then escaped("read at " .. tostring(index)) end
  if pcall(function() units[index].hp[0] = 1 end) and type(index) ~= "string" then escaped("write at " .. tostring(index)) end
  pcall(function() return units[0].hp[index] end)
  pcall(function() units[0].hp[index] = 1 end)
  pcall(function() units[0].hp[0] = index end)
  pcall(function() units[0][index] = index end)
  pcall(function() units[0].tag = index end)
end
