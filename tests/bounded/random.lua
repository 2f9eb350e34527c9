-- What scripts of random cases begin with. (seed, count)
local seed, count = ...

-- Park and Miller's generator: whole numbers that floats hold exactly.
local function random(n)
  seed = seed * 16807 % 2147483647
  return seed % n + 1
end
local function one_of(list) return list[random(#list)] end

