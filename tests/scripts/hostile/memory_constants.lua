-- Compiles texts with more and more constants, and keeps them.
-- expects: any
local all, i = {}, 0
while true do
  local parts = { "return {" }
  for k = 1, 500 do parts[#parts + 1] = ("'text %d %d',"):format(i, k) end
  i = i + 1
  all[i] = load(table.concat(parts) .. "}")
end
