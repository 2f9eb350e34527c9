-- What was made while there was no memory is used later.
-- expects: memory
-- leaves: globals
list = {}
while true do list[#list + 1] = { #list, tostring(#list) } end
-- later: any
for i = 1, #list do assert(list[i][1] == i - 1) end
list = nil
collectgarbage()
