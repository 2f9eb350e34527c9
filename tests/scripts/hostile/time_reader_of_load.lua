-- load asks for pieces for ever.
-- expects: timeout
while true do
  load(function() return " " end)
end
