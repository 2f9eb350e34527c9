-- A text of nested functions.
-- expects: error
return assert(load(("return function() "):rep(10000) .. (" end"):rep(10000)))
