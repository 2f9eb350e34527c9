-- Closures over 50 variables each, kept.
-- expects: any
local text = "local keep = {} while true do "
for i = 1, 50 do text = text .. "local v" .. i .. " = {} " end
text = text .. "keep[#keep + 1] = function() return v1"
for i = 2, 50 do text = text .. ", v" .. i end
load(text .. " end end")()
