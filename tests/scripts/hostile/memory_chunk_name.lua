-- Names of chunks that are megabytes long.
-- expects: any
local name, n = ("n"):rep(100000), 0
while true do
  n = n + 1
  local f = load("error('x')", "=" .. name .. n)
  pcall(f)
  local g = load("error('x')", name .. n)
  pcall(g)
  local h, why = load("error(", name .. n)
  assert(h == nil and #why < 1000)
end
