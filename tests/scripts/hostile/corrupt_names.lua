-- Names that mean something elsewhere.
-- expects: any
for _, name in ipairs { "__index", "__newindex", "__gc", "__mode", "__metatable", "__name", "__close", "__pairs", "__len" } do
  pcall(function() return units[name] end)
  pcall(function() units[name] = print end)
  pcall(function() return units[0][name] end)
  pcall(function() units[0][name] = print end)
  pcall(function() return host.object[name] end)
  pcall(function() host.object[name] = print end)
end
return true
