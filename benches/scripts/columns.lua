return function(units, dt)
  local xs, ys, vxs, vys = units:column("x"), units:column("y"), units:column("vx"), units:column("vy")
  for i = 0, #units - 1 do
    xs[i] = xs[i] + vxs[i] * dt
    ys[i] = ys[i] + vys[i] * dt
    if xs[i] < 0 or xs[i] > 1000 then vxs[i] = -vxs[i] end
    if ys[i] < 0 or ys[i] > 1000 then vys[i] = -vys[i] end
  end
end
