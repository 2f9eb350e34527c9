-- Asks for a gigabyte at once.
-- expects: memory
return ("x"):rep(2 ^ 30)
