-- Every level of 150 swallows the error and loops itself.
-- expects: timeout
local function level(n)
  if n > 0 then pcall(level, n - 1) end
  while true do end
end
level(150)
