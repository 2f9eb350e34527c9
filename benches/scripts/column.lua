return function(units, n)
  local hp = units:column("hp")
  hp[0] = 0
  for i = 1, n do hp[0] = hp[0] + 1 end
  return hp[0]
end
