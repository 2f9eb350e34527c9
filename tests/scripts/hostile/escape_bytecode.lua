-- Bytecode, by every way to load it.
-- expects: any
local texts = { "\27Lua", "\27LJ\2\0", "\27LuaT\0\25\147\r\n\26\n", "\27" }
for _, text in ipairs(texts) do
  for _, mode in ipairs { "b", "bt", "t", "tb" } do
    if pcall(load, text, "x", mode) and load(text, "x", mode) then escaped("load " .. mode) end
    local done = false
    if load(function() if done then return nil end done = true return text end, "x", mode) then escaped("reader " .. mode) end
  end
  if loadstring and loadstring(text) then escaped("loadstring") end
end
