-- Callbacks of gsub that call gsub, each swallowing the errors of the next.
-- expects: timeout
local function nest(n)
  return (("abc"):gsub(".", function(c)
    if n > 0 then pcall(nest, n - 1) end
    while true do c = c .. "" end
  end))
end
nest(20)
