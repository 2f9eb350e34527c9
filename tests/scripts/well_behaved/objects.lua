-- Classes with inheritance, operators and proxies.
-- returns: v(10000100000, -10000100000)
local Vector = {}
Vector.__index = Vector
function Vector.new(x, y) return setmetatable({ x = x, y = y }, Vector) end
Vector.__add = function(a, b) return Vector.new(a.x + b.x, a.y + b.y) end
Vector.__mul = function(a, k) return Vector.new(a.x * k, a.y * k) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Vector.__tostring = function(a) return ("(%d, %d)"):format(a.x, a.y) end
local Named = setmetatable({}, { __index = Vector })
Named.__index, Named.__tostring = Named, function(a) return "v" .. Vector.__tostring(a) end
local sum = Vector.new(0, 0)
for i = 1, 100000 do sum = sum + Vector.new(i, -i) * 2 end
assert(sum == Vector.new(sum.x, sum.y))
return tostring(setmetatable(sum, Named))
