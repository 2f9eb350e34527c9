-- Weak tables of weak tables, for ever.
-- expects: timeout
local weak = { __mode = "kv" }
local top = {}
while true do
  local t = setmetatable({}, weak)
  for i = 1, 20 do t[i] = setmetatable({ [t] = t }, weak) end
  top[1] = t
end
