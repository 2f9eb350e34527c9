-- A message handler that starts the work again, in a handler of its own.
-- expects: timeout
local function work() while true do end end
local function handler() return select(2, xpcall(work, handler)) end
while true do xpcall(work, handler) end
