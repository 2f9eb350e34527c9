-- A text of operators that lean to the right.
-- expects: error
return assert(load("return " .. ("1 .. "):rep(100000) .. "1"))
