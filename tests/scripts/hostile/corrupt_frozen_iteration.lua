-- The control variable of a for loop and its iterator are attacked.
-- expects: any
for i = 1, 10 do i = "x" .. i if #i > 100 then break end end
pcall(function() for _ in 5 do end end)
pcall(function() for _ in setmetatable({}, { __call = 5 }) do end end)
pcall(function() for _ in next, nil do end end)
pcall(function() for _ in next, {}, "nothing" do end end)
pcall(function() for _ = 1, 10, 0 do break end end)
pcall(function() for _ = "a", "b" do end end)
pcall(function() for _ = 1, {} do end end)
return true
