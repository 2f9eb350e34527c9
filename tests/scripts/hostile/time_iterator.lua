-- An iterator that answers for ever and swallows errors.
-- expects: timeout
local function forever() pcall(error, "x") return 1 end
while true do pcall(function() for _ in forever do end end) end
