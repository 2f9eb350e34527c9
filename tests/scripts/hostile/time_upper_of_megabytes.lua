-- Long texts go through every function that walks over them.
-- expects: any
-- needs: bounded libraries
local text = ("x"):rep(1000000)
while true do text:upper() text:reverse() text:lower() end
