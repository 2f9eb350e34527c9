-- How fields of userdata are read and written: run once in a VM, with an empty
-- environment, so that nothing a script does to the globals reaches it.
--
-- In Lua rather than in Rust, so that LuaJIT compiles the look-ups and only the field's
-- own function is called. Both functions end in tail calls: messages name the caller.

local function index(getters, methods, otherwise)
  return function(object, key)
    local get = getters[key]
    if get then return get(object) end
    local method = methods[key]
    if method ~= nil then return method end
    return otherwise(object, key)
  end
end

local function new_index(setters, otherwise)
  return function(object, key, value)
    local set = setters[key]
    if set then return set(object, value) end
    return otherwise(object, key, value)
  end
end

return index, new_index
