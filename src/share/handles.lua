-- What the handles of every struct share: run once in a VM, with functions that no script
-- can have changed, LuaJIT's FFI, and an empty environment.
--
-- The code of each struct is generated (`handles.rs`). It checks before every access that
-- the handle's epoch is its control block's and that its index is below the count there,
-- and never gives a script anything but values, strings and handles, which hold numbers
-- only. Whatever it found is used before any function of a script can run.
local kept, ffi, where = ...

local type, tostring, rawget, next, select = kept.type, kept.tostring, kept.rawget, kept.next, kept.select
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

-- Raises a message with the script's line before it, whoever called whom since then.
-- Compiling what fails is of no use.
local error = kept.error
local function raise(message) error(where() .. message, 0) end
kept.interpreted(raise)

-- Why something cannot be read or written.
local function revoked(name)
  raise("view revoked: the host has taken back the memory of this view of " .. name)
end

local function out_of_range(count, name, index)
  raise("index " .. tostring(index) .. " is out of range: this view of " .. name .. " has " .. tostring(count) .. " elements now")
end

local function unreadable(now, epoch, count, name, index)
  if now ~= epoch then revoked(name) end
  out_of_range(count, name, index)
end

local function unwritable(now, epoch, count, name, index)
  if now ~= epoch then revoked(name) end
  if index >= 0 and index < count and index % 1 == 0 then
    raise("cannot change a " .. name .. ": this view can only be read")
  end
  out_of_range(count, name, index)
end

local function bad_index(index, count, what)
  if type(index) ~= "number" then raise("bad index of " .. what .. ": expected a number, got " .. type(index)) end
  raise("index " .. tostring(index) .. " is out of range: " .. what .. " has " .. tostring(count) .. " elements, from 0 on")
end

local function bad_value(what, expected, value)
  raise("bad value for " .. what .. ": expected " .. expected .. ", got " .. described(value))
end

local function read_only(what)
  raise("cannot change " .. what .. ": it can only be read")
end

local function gone(what)
  raise(what .. " is gone: a pointer on the way to it is NULL now")
end

local function too_far(what, most)
  raise(what .. " is too far away: there can be " .. most .. " pointers between an element and what is read")
end

local function no_field(what, key)
  raise(what .. " has no field '" .. (type(key) == "string" and key or "(" .. type(key) .. ")") .. "'")
end

local function no_method(what, key)
  raise(what .. " has no method '" .. (type(key) == "string" and key or "(" .. type(key) .. ")") .. "'")
end

local function bad_self()
  raise("bad self: expected a view (call it with ':')")
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

-- The text that a pointer leads to, or nil.
local chars = ffi.typeof("const char *")
local function text_behind(pointer, n)
  if pointer == nil then return nil end
  return (text(ffi.cast(chars, pointer), n))
end

-- The type of pointers to a struct that is declared like this: the names of its fields and where
-- they have to be follow.
local function pointer_to(name, declared, size, ...)
  local struct = ffi.typeof(declared)
  local agrees = ffi.sizeof(struct) == size
  for k = 1, select("#", ...), 2 do
    local field, offset = select(k, ...)
    agrees = agrees and ffi.offsetof(struct, field) == offset
  end
  if not agrees then error("struct '" .. name .. "' behind a pointer is not laid out as in C", 0) end
  return ffi.typeof("$ *", struct)
end

-- Whether a text fits, with the NUL that ends it.
local function fits(value, n)
  return type(value) == "string" and #value < n and #fstring(value) == #value
end

-- A sequence of what an array has, each element by way of `convert`.
local function sequence(array, n, convert, follows)
  local t = {}
  for k = 0, n - 1 do t[k + 1] = convert(array, k, follows) end
  return t
end

-- What is wrong with a table that is to be stored.
local function bad_count(what, n, got)
  raise("bad value for " .. what .. ": expected " .. n .. " elements, got " .. got)
end

local function only_fields(known, what, fields)
  for name in next, fields do
    if not known[name] then no_field(what, name) end
  end
end

-- One function of several, for one element.
local function all_of(get, ...)
  if select("#", ...) == 0 then return get end
  local rest = all_of(...)
  return function(c, i) return get(c, i), rest(c, i) end
end

return {
  type = type, tostring = tostring, tobit = tobit, select = select, rawget = rawget,
  typeof = ffi.typeof, metatype = ffi.metatype, istype = istype, copy = ffi.copy, fill = ffi.fill, cast = ffi.cast,
  unreadable = unreadable, unwritable = unwritable, bad_index = bad_index, bad_value = bad_value, read_only = read_only,
  no_field = no_field, no_method = no_method, bad_self = bad_self, revoked = revoked, to_int64 = to_int64, to_uint64 = to_uint64,
  text = text, fits = fits, sequence = sequence, bad_count = bad_count, only_fields = only_fields,
  gone = gone, too_far = too_far, text_behind = text_behind, pointer_to = pointer_to, bytes = ffi.typeof("char *"),
  pointers = ffi.typeof("char **"), all_of = all_of, make64 = make64, take64 = take64,
}
