-- The methods of strings belong to everybody, so that nobody can change them.
local t = ...

t.is(getmetatable(""), false)
t.fails(setmetatable, "table expected", "", {})
t.is((""):len(), 0)
t.is((""):byte(), nil)

-- A script may spoil its own `string`, but not what a method of a string is.
for name in next, string do string[name] = nil end
function string.len() return "spoilt" end
function string.anything() return "spoilt" end
t.is(("four"):len(), 4)
t.is((""):rep(3), "")
t.is(("x").anything, nil)
t.is(("x").__index, nil)
t.is(("x").__metatable, nil)
string = nil
t.is(("a,b"):gsub(",", ";"), "a;b")
t.is(("%d-%s"):format(7, "x"), "7-x")
t.is(("x").dump, nil)
t.is(("x").buffer, nil)

-- Assigning to a field of a string is an error, not a change of all strings.
t.fails(function() local s = "x" s.len = print end, "attempt to index")
t.fails(rawset, "table expected", "x", "len", print)
t.fails(rawget, "table expected", "x", "len")

-- The metamethods of 5.4's strings (arithmetic on numerals) do not lead further.
if not t.luajit then
  t.is("10" + 1, 11)
  t.fails(function() return "ten" + 1 end, "attempt to")
end
