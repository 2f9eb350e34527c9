-- Each coroutine resumes another one.
-- expects: any
local function f() return (coroutine.wrap(f)()) end
f()
