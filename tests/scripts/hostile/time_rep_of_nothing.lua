-- Repeats the empty text a billion times.
-- expects: any
-- needs: bounded libraries
while true do (""):rep(1e9) end
