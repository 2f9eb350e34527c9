-- The names that lead outside.
-- expects: any
for _, name in ipairs { "io", "debug", "package", "ffi", "dofile", "loadfile", "getfenv", "setfenv", "newproxy", "module" } do
  if rawget(_G, name) ~= nil then escaped(name) end
end
for _, name in ipairs { "execute", "exit", "getenv", "remove", "rename", "setlocale", "tmpname" } do
  if os[name] ~= nil then escaped("os." .. name) end
end
if string.dump or string.buffer then escaped("string") end
