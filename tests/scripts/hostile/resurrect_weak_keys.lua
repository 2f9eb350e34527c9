-- Keys that are kept by their own values.
-- expects: any
local weak = setmetatable({}, { __mode = "k" })
for _ = 1, 20 do
  local a, b = {}, {}
  weak[a], weak[b] = { b }, { a }
  for _ = 1, 50 do local k = {} weak[k] = { k } end
  collectgarbage()
end
local n = 0
for k, v in pairs(weak) do if type(k) ~= "table" or type(v) ~= "table" then escaped("a dead key") end n = n + 1 end
return n
