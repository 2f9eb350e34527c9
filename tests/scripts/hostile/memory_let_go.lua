-- Takes all memory, lets it go, and begins again.
-- expects: any
while true do
  pcall(function()
    local t = {}
    while true do t[#t + 1] = { #t } end
  end)
end
