-- A host's error raised within the handler of a host's error.
-- expects: error
xpcall(host.fail, function() host.fail() end)
xpcall(host.fail, function(e) pcall(host.fail) error(e) end)
local ok, e = pcall(host.fail)
local again = select(2, pcall(error, e))
if not rawequal(again, e) then escaped("another error") end
error(e)
