-- Calls of the pattern functions that look for their edges. () -> what came of each, as texts
local answers = {}
local function shown(value)
  if type(value) == "function" then return "function" end
  value = type(value) == "string" and #value > 400 and #value .. value:sub(1, 100) .. value:sub(-100) or value
  return tostring(value)
end
local function ask(f, ...)
  local values = { pcall(f, ...) }
  for i = 1, #values do values[i] = shown(values[i]) end
  answers[#answers + 1] = #answers + 1 .. ": " .. table.concat(values, ", ")
end

local a40, a400 = ("a"):rep(40), ("a"):rep(400)
for n = 195, 203 do
  for _, item in ipairs { "a?", "a*", "a-", "b*", "b-", "b?", "()", "(a)", "a", "%a", "[a]" } do
    ask(string.find, a400, item:rep(n))
  end
end
for n = 30, 34 do
  for _, item in ipairs { "(a)", "()", "(" } do
    ask(string.find, a40, item:rep(n))
    ask(string.gsub, a40, item:rep(n), "%1")
    ask(string.gsub, a40, item:rep(n), function(...) return select("#", ...) end)
    ask(string.gmatch(a40, item:rep(n)))
  end
end
local long = ("x"):rep(9000)
for _, class in ipairs { ".", "x", "%a", "[x]", "[^y]", "[a-z]", "%S" } do
  for _, suffix in ipairs { "*", "+", "-" } do
    ask(string.find, long .. "!", class .. suffix .. "!")
    ask(string.find, long .. "!", "^" .. class .. suffix .. "$")
    ask(string.match, long, "(" .. class .. suffix .. ")")
    ask(string.gsub, long, class .. suffix, "%0%0")
  end
end
ask(string.find, long, "[" .. ("ab%]-"):rep(3000) .. "x]")
ask(string.find, long, "[" .. ("ab%]-"):rep(3000))
ask(string.find, ("("):rep(9000) .. (")"):rep(9000), "%b()")
ask(string.find, ("("):rep(9000) .. (")"):rep(8999), "^%b()")
ask(string.find, ("ab"):rep(5000), "^(.+)%1$")
ask(string.find, ("ab"):rep(5001), "^(.+)%1$")
ask(string.find, ("ab"):rep(5000) .. "c", "abc", 1, true)
ask(string.find, ("a"):rep(5000) .. "b", ("a"):rep(500) .. "b")
ask(string.find, "a\0b\0c", "b\0c", 1, true)
ask(string.find, "a\0b\0c", "\0b")
ask(string.find, "a\0b\0c", "\0.")
ask(string.find, "", "")
ask(string.find, "", "", 2)
ask(string.find, "", "", 1, true)
ask(string.find, "", "", 2, true)
ask(string.find, "abc", "", -9)
for _, replacement in ipairs { "%", "%%", "%0", "%1", "%2", "%a", "a%", "%0%", "\0", "%\0", 12, 1.5 } do
  ask(string.gsub, "abc", "%w", replacement)
  ask(string.gsub, "abc", "()", replacement)
  ask(string.gsub, "abc", "(%w)(%w)", replacement)
  ask(string.gsub, "abc", "x", replacement)
end
for n = -1, 5 do ask(string.gsub, "abc", "", "-", n) end
for byte = 0, 255 do
  local char = string.char(byte)
  local all = {}
  for i = 0, 255 do all[i + 1] = string.char(i) end
  all = table.concat(all)
  ask(string.gsub, all, "%" .. char, "")
  ask(string.gsub, all, "[%" .. char .. "]", "")
  ask(string.gsub, all, "[" .. char .. "-\200]", "")
  ask(string.gsub, all, char, "")
end
for _, f in ipairs { string.find, string.match, string.gmatch, string.gsub } do
  ask(f) ask(f, "a") ask(f, {}, "a") ask(f, "a", {}) ask(f, "a", "a", {}) ask(f, "a", "a", "a", {}) ask(f, nil, nil, nil, nil)
  ask(f, 12, 2) ask(f, "a", nil)
end
ask(function() local x = ("x"):find() end)
ask(function() local x = ("x"):find("[") end)
ask(function() local x = ("x"):gsub("x", "%2") end)
ask(function() local x = ("x"):gsub("x") end)
ask(function() local x = ("x"):match() end)
ask(function() for x in ("x"):gmatch() do end end)
ask(function() for x in ("x"):gmatch("[") do end end)
ask(function() return ("x"):match("%") end)
ask(coroutine.wrap(function() return ("x"):gsub("x", coroutine.yield) end))
return answers
