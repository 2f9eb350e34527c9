-- Replaces what a pattern that backtracks never finds.
-- expects: timeout
-- needs: bounded libraries
while true do
  (("a"):rep(3000)):gsub(".-.-.-b", "x")
end
