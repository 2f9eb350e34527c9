-- __index functions that ask each other.
-- expects: timeout
local a, b = {}, {}
setmetatable(a, { __index = function(_, k) for _ = 1, 100 do local _ = k end return 1 end })
setmetatable(b, { __index = function(_, k) return a[k] end })
while true do local _ = b.x + b.y end
