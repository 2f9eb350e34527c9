return function(units, n)
  local u = units[0]
  u.hp = 0
  for i = 1, n do u.hp = u.hp + 1 end
  return u.hp
end
