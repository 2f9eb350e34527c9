-- Raw pointers have no length: they come with a count.
return function(units, dt, count)
  for i = 0, (count or #units) - 1 do
    local u = units[i]
    u.x = u.x + u.vx * dt
    u.y = u.y + u.vy * dt
    if u.x < 0 or u.x > 1000 then u.vx = -u.vx end
    if u.y < 0 or u.y > 1000 then u.vy = -u.vy end
  end
end
