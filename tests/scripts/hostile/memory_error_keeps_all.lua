-- The error's value keeps all the memory there is.
-- expects: any
local t = {}
local ok, why = pcall(function() while true do t[#t + 1] = { #t } end end)
error({ t, ok, why })
