-- load calls a reader, which calls load.
-- expects: any
local function f() return load(f) end
return f()
