-- A ring of tail calls.
-- expects: timeout
local a, b, c
function a(n) return b(n + 1) end
function b(n) return c(n + 1) end
function c(n) return a(n - 2) end
a(0)
