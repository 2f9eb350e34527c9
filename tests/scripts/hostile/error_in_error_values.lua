-- Every kind of value is raised; the last one is a function.
-- expects: error
for _, value in ipairs { 1, true, "x\0y", {}, print, coroutine.create(print), units, units[0], host.object } do
  local ok, got = pcall(error, value)
  if ok or rawequal(got, value) == false and type(value) ~= "string" and type(value) ~= "number" then escaped("another error came") end
end
error(function() end)
