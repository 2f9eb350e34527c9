-- Raises an error with a message of megabytes at last.
-- expects: any
error(("x"):rep(3000000))
