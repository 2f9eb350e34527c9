-- Resumes a coroutine that has died for want of memory, when there is none for the words that say so.
-- expects: any
local function fill()
  local co = coroutine.create(function()
    local t = {}
    while true do t[#t + 1] = { #t } end
  end)
  coroutine.resume(co)
  coroutine.resume(co)
  local f = coroutine.wrap(function()
    local t = {}
    while true do t[#t + 1] = { #t } end
  end)
  pcall(f)
  pcall(f)
end
for _ = 1, 20 do pcall(fill) end
