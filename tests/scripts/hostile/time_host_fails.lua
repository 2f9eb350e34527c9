-- A host function that fails and one that panics, for ever.
-- expects: timeout
while true do
  pcall(host.fail)
  pcall(host.panic)
end
