-- Errors while variables are closed because of errors.
-- expects: error
-- only: lua54
local function closing(n) return setmetatable({}, { __close = function(_, e) error({ n, e }) end }) end
local function f(n)
  local x <close> = closing(n)
  if n > 0 then f(n - 1) end
  error("first")
end
f(100)
