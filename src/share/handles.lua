-- What the handles of every struct share: run once in a VM, with functions that no script
-- can have changed, LuaJIT's FFI, and an empty environment.
--
-- The code of each struct is generated (`handles.rs`). It checks before every access that
-- the handle's epoch is its control block's and that its index is below the count there,
-- and never gives a script anything but values, strings and handles, which hold numbers
-- only. Whatever it found is used before any function of a script can run.
local kept, ffi = ...

local type, error, tostring, rawget, next, select = kept.type, kept.error, kept.tostring, kept.rawget, kept.next, kept.select
local istype, fstring = ffi.istype, ffi.string
local int64, uint64 = ffi.typeof("int64_t"), ffi.typeof("uint64_t")

-- Without the library `bit`: nil for what is no 32-bit integer, which equals no number.
local tobit = kept.tobit or function(v)
  if v % 1 == 0 and v >= -2147483648 and v <= 2147483647 then return v end
end

local function described(value)
  local kind = type(value)
  if kind == "number" then return "number " .. tostring(value) end
  return kind
end

-- Why something cannot be read or written. `level` says who used the handle, as for `error`.
local function revoked(name, level)
  error("view revoked: the host has taken back the memory of this view of " .. name, level)
end

local function out_of_range(count, name, index, level)
  error("index " .. tostring(index) .. " is out of range: this view of " .. name .. " has " .. tostring(count) .. " elements now", level)
end

local function unreadable(now, epoch, count, name, index, level)
  if now ~= epoch then revoked(name, level + 1) end
  out_of_range(count, name, index, level + 1)
end

local function unwritable(now, epoch, count, name, index, level)
  if now ~= epoch then revoked(name, level + 1) end
  if index >= 0 and index < count and index % 1 == 0 then
    error("cannot change a " .. name .. ": this view can only be read", level)
  end
  out_of_range(count, name, index, level + 1)
end

local function bad_index(index, count, what, level)
  level = level or 3
  if type(index) ~= "number" then error("bad index of " .. what .. ": expected a number, got " .. type(index), level) end
  error("index " .. tostring(index) .. " is out of range: " .. what .. " has " .. tostring(count) .. " elements, from 0 on", level)
end

local function bad_value(what, expected, value, level)
  error("bad value for " .. what .. ": expected " .. expected .. ", got " .. described(value), level)
end

local function read_only(what, level)
  error("cannot change " .. what .. ": it can only be read", level)
end

local function no_field(what, key, level)
  error(what .. " has no field '" .. (type(key) == "string" and key or "(" .. type(key) .. ")") .. "'", level or 3)
end

local function no_method(what, key)
  error(what .. " has no method '" .. (type(key) == "string" and key or "(" .. type(key) .. ")") .. "'", 3)
end

local function bad_self(level)
  error("bad self: expected a view (call it with ':')", level)
end

-- An exact integer, or nothing.
local function to_int64(value)
  if type(value) == "number" then
    if value % 1 == 0 and value >= -0x20000000000000 and value <= 0x20000000000000 then return value end
  elseif type(value) == "cdata" then
    if istype(int64, value) then return value end
    if istype(uint64, value) and value <= 0x7fffffffffffffffULL then return value end
  end
end

local function to_uint64(value)
  if type(value) == "number" then
    if value % 1 == 0 and value >= 0 and value <= 0x20000000000000 then return value end
  elseif type(value) == "cdata" then
    if istype(uint64, value) then return value end
    if istype(int64, value) and value >= 0LL then return value end
  end
end

-- The same for the accessors in C, in halves of 32 bits.
local tonumber, cast = kept.tonumber, ffi.cast

local function make64(high, low, signed)
  return cast(signed and int64 or uint64, high * 0x100000000ULL + low)
end

local function take64(value, signed)
  local number
  if signed then number = to_int64(value) else number = to_uint64(value) end
  if not number then return nil end
  local bits = cast(uint64, cast(int64, number))
  return tonumber(bits / 0x100000000ULL), tonumber(bits % 0x100000000ULL)
end

-- The text in `n` bytes.
local function text(bytes, n)
  local length = 0
  while length < n and bytes[length] ~= 0 do length = length + 1 end
  return fstring(bytes, length)
end

-- Whether a text fits, with the NUL that ends it.
local function fits(value, n)
  return type(value) == "string" and #value < n and #fstring(value) == #value
end

-- A sequence of what an array has, each element by way of `convert`.
local function sequence(array, n, convert)
  local t = {}
  for k = 0, n - 1 do t[k + 1] = convert(array, k) end
  return t
end

-- Sets what a table has. Each assignment is checked as any other.
local function set_fields(handle, fields)
  for name, value in next, fields do handle[name] = value end
end

local function set_elements(handle, values, n, what)
  if rawget(values, n + 1) ~= nil then error("bad value for " .. what .. ": expected " .. n .. " elements, got more", 4) end
  for k = 1, n do
    local value = rawget(values, k)
    if value == nil then error("bad value for " .. what .. ": expected " .. n .. " elements, got " .. k - 1, 4) end
    handle[k - 1] = value
  end
end

-- One function of several, for one element.
local function all_of(get, ...)
  if select("#", ...) == 0 then return get end
  local rest = all_of(...)
  return function(c, i) return get(c, i), rest(c, i) end
end

return {
  type = type, error = error, tostring = tostring, tobit = tobit, select = select, next = next,
  typeof = ffi.typeof, metatype = ffi.metatype, istype = istype, copy = ffi.copy, fill = ffi.fill, cast = ffi.cast,
  unreadable = unreadable, unwritable = unwritable, bad_index = bad_index, bad_value = bad_value, read_only = read_only,
  no_field = no_field, no_method = no_method, bad_self = bad_self, revoked = revoked, to_int64 = to_int64, to_uint64 = to_uint64,
  text = text, fits = fits, sequence = sequence, set_fields = set_fields, set_elements = set_elements,
  all_of = all_of, make64 = make64, take64 = take64,
}
