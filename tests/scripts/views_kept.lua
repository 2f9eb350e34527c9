-- Keeps everything that a view gives, and gives what uses it: called while the view is
-- alive, and what it returns when it is revoked.
local t, units = ...

local u, hp, pos, column = units[1], units[1].hp, units[1].pos, units:column("x")
local get, set = units:getter("x", "y"), units:setter("x")
local each, each_view = units:each()
local slot, row = u.slots[1], u.grid[1]
local halfway = coroutine.wrap(function()
  for _, unit in units:each() do coroutine.yield(unit.id) end
end)
t.is(halfway(), 100)
local inside = coroutine.wrap(function()
  local unit = units[2]
  while true do
    unit.x = unit.x + 1
    coroutine.yield(unit.x)
  end
end)
inside()
-- Compiled loops, where there are any.
local function sum(view)
  local s = 0
  for i = 0, #view - 1 do s = s + view[i].x end
  return s
end
local function bump(unit, n)
  for _ = 1, n do unit.x = unit.x + 1 end
end
local function read_column(n)
  local s = 0
  for i = 1, n do s = s + column[i % 10] end
  return s
end
local function read_inner(n)
  local s = 0
  for i = 1, n do s = s + hp[i % 2] end
  return s
end
for _ = 1, 300 do sum(units) end
bump(u, 300)
read_column(300)
read_inner(300)

local uses = {
  function() return u.x end, function() u.x = 1 end, function() return u.hp end, function() return u.tag end,
  function() u.tag = "" end, function() return hp[0] end, function() hp[0] = 1 end, function() return #hp end,
  function() return pos.x end, function() pos.x = 1 end, function() u.pos = pos end, function() u.pos = { x = 1 } end,
  function() return #units end, function() return units[0] end, function() units[0] = u end, function() units[0] = {} end,
  function() return units:each() end, function() return units:totable(0) end, function() return units:column("x") end,
  function() return units:getter("x") end, function() return units:setter("x") end, function() return each(each_view, 0) end,
  function() return column[0] end, function() column[0] = 1 end, function() return #column end, function() return get(0) end,
  function() set(0, 1) end, function() return slot.n end, function() slot.n = 1 end, function() return row[0] end,
  function() row[0] = 1 end, function() row[0] = 0.5 end, function() return sum(units) end, function() bump(u, 300) end,
  function() return read_column(300) end, function() return read_inner(300) end,
}

-- What a copy comes from counts too. `other` is alive.
local copies = {
  function(other) other[0] = u end, function(other) other[0].pos = pos end, function(other) other[0].hp = hp end,
}

-- These end with their error.
local waiting = { halfway, inside }

return function(other)
  for _, resume in ipairs(waiting) do uses[#uses + 1] = resume end
  for i, use in ipairs(uses) do
    local ok, e = pcall(use)
    if ok or not tostring(e):find("view revoked: the host has taken back the memory of this view of Soldier", 1, true) then
      error("use " .. i .. ": " .. tostring(e))
    end
  end
  for _ in ipairs(waiting) do uses[#uses] = nil end
  waiting = {}
  if other then
    for i, copy in ipairs(copies) do
      local ok, e = pcall(copy, other)
      if ok or not tostring(e):find("view revoked", 1, true) then error("copy " .. i .. ": " .. tostring(e)) end
    end
    t.is(u == other[1], false)
    t.is(units == other, false)
  end
  t.is(u == u, true)
  t.is(tostring(u), "Soldier 1")
end
