-- Patterns of many stars over a long text.
-- expects: timeout
-- needs: bounded libraries
local text = ("a"):rep(20000)
while true do
  text:find(".-.-.-b")
  text:match("(.*)(.*)(.*)b")
end
