return function(units, dt)
  local get, set = units:getter("x", "y", "vx", "vy"), units:setter("x", "y", "vx", "vy")
  for i = 0, #units - 1 do
    local x, y, vx, vy = get(i)
    x, y = x + vx * dt, y + vy * dt
    if x < 0 or x > 1000 then vx = -vx end
    if y < 0 or y > 1000 then vy = -vy end
    set(i, x, y, vx, vy)
  end
end
