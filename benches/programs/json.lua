-- Records written as JSON and read again, by a writer and a reader in Lua.
local byte, sub, find, format, concat = string.byte, string.sub, string.find, string.format, table.concat

-- Arrays have their length in `n`; the names of a record are written in this order.
local NAMES = { "id", "name", "alive", "x", "y", "items", "home", "note" }
local NULL = {}

local ESCAPE = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }
local PLAIN = { ['"'] = '"', ["\\"] = "\\", n = "\n", t = "\t" }

local write

local function write_array(value, out)
  out[#out + 1] = "["
  for i = 1, value.n do
    if i > 1 then out[#out + 1] = "," end
    write(value[i], out)
  end
  out[#out + 1] = "]"
end

local function write_record(value, out)
  local first = true
  out[#out + 1] = "{"
  for i = 1, #NAMES do
    local field = value[NAMES[i]]
    if field ~= nil then
      out[#out + 1] = first and '"' or ',"'
      out[#out + 1] = NAMES[i]
      out[#out + 1] = '":'
      write(field, out)
      first = false
    end
  end
  out[#out + 1] = "}"
end

function write(value, out)
  local kind = type(value)
  if value == NULL then
    out[#out + 1] = "null"
  elseif kind == "number" then
    out[#out + 1] = format("%.14g", value)
  elseif kind == "string" then
    out[#out + 1] = '"' .. value:gsub('["\\\n\t]', ESCAPE) .. '"'
  elseif kind == "boolean" then
    out[#out + 1] = tostring(value)
  elseif value.n then
    write_array(value, out)
  else
    write_record(value, out)
  end
end

local function fail(at, what) error("json: " .. what .. " expected at " .. at) end

local function skip(text, at) return find(text, "[^ \n\t]", at) or #text + 1 end

local function read_string(text, at)
  local stop = find(text, '["\\]', at + 1) or fail(at, "an end of the string")
  if byte(text, stop) == 34 then return sub(text, at + 1, stop - 1), stop + 1 end
  local parts, start = {}, at + 1
  while byte(text, stop) == 92 do
    parts[#parts + 1] = sub(text, start, stop - 1)
    parts[#parts + 1] = PLAIN[sub(text, stop + 1, stop + 1)] or fail(stop, "an escape")
    start = stop + 2
    stop = find(text, '["\\]', start) or fail(at, "an end of the string")
  end
  parts[#parts + 1] = sub(text, start, stop - 1)
  return concat(parts), stop + 1
end

local function read_number(text, at)
  local _, stop = find(text, "^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  if not stop then fail(at, "a value") end
  return tonumber(sub(text, at, stop)), stop + 1
end

local read

local function read_array(text, at)
  local array, n = {}, 0
  at = skip(text, at + 1)
  while byte(text, at) ~= 93 do
    n = n + 1
    array[n], at = read(text, at)
    at = skip(text, at)
    if byte(text, at) == 44 then at = skip(text, at + 1) elseif byte(text, at) ~= 93 then fail(at, "a comma or ]") end
  end
  array.n = n
  return array, at + 1
end

local function read_record(text, at)
  local record = {}
  at = skip(text, at + 1)
  while byte(text, at) ~= 125 do
    if byte(text, at) ~= 34 then fail(at, "a name") end
    local name
    name, at = read_string(text, at)
    at = skip(text, at)
    if byte(text, at) ~= 58 then fail(at, "a colon") end
    record[name], at = read(text, skip(text, at + 1))
    at = skip(text, at)
    if byte(text, at) == 44 then at = skip(text, at + 1) elseif byte(text, at) ~= 125 then fail(at, "a comma or }") end
  end
  return record, at + 1
end

function read(text, at)
  local c = byte(text, at)
  if c == 123 then return read_record(text, at) end
  if c == 91 then return read_array(text, at) end
  if c == 34 then return read_string(text, at) end
  if sub(text, at, at + 3) == "true" then return true, at + 4 end
  if sub(text, at, at + 4) == "false" then return false, at + 5 end
  if sub(text, at, at + 3) == "null" then return NULL, at + 4 end
  return read_number(text, at)
end

local function records(n)
  local all = { n = n }
  for i = 1, n do
    local items = { n = i % 5 }
    for k = 1, items.n do items[k] = i * k end
    all[i] = {
      id = i,
      name = "unit " .. i .. (i % 7 == 0 and ' called "the\tlate"\n' or ""),
      alive = i % 3 ~= 0,
      x = i * 0.5,
      y = -i / 8,
      items = items,
      home = { x = i % 10, y = 1e-3 },
      note = i % 2 == 0 and NULL or nil,
    }
  end
  return all
end

return function(n)
  local out = {}
  write(records(n), out)
  local text = concat(out)
  local all, stop = read(text, 1)
  if stop ~= #text + 1 then error("json: the text goes on at " .. stop) end
  local again = {}
  write(all, again)
  if concat(again) ~= text then error("json: what was read is written in another way") end
  local ids, items = 0, 0
  for i = 1, all.n do
    ids = ids + all[i].id
    for k = 1, all[i].items.n do items = items + all[i].items[k] / all[i].id end
  end
  if ids ~= n * (n + 1) / 2 then error("json: the sum of the ids is " .. ids) end
  -- In every five records: 0, 1, 1+2, 1+2+3 and 1+2+3+4.
  if n % 5 == 0 and items ~= n * 4 then error("json: the sum of the items is " .. items) end
  return #text
end
