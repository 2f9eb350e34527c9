-- The rules' view of the party where there is no FFI: the same fields under the same
-- names, on values that look into the host's structs and check what is written there.
local units, items = units, items

local view = { units = units, items = items }

function view.name(i) return units[i].name end

-- Which item of the catalogue a unit has in a place.
function view.carried(i, place)
  local item = units[i].gear[place]
  return item and item.index
end

function view.put(i, place, index) units[i].gear[place] = items[index] end

return view
