return function(units, n)
  local get, set = units:getter("hp"), units:setter("hp")
  set(0, 0)
  for i = 1, n do set(0, get(0) + 1) end
  return get(0)
end
