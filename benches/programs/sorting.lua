-- The same numbers sorted four ways: by quicksort and heapsort in Lua, by `table.sort`, and by `table.sort` with an order.
local floor = math.floor

local function numbers(n)
  local all, state = {}, 42
  for i = 1, n do
    state = (state * 1664525 + 1013904223) % 4294967296
    all[i] = floor(state / 256) % 1000000
  end
  return all
end

local function quicksort(t, low, high)
  while low < high do
    local pivot, i, j = t[floor((low + high) / 2)], low, high
    while i <= j do
      while t[i] < pivot do i = i + 1 end
      while t[j] > pivot do j = j - 1 end
      if i <= j then
        t[i], t[j] = t[j], t[i]
        i, j = i + 1, j - 1
      end
    end
    -- The shorter part first, so that the depth stays small.
    if j - low < high - i then
      quicksort(t, low, j)
      low = i
    else
      quicksort(t, i, high)
      high = j
    end
  end
end

local function sink(t, at, n)
  local value = t[at]
  while 2 * at <= n do
    local child = 2 * at
    if child < n and t[child + 1] > t[child] then child = child + 1 end
    if value >= t[child] then break end
    t[at] = t[child]
    at = child
  end
  t[at] = value
end

local function heapsort(t, n)
  for at = floor(n / 2), 1, -1 do sink(t, at, n) end
  for last = n, 2, -1 do
    t[1], t[last] = t[last], t[1]
    sink(t, 1, last - 1)
  end
end

local function sum(t)
  local s = 0
  for i = 1, #t do s = s + t[i] end
  return s
end

local function less(a, b) return a < b end
local function more(a, b) return a > b end

local function check(how, t, before, ordered)
  for i = 2, #t do
    if ordered(t[i], t[i - 1]) then error("sorting: by " .. how .. " number " .. i .. " is out of order") end
  end
  if sum(t) ~= before then error("sorting: by " .. how .. " the numbers became others") end
end

return function(n)
  local quick, heap, plain, down = numbers(n), numbers(n), numbers(n), numbers(n)
  local before = sum(quick)
  quicksort(quick, 1, n)
  check("quicksort", quick, before, less)
  heapsort(heap, n)
  check("heapsort", heap, before, less)
  table.sort(plain)
  check("table.sort", plain, before, less)
  table.sort(down, more)
  check("table.sort with an order", down, before, more)
  for i = 1, n do
    if quick[i] ~= heap[i] or heap[i] ~= plain[i] or plain[i] ~= down[n + 1 - i] then error("sorting: number " .. i .. " differs") end
  end
  return before
end
