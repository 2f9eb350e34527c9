-- A host function that itself swallows what stops the script.
-- expects: timeout
while true do host.swallow(function() while true do end end) end
