-- Levels of errors that are out of range.
-- expects: any
for _, level in ipairs { -1, 0, 1, 2, 100, 2 ^ 31, -2 ^ 31, 2 ^ 53, 1 / 0, 0 / 0 } do pcall(error, "x", level) end
coroutine.wrap(function() pcall(error, "x", 3) end)()
error("x", 1000)
