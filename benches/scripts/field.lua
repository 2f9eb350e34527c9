return function(o, n)
  o.x = 0
  for i = 1, n do o.x = o.x + 1 end
  return o.x
end
