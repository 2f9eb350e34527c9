-- Hands long texts and deep tables to the host and takes them back.
-- expects: any
local keep = {}
while true do
  keep[#keep + 1] = host.call(function(s) return s .. #keep end, ("x"):rep(10000))
end
