-- A host's panic in handlers, callbacks and coroutines, swallowed.
-- expects: any
pcall(host.panic)
xpcall(error, host.panic)
xpcall(host.panic, host.panic)
pcall(string.gsub, "x", "x", host.panic)
pcall(table.sort, { 1, 2, 3 }, host.panic)
coroutine.resume(coroutine.create(host.panic))
pcall(coroutine.wrap(function() pcall(host.panic) host.panic() end))
pcall(load, host.panic)
pcall(tostring, setmetatable({}, { __tostring = host.panic }))
return true
