-- Uses up the stack, swallows that, and begins again.
-- expects: timeout
local function deep(n) return 1 + deep(n + 1) end
while true do pcall(deep, 1) end
