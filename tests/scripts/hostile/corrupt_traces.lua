-- Teaches the compiler one kind of value, then gives it another.
-- expects: any
-- only: luajit
local function f(t, i) return t[i].x end
local good, bad = {}, {}
for i = 1, 100 do good[i] = { x = i } bad[i] = setmetatable({}, { __index = function() return "text" end }) end
for _ = 1, 50 do for i = 1, 100 do f(good, i) end end
for _ = 1, 50 do for i = 1, 100 do pcall(f, bad, i) pcall(f, good, i + 1) pcall(f, "x", i) end end
for i = 1, 200 do pcall(f, { [i] = { x = i % 2 == 0 and i or {} } }, i) end
return true
