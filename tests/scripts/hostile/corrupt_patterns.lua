-- Patterns that end too early, and captures that are not there.
-- expects: any
local patterns = { "%", "[", "[^", "[]", "[a-", "[%", "(", ")", "()", "(()", "%b", "%bx", "%f", "%f[", "%1", "%9", "(%1)", "*", "+", "?", "-", "^*", "$", "^$", "%z", "\0", "[\0-\255]*", "(.)%1%1", "%b()" }
for _, pattern in ipairs(patterns) do
  for _, text in ipairs { "", "x", "xx(y(z))", "\0\0", ("ab"):rep(100) } do
    pcall(string.find, text, pattern)
    pcall(string.match, text, pattern, -3)
    pcall(string.gsub, text, pattern, "%0%1%2")
    pcall(string.gsub, text, pattern, "%")
    pcall(string.gsub, text, pattern, { x = 1 })
    pcall(string.gsub, text, pattern, function() return {} end)
    pcall(function() for _ in text:gmatch(pattern) do end end)
  end
end
return true
