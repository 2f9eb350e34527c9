-- Coroutines that resume, close and wrap each other and themselves.
-- expects: any
local co
co = coroutine.create(function()
  coroutine.resume(co)
  pcall(coroutine.wrap(function() coroutine.resume(co) end))
  if coroutine.close then pcall(coroutine.close, co) end
  coroutine.yield()
  error(co)
end)
for _ = 1, 5 do
  coroutine.resume(co)
  coroutine.status(co)
  if coroutine.close then pcall(coroutine.close, co) end
end
local f
f = coroutine.wrap(function() return f() end)
pcall(f)
for _, wrong in ipairs { 1, "x", {}, print } do
  pcall(coroutine.resume, wrong)
  pcall(coroutine.status, wrong)
  pcall(coroutine.wrap, wrong)
end
return true
