-- Methods of the host's object on what is none.
-- expects: any
local object = host.object
local add = object.add
for _, wrong in ipairs { 1, "x", {}, print, units, units[0], true } do
  if pcall(add, wrong, 1) then escaped("a method took " .. type(wrong)) end
  pcall(function() object.value = wrong end)
  pcall(function() object[wrong] = wrong end)
  pcall(function() return object[wrong] end)
  pcall(object, wrong)
  pcall(add, object, wrong)
end
pcall(add)
object:add(5)
return object.value
