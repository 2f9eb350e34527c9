-- A pattern with too many captures.
-- expects: error
return ("x"):find(("("):rep(100) .. "x" .. (")"):rep(100))
