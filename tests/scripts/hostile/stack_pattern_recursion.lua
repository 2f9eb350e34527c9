-- A pattern whose matching is deep.
-- expects: any
-- needs: bounded libraries
return (("x"):rep(100000)):match((".-"):rep(50) .. "y")
