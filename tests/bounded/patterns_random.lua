-- Random calls of the pattern functions, the same ones for the same seed in any VM.
-- Comes after random.lua. (seed, count) -> what came of each, as texts
local letters = { "a", "a", "a", "b", "b", "c", "1", " ", "(", ")", "-", "]", "%", "A", "_", "\n", "\0", "\255", "\127" }
local function text(longest)
  local parts = {}
  for i = 1, random(longest + 1) - 1 do parts[i] = one_of(letters) end
  return table.concat(parts)
end

local classes = { "%a", "%c", "%d", "%g", "%l", "%p", "%s", "%u", "%w", "%x", "%z", "%A", "%S", "%W", "%Z", "%%", "%)", "%y", "%." }
local function set()
  local parts = { one_of { "[", "[", "[^" } }
  if random(8) == 1 then parts[2] = "]" end
  for _ = 1, random(3) do
    parts[#parts + 1] = one_of { one_of(letters), "a-c", "b-", "-", "%a-z", "a-%]", one_of(classes), "x", "c-a", "^" }
  end
  parts[#parts + 1] = random(20) == 1 and "" or "]"
  return table.concat(parts)
end

local function item()
  local single = one_of { one_of(letters), "a", "b", ".", ".", one_of(classes), set(), "$", "^" }
  return single .. one_of { "", "", "", "*", "+", "-", "?" }
end

local function pattern()
  local parts, open = { random(5) == 1 and "^" or "" }, 0
  for _ = 1, random(6) do
    local kind = random(14)
    if kind == 1 then parts[#parts + 1], open = "(", open + 1
    elseif kind == 2 and open > 0 then parts[#parts + 1], open = ")", open - 1
    elseif kind == 3 then parts[#parts + 1] = "()"
    elseif kind == 4 then parts[#parts + 1] = "%" .. random(4) - 1
    elseif kind == 5 then parts[#parts + 1] = "%b" .. one_of { "()", "ab", "aa", "(", "" }
    elseif kind == 6 then parts[#parts + 1] = "%f" .. one_of { set(), set(), "a" }
    else parts[#parts + 1] = item()
    end
  end
  parts[#parts + 1] = (random(12) == 1 and "" or ")"):rep(open)
  parts[#parts + 1] = one_of { "", "", "", "", "$", "%", "[", "*" }
  return table.concat(parts)
end

local function replacement()
  local kind = random(9)
  if kind == 1 then return { a = "x", b = 2, c = false, [1] = "one", [2] = "two", [""] = "none", ["1"] = {} } end
  if kind == 2 then return function(a, b) return a, b end end
  if kind == 3 then return function(a, b) return b end end
  if kind == 4 then return setmetatable({}, { __index = function(_, key) return "<" .. key .. ">" end }) end
  if kind == 5 then return one_of { true, 7, 1.5, function() return {} end, function() error("mine") end, function() return false end } end
  local parts = {}
  for i = 1, random(4) do
    parts[i] = one_of { "-", "", "%0", "%1", "%1", "%2", "%%", one_of(letters), random(15) == 1 and one_of { "%", "%9", "%x", "%3" } or "." }
  end
  return table.concat(parts)
end

local starts = { 1, 1, 2, 3, 5, -1, -2, -30, 0, 30, 1.5, "2", "x", {}, 2 ^ 31, -2 ^ 31, 2 ^ 31 + 2, 2 ^ 32 + 2, -2 ^ 32 - 2, 2 ^ 53, 1e300, -1e300, 0 / 0, 1 / 0, true }
local function start()
  if random(3) ~= 1 then return nil end
  return one_of(starts)
end

local function shown(value)
  if type(value) == "number" then return ("%.17g"):format(value) .. (math.type and math.type(value) or "") end
  if type(value) == "table" then return "table" end
  return type(value) == "string" and '"' .. value .. '"' or tostring(value)
end
local function all(...)
  local values, n = { ... }, select("#", ...)
  for i = 1, n do values[i] = shown(values[i]) end
  return table.concat(values, ", ", 1, n)
end

-- Called by C, and by name from a function of Lua's.
local direct = { find = string.find, match = string.match, gsub = string.gsub }
local called = {
  find = function(s, ...) local a, b, c, d = s:find(...) return a, b, c, d end,
  match = function(s, ...) local a, b, c = string.match(s, ...) return a, b, c end,
  gsub = function(...) local a, b = string.gsub(...) return a, b end,
}
local function each_match(s, ...)
  local found = {}
  for a, b in string.gmatch(s, ...) do
    found[#found + 1] = all(a, b)
    if #found > 30 then break end
  end
  return table.concat(found, "; ")
end

local answers = {}
for i = 1, count do
  local s, p, kind = text(14), pattern(), random(4)
  local how = one_of { direct, called }
  if random(50) == 1 then s = one_of { 12121, 1.5 } end
  if random(50) == 1 then p = one_of { 12, 1, "", {}, true } end
  if type(s) == "number" then how = direct end
  local answer
  if kind == 1 then answer = all(pcall(how.find, s, p, start(), one_of { nil, false, true, 1 }))
  elseif kind == 2 then answer = all(pcall(how.match, s, p, start()))
  elseif kind == 3 then answer = all(pcall(each_match, s, p, start()))
  else answer = all(pcall(how.gsub, s, p, replacement(), start()))
  end
  answers[i] = kind .. " on " .. shown(s) .. " with " .. shown(p) .. ": " .. answer
end
return answers
