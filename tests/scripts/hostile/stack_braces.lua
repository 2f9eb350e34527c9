-- A text of nested tables.
-- expects: error
return assert(load("return " .. ("{"):rep(100000) .. ("}"):rep(100000)))
