-- Takes half of its memory, is refused the rest, and goes on.
-- returns: 1000
local ok, why = pcall(function() local s = ("x"):rep(1000) while true do s = s .. s end end)
assert(not ok and tostring(why):find("not enough memory"), why)
collectgarbage()
local t = {}
for i = 1, 1000 do t[i] = { i } end
return ("%d"):format(#t)
