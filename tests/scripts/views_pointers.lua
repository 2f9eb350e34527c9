-- What pointers lead to. The host made: figure 0 leads (leader NULL), 1 follows 0, 2 follows 1 and so
-- on up to 6; 7 follows itself. Gems: figure i has gem i in place 1 of its gear, nothing in the others,
-- but for 7, which has gem 0 in place 0.
local t, units = ...
local is, fails, host = t.is, t.fails, t.host
local u = units[1]

-- Text.
is(u.name, "figure1")
is(units[0].name, "exactly8") -- as many bytes as are asked for, and none behind them
is(units[2].name, nil)
is(u.titles[0], "abcde")
is(u.titles[1], "")
is(units[2].titles[0], nil)
is(#u.titles, 2)
is(units:column("name")[1], "figure1")
is(units:column("titles[0]")[1], "abcde")
is(units:column("name")[2], nil)
local name, hp = units:getter("name", "hp")(1)
is(name, "figure1") is(hp, 11)
fails(function() u.name = "x" end, "cannot change field 'name' of a Figure: it can only be read")
fails(function() u.name = nil end, "cannot change field 'name' of a Figure: it can only be read")
fails(function() u.titles[0] = "x" end, "cannot change field 'titles' of a Figure: it can only be read")
fails(function() u.titles = { "x", "y" } end, "cannot change field 'titles' of a Figure: it can only be read")
fails(function() units:column("name")[1] = "x" end, "cannot change field 'name' of a Figure: it can only be read")
fails(function() units:setter("hp", "name") end, "cannot change field 'name' of a Figure: it can only be read")
fails(function() return u.titles[2] end, "out of range")

-- Structs: read, written, absent.
is(units[0].leader, nil)
is(u.leader.hp, 10)
is(units[2].leader.leader.hp, 10)
u.leader.hp = 70
is(units[0].hp, 70)
u.leader.hp = 10
is(u.gear[0], nil)
is(u.gear[1].value, 101)
is(#u.gear, 3)
u.gear[1].value = -5
is(host.gem(1), -5)
u.gear[1].pos.x = 2.5
is(u.gear[1].pos.x, 2.5)
u.gear[1].pos = { y = 3 }
is(u.gear[1].pos.y, 3)
fails(function() u.gear[1].pos = { x = 8, y = "no" } end, "bad value for field 'y' of a Vec2")
is(u.gear[1].pos.x, 2.5)
is(u.gear[1].runes[1], 0)
u.gear[1].runes[1] = 9
is(u.gear[1].runes[1], 9)
u.gear[1].runes = { 4, 5 }
is(u.gear[1].runes[0], 4)
u.gear[1].tag = "ruby"
is(u.gear[1].tag, "ruby")
is(u.pouch[1].gem.value, -5)
is(u.pouch[0].gem, nil)
is(units[2].leader.pouch[1].gem.runes[1], 5)
is(units[2].leader.gear[1].value, -5)
is(units[2].leader.name, "figure1")
is(u.gear[1].label, "gem")
fails(function() u.gear[1].value = 0.5 end, "bad value for field 'value' of a Gem: expected an integer")
fails(function() u.gear[1].id = 5 end, "cannot change field 'id' of a Gem: it can only be read")
fails(function() return u.gear[1].secret end, "a Gem has no field 'secret'")
fails(function() return u.gear[1].nothing end, "a Gem has no field 'nothing'")
fails(function() u.gear[1].nothing = 1 end, "a Gem has no field 'nothing'")
fails(function() return u.gear[1].runes[2] end, "index 2 is out of range: field 'runes' of a Gem has 2 elements, from 0 on")
for _, k in ipairs({ 3, -1, 0.5, 0 / 0, 2 ^ 32 }) do fails(function() return u.gear[k] end, "out of range") end
fails(function() return u.private end, "a Figure has no field 'private'")
fails(function() return u.raw end, "a Figure has no field 'raw'")

-- Pointers are the host's.
for _, v in ipairs({ units[0], u.gear[1], 1, 0, "x", true, {} }) do
  fails(function() u.leader = v end, "cannot change field 'leader' of a Figure: it can only be read")
  fails(function() u.gear[1] = v end, "cannot change field 'gear' of a Figure: it can only be read")
  fails(function() u.gear = v end, "cannot change field 'gear' of a Figure: it can only be read")
  fails(function() u.pouch[1].gem = v end, "cannot change field 'gem' of a Pouch: it can only be read")
  fails(function() units[1] = { leader = v } end, "cannot change field 'leader' of a Figure: it can only be read")
end
fails(function() u.leader = nil end, "cannot change field 'leader' of a Figure: it can only be read")
fails(function() u.gear = u.gear end, "cannot change field 'gear' of a Figure: it can only be read")
for _, column in ipairs({ "leader", "gear[1]", "leader.hp", "gear[1].value", "pouch[1].gem" }) do
  fails(function() return units:column(column) end, "a Figure has no field '" .. column .. "'")
end

-- What can only be read, and everything behind it.
is(u.idol.hp, 10)
is(u.idol.gear[1].value, 100)
for _, wrong in ipairs({
  function() u.idol.hp = 1 end, function() u.idol.inner.value = 1 end, function() u.idol.gear[1].value = 1 end,
  function() u.idol.gear[1].runes[0] = 1 end, function() u.shown.value = 1 end, function() u.shown.pos.x = 1 end,
  function() u.shown.runes = { 1, 2 } end, function() units[2].leader.idol.hp = 1 end, function() units[2].idol.leader.hp = 1 end,
  function() u.idol.idol = 1 end,
}) do
  fails(wrong, "it can only be read")
end
is(u.shown.value, -5)

-- Copies leave pointers as they are.
local leader, gear = units[3].leader.hp, units[3].gear[1].value
units[3].hp, units[4].hp = 33, 44
units[4] = units[3]
is(units[4].hp, 33)
is(units[4].gear[1].value, 104)
is(units[4].leader == units[4].leader, true)
is(units[4].leader.hp, 33)
units[4] = units[5].leader -- which is 4 itself
units[4] = units[2].leader -- from behind a pointer: 1
is(units[4].hp, 11)
is(units[4].gear[1].value, 104)
units[6].leader.leader.inner = u.gear[1]
is(units[4].inner.value, -5)
is(units[4].inner.tag, "ruby")
u.inner = units[2].gear[1]
is(u.inner.value, 102)
u.gear[1].pos = units[2].gear[1].pos
units[2].gear[1].runes = u.gear[1].runes
is(units[2].gear[1].runes[0], 4)
u.pouch = units[4].pouch
is(u.pouch[1].gem.value, -5)
units[4].hp, units[3].hp = 14, 13

-- Equality is of the way, not of where it leads to.
is(u.leader == u.leader, true)
is(u.gear[1] == u.gear[1], true)
is(u.gear[1] == units[2].gear[1], false)
is(u.gear[1] == u.shown, false)
is(units[7].gear[0] == units[7].gear[1], false)
is(units[7].gear[1] == units[7].gear[1], true)
is(units[7].leader.gear[0] == units[7].leader.gear[1], false)
is(u.leader == units[0], false)
is(units[0] == u.leader, false)
is(u.gear[1].pos == u.gear[1].pos, true)
is(u.gear[1].pos == u.inner.pos, false)
is(units[3].leader.leader == units[3].leader.leader, true)
is(units[3].leader.leader == units[3].leader, false)
is(units[7].leader == units[7].leader.leader, false)
is(u.idol == u.leader, false)

-- No address anywhere.
for _, v in ipairs({ u.leader, u.gear[1], u.gear, u.gear[1].pos, u.gear[1].runes, u.titles, u.pouch[1].gem, u.idol }) do
  is(tostring(v):find("0x"), nil)
  is(tostring(v):find("%x%x%x%x%x%x%x"), nil)
  is(type(getmetatable(v)) ~= "table", true)
  is(tonumber(v), nil)
  is(pcall(function() return v + 1 end), false)
end
is(tostring(u.leader), "a Figure (element 1)")
is(tostring(u.gear[1]), "a Gem (element 1)")
is(tostring(u.gear[1].pos), "field 'pos' of a Gem (element 1)")
is(tostring(u.gear), "field 'gear' of a Figure (element 1)")

-- As far as four pointers.
local far = units[6].leader.leader.leader.leader
is(far.hp, 12)
is(far.name, nil)
is(far.inner.value, 0)
is(far.gear[0], nil)
far.hp = 12.0
local too_far = "is too far away: there can be 4 pointers between an element and what is read"
fails(function() return far.leader end, "field 'leader' of a Figure " .. too_far)
fails(function() return far.gear[1] end, "field 'gear' of a Figure " .. too_far)
fails(function() return far.pouch[1].gem end, "field 'gem' of a Pouch " .. too_far)
is(units[4].leader.leader.leader.leader.leader, nil) -- which is not asked for what is not there
local own = units[7]
for i = 1, 4 do own = own.leader is(own.hp, 17) end
fails(function() return own.leader end, too_far)

-- Tables: with what is behind one pointer.
local copy = units:totable(2)
is(copy.name, nil)
is(copy.leader.name, "figure1")
is(copy.leader.leader, nil)
is(copy.leader.gear[2], nil)
is(copy.gear[1], nil)
is(copy.gear[2].value, 102)
is(copy.gear[2].label, "gem")
is(copy.gear[2].secret, nil)
is(copy.pouch[2].gem.value, 102)
is(copy.raw, nil)
is(copy.private, nil)
is(units:totable(7).leader.hp, 17)
is(units:totable(1).titles[1], "abcde")

-- What is kept goes the way again.
local kept, runes = units[5].leader, units[5].gear[1].runes
host.lead(5, 0)
is(kept.hp, 10)
for i = 1, 200 do
  if i == 150 then host.lead(5, 3) end
  is(kept.hp, i < 150 and 10 or 13)
end
local gone = " is gone: a pointer on the way to it is NULL now"
local pos, item = units[5].gear[1].pos, units[5].gear[1]
host.strip(5)
is(units[5].leader, nil)
is(units[5].gear[1], nil)
for what, uses in pairs({
  ["a Figure"] = { function() return kept.hp end, function() kept.hp = 1 end, function() units[4] = kept end, function() return kept.leader end },
  ["a Gem"] = { function() return item.tag end, function() item.pos = { x = 1 } end, function() units[4].inner = item end },
  ["field 'pos' of a Gem"] = { function() return pos.x end, function() pos.y = 1 end, function() units[4].inner.pos = pos end },
  ["field 'runes' of a Gem"] = {
    function() return runes[0] end, function() runes[0] = 1 end, function() return #runes end, function() units[4].inner.runes = runes end,
  },
}) do
  for _, use in ipairs(uses) do fails(use, what .. gone) end
end
is(kept == kept, true)
is(tostring(kept), "a Figure (element 5)")

-- A loop that is compiled, in which the host takes away what it follows.
host.lead(5, 0)
local sum = 0
local function walk(n)
  for i = 1, n do
    if i % 100 == 0 then host.tick(i) end
    sum = sum + kept.hp
    kept.hp = kept.hp + 1
  end
end
fails(function() walk(1000) end, "a Figure" .. gone)
is(host.gems(), "untouched")

-- Fields in their order, where there is `pairs`.
if t.path == "handles" or not t.luajit then
  local names = {}
  for field in pairs(units[2].leader) do names[#names + 1] = field end
  is(table.concat(names, " "), "hp name titles leader idol gear shown inner pouch ratio")
end
