-- A deep stack of many locals, in coroutines that are kept.
-- expects: any
local all = {}
local function deep(n)
  local a, b, c, d, e, f, g, h = n, n, n, n, n, n, n, n
  if n == 0 then coroutine.yield() end
  deep(n - 1)
  return a, b, c, d, e, f, g, h
end
while true do
  local co = coroutine.create(deep)
  coroutine.resume(co, 2000)
  all[#all + 1] = co
end
