-- Host errors, kept.
-- expects: any
local keep = {}
while true do keep[#keep + 1] = select(2, pcall(host.fail)) end
