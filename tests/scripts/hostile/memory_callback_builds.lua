-- A gsub whose replacements are long.
-- expects: any
local piece = ("x"):rep(1000)
local s = ("y"):rep(100)
while true do s = s:gsub(".", function() return piece end) end
