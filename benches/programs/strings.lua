-- Texts built in all the ways that scripts build them: piece by piece, by tables, formats, patterns; and read back.
local concat, format, rep = table.concat, string.format, string.rep

local function expect(what, is, should)
  if is ~= should then error("strings: " .. what .. " is " .. tostring(is) .. " rather than " .. tostring(should)) end
end

-- The sum of 1…n.
local function sum_to(n) return n * (n + 1) / 2 end

local function by_pieces(n)
  local text = ""
  for i = 1, n do text = text .. i % 10 end
  expect("the length by pieces", #text, n)
  local sum = 0
  for i = 1, n do sum = sum + text:byte(i) - 48 end
  expect("the sum of the digits", sum, 45 * (n - n % 10) / 10 + sum_to(n % 10))
  return sum
end

local function by_table(n)
  local parts = {}
  for i = 1, n do parts[i] = "k" .. i .. "=" .. i * 7 end
  local text = concat(parts, ";")
  local sum, count = 0, 0
  for key, value in text:gmatch("k(%d+)=(%d+)") do
    sum, count = sum + (value - key), count + 1
  end
  expect("the number of pairs", count, n)
  expect("the sum of the pairs", sum, 6 * sum_to(n))
  return sum
end

local function by_format(n)
  local length, sum = 0, 0
  for i = 1, n do
    local line = format("%05d|%-8s|%9.2f", i, "u" .. i % 100, i / 4)
    length = length + #line
    sum = sum + tonumber(line:sub(1, 5)) + 4 * tonumber(line:sub(-9))
  end
  expect("the length of the lines", length, n * 24)
  expect("the sum of the lines", sum, 2 * sum_to(n))
  return sum
end

local function by_pattern(n)
  local text = rep("the quick brown fox ", n)
  local upper, words = text:gsub("%a+", { quick = "slow", fox = "snail" })
  expect("the words", words, 4 * n)
  expect("the length with other words", #upper, n * 21)
  local back = upper:gsub("snail", string.upper):reverse():lower()
  expect("what is turned round", back:sub(2, 6), "lians")
  return #back
end

return function(n)
  return by_pieces(n) + by_table(n) + by_format(n) + by_pattern(n)
end
