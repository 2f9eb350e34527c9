-- Numeric arrays: a sieve over bytes, a product of matrices of doubles, a struct's fields. LuaJIT's FFI has them; without it the same
-- program works on tables.
local abs = math.abs
local ffi = ffi or jit and require "ffi"

local bytes, doubles, points
if ffi then
  local point = ffi.typeof("struct { int32_t id; double x, y; }[?]")
  local byte, double = ffi.typeof("uint8_t[?]"), ffi.typeof("double[?]")
  bytes = function(n) return byte(n) end
  doubles = function(n) return double(n) end
  points = function(n) return point(n) end
else
  local function zeros(n)
    local all = {}
    for i = 0, n - 1 do all[i] = 0 end
    return all
  end
  bytes, doubles = zeros, zeros
  points = function(n)
    local all = {}
    for i = 0, n - 1 do all[i] = { id = 0, x = 0, y = 0 } end
    return all
  end
end

local function primes(n)
  local struck, count = bytes(n + 1), 0
  for i = 2, n do
    if struck[i] == 0 then
      count = count + 1
      for k = i * i, n, i do struck[k] = 1 end
    end
  end
  return count
end

-- How many primes there are below ten, a hundred …
local PRIMES = { 4, 25, 168, 1229, 9592, 78498 }

local function fill(a, n, f)
  for i = 0, n - 1 do
    for j = 0, n - 1 do a[i * n + j] = f(i, j) end
  end
end

local function multiply(a, b, c, n)
  for i = 0, n - 1 do
    for j = 0, n - 1 do
      local sum = 0
      for k = 0, n - 1 do sum = sum + a[i * n + k] * b[k * n + j] end
      c[i * n + j] = sum
    end
  end
end

local function matrices(n)
  local a, b, c = doubles(n * n), doubles(n * n), doubles(n * n)
  fill(a, n, function(i, j) return i + j end)
  fill(b, n, function(i, j) return i - j end)
  multiply(a, b, c, n)
  local sum = 0
  for i = 0, n * n - 1 do sum = sum + c[i] end
  return sum
end

-- The same without a matrix: the sum of (i + k) (k - j) over all i, j and k below n.
local function matrices_sum(n)
  local sum, squares = n * (n - 1) / 2, (n - 1) * n * (2 * n - 1) / 6
  return n * n * squares - n * sum * sum
end

local function steps(n, rounds)
  local all = points(n)
  for i = 0, n - 1 do
    local p = all[i]
    p.id, p.x, p.y = i, i / 2, 0
  end
  for _ = 1, rounds do
    for i = 0, n - 1 do
      local p = all[i]
      p.x, p.y = p.x + 0.25, p.y + p.x
    end
  end
  local sum = 0
  for i = 0, n - 1 do sum = sum + (all[i].y - rounds * all[i].id / 2) end
  return sum
end

local ROUNDS = 10

local function expect(what, is, should)
  if not (abs(is - should) <= 1e-9 * abs(should)) then error("arrays: " .. what .. " is " .. is .. " rather than " .. should) end
end

-- `power` is that of ten, for the sieve; the other parts grow as slowly.
return function(power)
  local count = primes(10 ^ power)
  expect("the number of primes", count, PRIMES[power])
  local n = 48 * power
  local sum = matrices(n)
  expect("the sum of the product", sum, matrices_sum(n))
  local size = 10000 * power
  local moved = steps(size, ROUNDS)
  -- Before x is added for the r-th time it has gained r - 1 quarters.
  expect("how far the points moved", moved, size * 0.25 * ROUNDS * (ROUNDS - 1) / 2)
  return count + sum + moved
end
