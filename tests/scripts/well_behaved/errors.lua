-- Thousands of errors of every kind, all caught.
-- returns: 21000
local caught = 0
for i = 1, 20000 do
  local ok, e = pcall(error, i % 2 == 0 and { code = i } or "text")
  if not ok and (type(e) == "table" and e.code == i or e == "text") then caught = caught + 1 end
end
for i = 1, 1000 do
  local _, e = xpcall(function() local t = nil return t.x end, function(e) return #e + i end)
  if e > i then caught = caught + 1 end
end
return ("%d"):format(caught)
