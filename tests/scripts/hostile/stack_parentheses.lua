-- A text of many parentheses.
-- expects: error
return assert(load("return " .. ("("):rep(100000) .. "1" .. (")"):rep(100000)))
