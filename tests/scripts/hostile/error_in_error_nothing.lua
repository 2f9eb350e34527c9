-- nil as an error.
-- expects: error
error(nil)
