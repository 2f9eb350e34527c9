-- A loop whose types change, so that the compiler never comes to rest.
-- expects: timeout
-- only: luajit
local values = { 1, "2", true, {}, print, 2.5 }
local n = 0
while true do
  n = n + 1
  local v = values[n % #values + 1]
  if type(v) == "number" then n = n + v % 1 elseif v == true then n = n + 0 end
end
