-- Metatables of what the host gave.
-- expects: any
for name, value in pairs { object = host.object, units = units, unit = units[0], hp = units[0].hp, call = host.call } do
  local mt = getmetatable(value)
  if type(mt) == "table" then escaped("the metatable of " .. name) end
  if pcall(setmetatable, value, {}) then escaped("setmetatable on " .. name) end
end
if pcall(rawset, units, 0, 1) or pcall(rawget, units, 0) then escaped("raw access") end
