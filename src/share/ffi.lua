-- LuaJIT's FFI for structs that scripts see: run once in a VM, with the library as its argument
-- and an empty environment, so that nothing a script does to the globals reaches it.
--
-- The functions take the library as an argument and have no upvalues: where memory runs
-- out, LuaJIT loses count of the bytes of a closure that is still without its upvalues.
local ffi = ...

-- A copy, because a script may have the library too, and change its table.
local library = {
  cdef = ffi.cdef, typeof = ffi.typeof, sizeof = ffi.sizeof, alignof = ffi.alignof, offsetof = ffi.offsetof, cast = ffi.cast,
  metatype = ffi.metatype, istype = ffi.istype, string = ffi.string, copy = ffi.copy, fill = ffi.fill,
  load = ffi.load, C = ffi.C,
}

-- Declares a type, or gives the text that declared it before. The parser takes back
-- what it has read when it fails; `known` is grown before it and filled in after it, so
-- that both agree also where memory runs out.
local function declare(ffi, known, name, text)
  local before = known[name]
  if before then return before end
  known[name] = false
  ffi.cdef(text)
  known[name] = text
end

-- The size and the alignment of a type.
local function measure(ffi, name)
  return ffi.sizeof(name), ffi.alignof(name)
end

-- A field's offset and size, or nothing. Only the C parser knows a field's size: the
-- value of a number field is a Lua number, whose size says nothing.
local function measure_field(ffi, name, field)
  local offset = ffi.offsetof(name, field)
  if offset then
    return offset, ffi.sizeof("char[sizeof(((" .. name .. " *)0)->" .. field .. ")]")
  end
end

-- The address comes in two halves: a Lua number holds 53 bits, and light userdata
-- cannot hold every pointer on every machine.
local function point(ffi, name, high, low)
  return ffi.cast(ffi.typeof(name .. " *"), high * 0x100000000ULL + low)
end

-- The symbols of a library, or of the program.
local function symbols(ffi, file)
  if file then return (ffi.load(file)) end
  return ffi.C
end

return library, declare, measure, measure_field, point, symbols
