-- require for what is not the host's.
-- expects: any
for _, name in ipairs { "io", "ffi", "jit.util", "jit.opt", "string.buffer", "table.new", "debug", "os", "package", "/etc/passwd", "../x", "socket" } do
  local ok, got = pcall(function() return require(name) end)
  if ok and type(got) == "table" and (got.open or got.cdef or got.traceinfo or got.execute or got.getinfo) then escaped(name) end
end
