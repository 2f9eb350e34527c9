-- Compiles and runs new texts for ever.
-- expects: timeout
local i = 0
while true do
  i = i + 1
  load("local a = " .. i .. " return function() return a end")()
end
