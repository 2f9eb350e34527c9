-- A swarm in tables: each agent looks at the eight that it knows, picks the nearest, steers away from it and moves.
local floor, huge, abs = math.floor, math.huge, math.abs

local SIZE, DT, FRAMES = 1000, 1 / 60, 5

local function swarm(count)
  local state = 12345
  local function random(below)
    state = (state * 1664525 + 1013904223) % 4294967296
    return floor(state / 256) % below
  end
  local all = {}
  for i = 1, count do
    local near = {}
    for k = 1, 8 do near[k] = (i + random(128)) % count + 1 end
    all[i] = { x = random(SIZE), y = random(SIZE), vx = random(41) - 20, vy = random(41) - 20, target = 0, near = near }
  end
  return all
end

local function nearest(agents, agent)
  local x, y, near = agent.x, agent.y, agent.near
  local found, best = 0, huge
  for k = 1, 8 do
    local other = agents[near[k]]
    local dx, dy = other.x - x, other.y - y
    local d = dx * dx + dy * dy
    if d < best then found, best = near[k], d end
  end
  return found, best
end

local function frame(agents)
  for i = 1, #agents do
    local agent = agents[i]
    local found, d = nearest(agents, agent)
    agent.target = found
    if d > 0 and d < 100 then
      local other = agents[found]
      agent.vx = agent.vx + (agent.x - other.x) * DT
      agent.vy = agent.vy + (agent.y - other.y) * DT
    end
    agent.x = agent.x + agent.vx * DT
    agent.y = agent.y + agent.vy * DT
    if agent.x < 0 or agent.x > SIZE then agent.vx = -agent.vx end
    if agent.y < 0 or agent.y > SIZE then agent.vy = -agent.vy end
  end
end

-- The sum of all places after the last frame, computed by another program.
local KNOWN = { [1000] = 1001582.009428561, [5000] = 5055519.055177384, [20000] = 20058742.68646988 }

return function(count)
  local agents = swarm(count)
  for _ = 1, FRAMES do frame(agents) end
  local sum = 0
  for i = 1, count do
    local agent = agents[i]
    if not (agent.x > -10 and agent.x < SIZE + 10 and agent.y > -10 and agent.y < SIZE + 10) then error("swarm: agent " .. i .. " left") end
    local known = false
    for k = 1, 8 do known = known or agent.near[k] == agent.target end
    if not known then error("swarm: agent " .. i .. " has a target that it does not know") end
    sum = sum + agent.x + agent.y
  end
  local known = KNOWN[count]
  if known and not (abs(sum - known) < 1e-9 * known) then error("swarm: of " .. count .. " the sum is " .. sum) end
  return sum
end
