-- The stack is used up, and the handler uses up the rest.
-- expects: any
local function f() return 1 + f() end
local function handler() return pcall(f) and f() end
return xpcall(f, handler)
