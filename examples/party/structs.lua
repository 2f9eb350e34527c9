-- The rules' view of the party on LuaJIT: `units` and `items` are pointers to the host's
-- own structs, counted from 0, so `units[2].hp[0] = 5` is a store to memory.
--
-- Whoever has these pointers can do anything; the host trusts its own rules.
local units, items = units, items

local view = { units = units, items = items }

-- C text, byte by byte: scripts have no `ffi.string`.
function view.name(i)
  local text, bytes = units[i].name, {}
  local n = 0
  while text[n] ~= 0 do
    bytes[n + 1] = string.char(text[n])
    n = n + 1
  end
  return table.concat(bytes)
end

-- Which item of the catalogue a unit has in a place: a pointer less the first one is an index.
function view.carried(i, place)
  local item = units[i].gear[place]
  if item ~= nil then return item - items end
end

function view.put(i, place, index)
  units[i].gear[place] = items + index
end

return view
