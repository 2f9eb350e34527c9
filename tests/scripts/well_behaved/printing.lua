-- Prints ten thousand lines.
-- returns: printed
for i = 1, 10000 do print("line", i, i % 2 == 0) end
return "printed"
