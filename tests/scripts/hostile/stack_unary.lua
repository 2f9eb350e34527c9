-- A text of unary operators.
-- expects: error
return assert(load("return " .. ("not "):rep(100000) .. "1"))
