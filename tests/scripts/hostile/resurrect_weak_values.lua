-- What was collected is looked for in weak tables.
-- expects: any
local weak, strong = setmetatable({}, { __mode = "v" }), {}
for round = 1, 30 do
  for i = 1, 100 do
    local t = { i, weak }
    weak[i] = t
    if i % 7 == 0 then strong[#strong + 1] = t end
  end
  collectgarbage()
  for i, t in pairs(weak) do if t[1] ~= i then escaped("another table") end end
  if round % 10 == 0 then strong = {} end
end
return true
