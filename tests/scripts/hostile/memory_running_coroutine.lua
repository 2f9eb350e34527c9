-- Resumes a coroutine that runs, when there is no memory for the words that say that it cannot.
-- expects: any
local co
co = coroutine.create(function()
  local t = {}
  pcall(function() while true do t[#t + 1] = { #t } end end)
  coroutine.resume(co)
end)
coroutine.resume(co)
