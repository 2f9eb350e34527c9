-- Binds a function's first arguments, one after the other. It uses no library, so that
-- it does not matter which ones scripts have or have changed.
local function bind(n, f, first, ...)
  if n == 0 then return f end
  return bind(n - 1, function(...) return f(first, ...) end, ...)
end
return bind(...)
