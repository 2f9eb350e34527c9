-- Texts made to fall on one another in the table of texts.
-- expects: timeout
local i = 0
while true do
  i = i + 1
  local s = ("a"):rep(100) .. ("%08x"):format(i) .. ("b"):rep(100)
  local _ = #s
end
