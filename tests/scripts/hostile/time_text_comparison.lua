-- Compares and hashes long texts for ever.
-- expects: timeout
local a, b = ("x"):rep(60000) .. "a", ("x"):rep(60000) .. "b"
local t = {}
while true do
  if a < b then t[a] = b end
  t[b .. #t] = nil
end
