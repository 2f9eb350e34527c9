-- What the steps do in scripts: each gives whether it went well, and its results or the
-- message. What is done hot is done often enough to be compiled.
local host = ...
local held = {}
local HOT = 80

local function plain(value)
  if type(value) == "cdata" then return tostring(value) end
  if type(value) == "userdata" then return "a place" end
  return value
end

local steps = {}
function steps.hold(to, value) held[to] = value end
function steps.get(to, of, key, n)
  local from, value = held[of], nil
  for _ = 1, n do value = from[key] end
  held[to] = value
  return plain(value)
end
function steps.set(of, key, value, n)
  local to = held[of]
  for _ = 1, n do to[key] = value end
end
function steps.copy(of, key, from) held[of][key] = held[from] end
function steps.column(to, of, name) held[to] = held[of]:column(name) end
function steps.getter(to, of, ...) held[to] = held[of]:getter(...) end
function steps.setter(to, of, ...) held[to] = held[of]:setter(...) end
function steps.call_getter(of, key, n)
  local get = held[of]
  for _ = 2, n do get(key) end
  local values = { get(key) }
  for at = 1, #values do values[at] = plain(values[at]) end
  return (unpack or table.unpack)(values)
end
function steps.call_setter(of, n, key, ...)
  local set = held[of]
  for _ = 1, n do set(key, ...) end
end
function steps.length(of) return #held[of] end
function steps.each(of)
  local count = 0
  for i, element in held[of]:each() do
    if i ~= count then error("indices out of order") end
    count = count + 1
  end
  return count
end
function steps.change(of, value) return host.change(held[of], value) end
function steps.loop(of, field, shared, at, count)
  local view = held[of]
  for i = 0, 99 do
    if i == at then host.resize(shared, count) end
    local element = view[i % 3]
    element[field] = element[field] + 1
  end
end

local safe = {}
for name, step in next, steps do
  safe[name] = function(...) return pcall(step, ...) end
end
return safe, HOT
