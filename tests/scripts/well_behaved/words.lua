-- Counts the words of a long text.
-- returns: brown=5000 dog=5000 fox=5000 jumps=5000 lazy=5000 over=5000 quick=5000 the=10000
local text = ("the quick brown fox jumps over the lazy dog "):rep(5000)
local count = {}
for word in text:gmatch("%a+") do count[word] = (count[word] or 0) + 1 end
local all = {}
for word, n in pairs(count) do all[#all + 1] = ("%s=%d"):format(word, n) end
table.sort(all)
return table.concat(all, " ")
