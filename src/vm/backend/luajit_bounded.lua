-- Bounded library functions in the place of LuaJIT's, for VMs whose scripts are to be stopped. They come
-- before the prelude. What is short stays with LuaJIT's own functions, which its compiler knows; it is
-- Lua that decides, so that this is compiled with them. What the functions of `bounded.c` have done they
-- tell by a first result; all else is done, or complained of, by LuaJIT's own.
local bounded = ...

local G, type, select = _G, type, select

-- So many bytes or elements take LuaJIT's own functions a millisecond or two. A number, as part of a text, takes
-- as long as so many texts.
local short_text, short_list, number, shift, longest_format = 2^20, 2^16, 2^4, 2^13, 2^14

if string then
  local string = string
  string.match, string.gsub = bounded.match, bounded.gsub

  -- A function of Lua's for each walk: a new one of C's would be compiled for each anew.
  local gmatch, walk, next_match = string.gmatch, bounded.gmatch, bounded.next_match
  function string.gmatch(...)
    local s, pattern, at = walk(...)
    if not s then return gmatch(...) end
    return function() return next_match(s, pattern, at) end
  end

  -- Whether a pattern is a plain text: what was found out about short ones is kept.
  -- To ask it takes as long for each byte as to compare it with so many.
  local find, find_bounded, asking = string.find, bounded.find, 2^6
  local known, count = {}, 0
  local function is_plain(pattern)
    local plain = known[pattern]
    if plain ~= nil then return plain end
    plain = not find(pattern, "[%^%$%*%+%?%.%(%[%%%-]")
    if #pattern > 40 then return plain end
    if count == 200 then known, count = {}, 0 end
    known[pattern], count = plain, count + 1
    return plain
  end
  function string.find(...)
    local s, pattern, _, plain = ...
    if type(s) == "string" and type(pattern) == "string" and (#s + asking) * #pattern < short_text and (plain or is_plain(pattern)) then
      return find(...)
    end
    return find_bounded(...)
  end

  local rep, rep_bounded = string.rep, bounded.rep
  local function length(text) return type(text) == "string" and #text or number end
  function string.rep(...)
    local s, n, sep = ...
    if type(n) == "number" and n > -short_list and n < short_list and (length(s) + length(sep)) * n < short_text then return rep(...) end
    local text = rep_bounded(...)
    if text then return text end
    return rep(...)
  end

  for _, name in next, { "lower", "upper", "reverse" } do
    local convert, convert_bounded = string[name], bounded[name]
    string[name] = function(...)
      local s = ...
      if type(s) == "string" and #s >= short_text then return convert_bounded(s) end
      return convert(...)
    end
  end

  local format, check = string.format, bounded.format
  function string.format(...)
    local text = ...
    if type(text) == "string" and #text > longest_format then check(text) end
    return format(...)
  end
end

if table then
  local table = table
  -- A long list is joined in parts, and these then. Of what LuaJIT's own function complains, it is asked alone.
  local concat, rawget, range, stopped = table.concat, rawget, bounded.range, bounded.stopped
  local function concat_long(list, sep, i, j)
    local parts, from, left = {}, i, short_list
    for at = i, j do
      local kind = type(rawget(list, at))
      if kind == "string" then left = left - 1
      elseif kind == "number" then left = left - number
      else return concat(list, sep, at, at)
      end
      if left <= 0 then
        parts[#parts + 1] = concat(list, sep, from, at)
        from, left = at + 1, short_list
        stopped()
      end
    end
    if from == i then return concat(list, sep, i, j) end
    if from <= j then parts[#parts + 1] = concat(list, sep, from, j) end
    return concat(parts, sep)
  end
  function table.concat(...)
    local list, sep, i, j = ...
    if type(list) == "table" and (i == nil or type(i) == "number") and (j == nil or type(j) == "number") then
      if (j or #list) - (i or 1) < short_list / number then return concat(...) end
    end
    local from, last = range(...)
    if not from then return concat(...) end
    return concat_long(list, sep, from, last)
  end

  local insert, insert_bounded = table.insert, bounded.insert
  function table.insert(...)
    if select("#", ...) == 3 then
      local list, at = ...
      local near = type(list) ~= "table" or type(at) == "number" and at > #list - shift and at < 2^31
      if not near and insert_bounded(...) then return end
    end
    return insert(...)
  end

  table.sort = bounded.sort
end

if os then
  local date, check = os.date, bounded.date
  function os.date(...)
    local format = ...
    if type(format) == "string" and #format > longest_format then check(format) end
    return date(...)
  end
end

if G.load then
  G.load, G.loadstring = bounded.load, bounded.load
  local collect, collect_bounded = collectgarbage, bounded.collectgarbage
  function G.collectgarbage(...)
    if ... ~= "count" then
      local answer = collect_bounded(...)
      if answer ~= nil then return answer end
    end
    return collect(...)
  end
end
