-- The sun and four planets, pulled by each other: `steps` steps of a hundredth of a day.
local sqrt, abs = math.sqrt, math.abs

local DAYS = 365.24 -- a year
local SUN = 4 * math.pi * math.pi
local STEP = 0.01

-- Place and speed (per day) and mass (in suns) at the start.
local START = {
  { 0, 0, 0, 0, 0, 0, 1 },
  { 4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01,
    1.66007664274403694e-03, 7.69901118419740425e-03, -6.90460016972063023e-05, 9.54791938424326609e-04 },
  { 8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01,
    -2.76742510726411940e-03, 4.99852801234917238e-03, 2.30417297573763929e-05, 2.85885980666130812e-04 },
  { 1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01,
    2.96460137564761618e-03, 2.37847173959480950e-03, -2.96589568540237556e-05, 4.36624404335156298e-05 },
  { 1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01,
    2.68067772490389322e-03, 1.62824170038242295e-03, -9.51592254519715870e-05, 5.15138902046611451e-05 },
}

local function bodies()
  local all, px, py, pz = {}, 0, 0, 0
  for i, s in ipairs(START) do
    local body = { x = s[1], y = s[2], z = s[3], vx = s[4] * DAYS, vy = s[5] * DAYS, vz = s[6] * DAYS, mass = s[7] * SUN }
    px, py, pz = px + body.vx * body.mass, py + body.vy * body.mass, pz + body.vz * body.mass
    all[i] = body
  end
  -- The whole does not move.
  local sun = all[1]
  sun.vx, sun.vy, sun.vz = -px / SUN, -py / SUN, -pz / SUN
  return all
end

local function energy(all)
  local e = 0
  for i = 1, #all do
    local a = all[i]
    e = e + 0.5 * a.mass * (a.vx * a.vx + a.vy * a.vy + a.vz * a.vz)
    for j = i + 1, #all do
      local b = all[j]
      local dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
      e = e - a.mass * b.mass / sqrt(dx * dx + dy * dy + dz * dz)
    end
  end
  return e
end

local function advance(all, count)
  for i = 1, count do
    local a = all[i]
    local ax, ay, az, amass, avx, avy, avz = a.x, a.y, a.z, a.mass, a.vx, a.vy, a.vz
    for j = i + 1, count do
      local b = all[j]
      local dx, dy, dz = ax - b.x, ay - b.y, az - b.z
      local square = dx * dx + dy * dy + dz * dz
      local pull = STEP / (square * sqrt(square))
      local bmass = b.mass * pull
      avx, avy, avz = avx - dx * bmass, avy - dy * bmass, avz - dz * bmass
      local mass = amass * pull
      b.vx, b.vy, b.vz = b.vx + dx * mass, b.vy + dy * mass, b.vz + dz * mass
    end
    a.vx, a.vy, a.vz = avx, avy, avz
    a.x, a.y, a.z = ax + STEP * avx, ay + STEP * avy, az + STEP * avz
  end
end

-- What is known of it: the energy at the start, and after a thousand steps.
local BEFORE, AFTER_1000 = -0.169075164, -0.169087605

return function(steps)
  local all = bodies()
  local before = energy(all)
  if abs(before - BEFORE) > 1e-9 then error("nbody: the energy at the start is " .. before) end
  for step = 1, steps do
    advance(all, #all)
    if step == 1000 then
      local now = energy(all)
      if abs(now - AFTER_1000) > 1e-9 then error("nbody: the energy after 1000 steps is " .. now) end
    end
  end
  local after = energy(all)
  if not (abs(after - before) < 1e-4) then error("nbody: energy was made or lost: " .. after) end
  return after
end
