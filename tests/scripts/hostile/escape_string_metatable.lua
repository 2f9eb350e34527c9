-- The metatable of texts, and the table behind it.
-- expects: any
-- leaves: globals
local mt = getmetatable("")
if type(mt) == "table" then
  pcall(function() mt.__index = nil end)
  escaped("the metatable of texts")
end
if pcall(setmetatable, "", {}) then escaped("setmetatable on a text") end
string.upper = function() return "spoiled" end
string.rep = nil
if ("x"):upper() ~= "X" then escaped("a method of texts was replaced") end
