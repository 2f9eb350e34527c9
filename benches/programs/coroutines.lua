-- Coroutines: a sieve of primes with a filter each, permutations by recursion, and numbers passed from hand to hand.
local wrap, yield = coroutine.wrap, coroutine.yield

local function upwards(n)
  return wrap(function()
    for i = 2, n do yield(i) end
  end)
end

local function without(p, from)
  return wrap(function()
    for i in from do
      if i % p ~= 0 then yield(i) end
    end
  end)
end

-- The primes up to n: each that comes through puts a filter for its multiples behind it.
local function sieve(n)
  local from, count, sum = upwards(n), 0, 0
  while true do
    local p = from()
    if not p then return count, sum end
    count, sum = count + 1, sum + p
    if p * p <= n then from = without(p, from) end
  end
end

local function is_prime(i)
  local k = 2
  while k * k <= i do
    if i % k == 0 then return false end
    k = k + 1
  end
  return true
end

local function permutations(n)
  local p = {}
  for i = 1, n do p[i] = i end
  local function place(last)
    if last == 1 then return yield(p) end
    for i = 1, last do
      p[i], p[last] = p[last], p[i]
      place(last - 1)
      p[i], p[last] = p[last], p[i]
    end
  end
  return wrap(function() place(n) end)
end

local PERMUTED = 5

local function expect(what, is, should)
  if is ~= should then error("coroutines: " .. what .. " is " .. is .. " rather than " .. should) end
end

return function(n)
  local count, sum = sieve(n)
  local primes, total = 0, 0
  for i = 2, n do
    if is_prime(i) then primes, total = primes + 1, total + i end
  end
  expect("the number of primes", count, primes)
  expect("their sum", sum, total)
  local seen, firsts = 0, 0
  for p in permutations(PERMUTED) do seen, firsts = seen + 1, firsts + p[1] end
  expect("the number of permutations", seen, 120)
  expect("the sum of their firsts", firsts, 360)
  local double = coroutine.create(function(a)
    while true do a = yield(2 * a) end
  end)
  local passed = 0
  for i = 1, n do
    local _, twice = coroutine.resume(double, i)
    passed = passed + twice
  end
  expect("what was passed", passed, n * (n + 1))
  return sum + passed
end
