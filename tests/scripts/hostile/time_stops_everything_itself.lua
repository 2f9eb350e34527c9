-- Catches the error that stops it and raises it again later, from elsewhere.
-- expects: timeout
local kept
local function catch() local ok, e = pcall(function() while true do end end) kept = e return ok end
while true do
  catch()
  pcall(error, kept)
  coroutine.wrap(function() pcall(error, kept) end)()
end
