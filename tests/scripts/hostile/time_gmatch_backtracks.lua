-- Iterates over the matches of a pattern that backtracks.
-- expects: timeout
-- needs: bounded libraries
while true do
  for _ in (("a"):rep(3000)):gmatch(".-.-.-b") do end
end
