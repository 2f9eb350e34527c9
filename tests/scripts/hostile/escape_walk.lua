-- Walks over everything that can be reached and looks for what must not be there.
-- expects: any
local seen, queue = {}, { _G, host, units, "" }
while #queue > 0 do
  local value = table.remove(queue)
  if value ~= nil and not seen[value] then
    seen[value] = true
    if type(value) == "table" then
      for k, v in next, value do
        if k == "_LOADED" or k == "_PRELOAD" or k == "loaders" or k == "searchers" or k == "cdef" then escaped(tostring(k)) end
        queue[#queue + 1] = k
        queue[#queue + 1] = v
      end
    end
    local mt = getmetatable(value)
    if type(mt) == "table" then queue[#queue + 1] = mt end
  end
end
