-- A text of nested blocks.
-- expects: error
return assert(load(("do "):rep(100000) .. ("end "):rep(100000)))
