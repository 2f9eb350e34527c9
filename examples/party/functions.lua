-- The rules' view of the party where there is no FFI: the same fields under the same
-- names, but every access is a call of a function that the host has registered.
local unit_get, unit_set, unit_name = unit_get, unit_set, unit_name
local unit_item, unit_put, item_get = unit_item, unit_put, item_get

-- The fields that are arrays in the struct.
local arrays = { hp = true, stats = true, gear_count = true }

-- `object[key]` made once, by `make(key)`, and kept.
local function cached(make)
  return setmetatable({}, {
    __index = function(self, key)
      local value = make(key)
      rawset(self, key, value)
      return value
    end,
  })
end

local items = cached(function(index)
  return setmetatable({}, {
    __index = function(_, field) return item_get(index, field) end,
    __newindex = function(_, field) error("items cannot be changed here: " .. field, 2) end,
  })
end)

local units = cached(function(i)
  local unit = {}
  for field in pairs(arrays) do -- in any order: it makes no difference
    unit[field] = setmetatable({}, {
      __index = function(_, k) return unit_get(i, field, k) end,
      __newindex = function(_, k, value) unit_set(i, field, k, value) end,
    })
  end
  unit.gear = setmetatable({}, {
    __index = function(_, place)
      local index = unit_item(i, place)
      return index and items[index]
    end,
    __newindex = function() error("use view.put to change gear", 2) end,
  })
  return setmetatable(unit, {
    __index = function(_, field) return unit_get(i, field, 0) end,
    __newindex = function(_, field, value) unit_set(i, field, 0, value) end,
  })
end)

return { units = units, items = items, name = unit_name, carried = unit_item, put = unit_put }
