-- Variables to be closed that loop when they are closed, each in the way of the next.
-- expects: timeout
-- only: lua54
local function closing() return setmetatable({}, { __close = function() while true do end end }) end
while true do
  pcall(function()
    local a <close> = closing()
    local b <close> = closing()
    local c <close> = closing()
    while true do end
  end)
end
