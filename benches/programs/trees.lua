-- Binary trees made, walked and dropped, while a large one stays: work for the allocator and the collector.
local function tree(depth)
  if depth == 0 then return {} end
  return { tree(depth - 1), tree(depth - 1) }
end

local function nodes(t)
  local left = t[1]
  if not left then return 1 end
  return 1 + nodes(left) + nodes(t[2])
end

local LEAST = 4

local function expect(what, is, should)
  if is ~= should then error("trees: " .. what .. " has " .. is .. " nodes rather than " .. should) end
end

return function(depth)
  expect("the tallest", nodes(tree(depth + 1)), 2 ^ (depth + 2) - 1)
  local kept = tree(depth)
  local sum = 0
  for d = LEAST, depth, 2 do
    local rounds, count = 2 ^ (depth - d + LEAST), 0
    for _ = 1, rounds do count = count + nodes(tree(d)) end
    expect("the forest of depth " .. d, count, rounds * (2 ^ (d + 1) - 1))
    sum = sum + count
  end
  expect("the one that stays", nodes(kept), 2 ^ (depth + 1) - 1)
  return sum
end
