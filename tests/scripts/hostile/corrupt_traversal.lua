-- A table that is emptied and filled while it is traversed.
-- expects: any
for round = 1, 200 do
  local t = {}
  for i = 1, 50 do t["k" .. i] = i t[i] = i end
  pcall(function()
    for k in pairs(t) do
      t[k] = nil
      for i = 1, 10 do t[round .. "n" .. i] = i end
      if round % 3 == 0 then collectgarbage("step") end
    end
  end)
  pcall(next, t, {})
  pcall(next, t, "nothing")
end
return true
