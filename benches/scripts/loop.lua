local add = add
return function(n)
  local s = 0
  for i = 1, n do s = add(s, 1) end
  return s
end
