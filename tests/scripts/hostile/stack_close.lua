-- Variables to be closed within the closing of others.
-- expects: any
-- only: lua54
local function f()
  local x <close> = setmetatable({}, { __close = function() f() end })
end
f()
