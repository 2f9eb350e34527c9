return function(o, n)
  local s = 0
  for i = 1, n do s = o:add(s, 1) end
  return s
end
