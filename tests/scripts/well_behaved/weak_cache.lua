-- A cache whose entries may go at any time.
-- returns: true
local cache, made = setmetatable({}, { __mode = "v" }), 0
local function get(k)
  local v = cache[k]
  if not v then made = made + 1 v = { k } cache[k] = v end
  return v
end
for round = 1, 200 do
  for k = 1, 200 do assert(get(k)[1] == k) end
  if round % 50 == 0 then collectgarbage() end
end
return tostring(made >= 200)
