-- A host function runs the endless loop.
-- expects: timeout
host.call(function() while true do end end)
