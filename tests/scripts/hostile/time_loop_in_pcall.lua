-- An endless loop inside a pcall that is tried again for ever.
-- expects: timeout
while true do
  pcall(function() while true do end end)
end
