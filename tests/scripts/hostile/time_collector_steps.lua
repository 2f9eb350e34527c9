-- Makes garbage and steps the collector for ever.
-- expects: timeout
while true do
  local t = {}
  for i = 1, 50 do t[i] = { i } end
  collectgarbage("step")
end
