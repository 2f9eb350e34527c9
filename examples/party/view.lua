-- The rules' view of the party: `units` and `items` are checked views of the host's own structs,
-- counted from 0, so `units[2].hp[0] = 5` is a store to its memory, and `units[2].gear[0].damage`
-- goes by way of its pointers. Which item is where only the host can change: `put` is its function.
local units, items, put, carried = units, items, put, carried

local view = { units = units, items = items }

-- Which item of the catalogue a unit has in a place, as an index.
function view.carried(i, place) return carried(units[i], place) end

function view.put(i, place, index) put(units[i], place, items[index]) end

return view
