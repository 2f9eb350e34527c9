-- Views show nothing of where the host's memory is.
-- expects: any
local shown = tostring(units) .. tostring(units[0]) .. tostring(units[0].hp)
if shown:find("0x%x%x%x%x%x%x") then escaped(shown) end
