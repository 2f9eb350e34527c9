-- Objects whose __call is an object whose __call is …
-- expects: any
local f = setmetatable({}, { __call = function() return 1 end })
for _ = 1, 1000 do f = setmetatable({}, { __call = f }) end
return f()
