-- What the scripts beside this one are handed: `local t = ...`.
local backend, host = ...

local t = { backend = backend, luajit = backend == "luajit", host = host }

-- Calls `f`, which must fail with a message that contains `text` (plainly); gives the error value.
function t.fails(f, text, ...)
  local ok, e = pcall(f, ...)
  if ok then error("no error, though one with '" .. tostring(text) .. "' was expected", 2) end
  if text and not tostring(e):find(text, 1, true) then
    error("expected an error with '" .. text .. "', got: " .. tostring(e), 2)
  end
  return e
end

-- A value is what it should be.
function t.is(got, wanted, what)
  if got ~= wanted and not (got ~= got and wanted ~= wanted) then
    error((what and what .. ": " or "") .. "expected " .. tostring(wanted) .. ", got " .. tostring(got), 2)
  end
end

-- The names of a table's entries, sorted, as one text.
function t.names(of)
  local names = {}
  for name in next, of do names[#names + 1] = tostring(name) end
  table.sort(names)
  return table.concat(names, " ")
end

return t
