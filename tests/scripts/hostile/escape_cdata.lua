-- Number literals of LuaJIT's FFI lead to no more of it.
-- expects: any
-- only: luajit
local n = 5LL
if type(getmetatable(n)) == "table" then escaped("the metatable of cdata") end
for _, key in ipairs { "ptr", "new", "cast", 0, 1, -1, "x" } do
  if pcall(function() return n[key] end) then escaped("index " .. tostring(key)) end
  if pcall(function() n[key] = 1 end) then escaped("store " .. tostring(key)) end
end
if pcall(function() return n() end) then escaped("call") end
if pcall(function() return #n end) then escaped("length") end
pcall(function() return n .. "" end)
pcall(string.format, "%d", n)
pcall(units[0].hp, n)
pcall(function() units[n].hp[n] = n end)
