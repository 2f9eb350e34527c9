local lib, high, low = ...
local NAME = $NAME
local type, tobit, tostring, select, istype, copy, fill = lib.type, lib.tobit, lib.tostring, lib.select, lib.istype, lib.copy, lib.fill
local typeof, metatype = lib.typeof, lib.metatype
local unreadable, unwritable, bad_index, bad_value = lib.unreadable, lib.unwritable, lib.bad_index, lib.bad_value
local read_only, no_field, no_method, bad_self = lib.read_only, lib.no_field, lib.no_method, lib.bad_self
local revoked = lib.revoked
local to_int64, to_uint64, text, fits, sequence = lib.to_int64, lib.to_uint64, lib.text, lib.fits, lib.sequence
local bad_count, only_fields, all_of, rawget = lib.bad_count, lib.only_fields, lib.all_of, lib.rawget
local gone, too_far, text_behind, pointer_to = lib.gone, lib.too_far, lib.text_behind, lib.pointer_to
local cast, bytes, pointers = lib.cast, lib.bytes, lib.pointers

-- The control blocks: `Control` in vm/views.h.
local ctl = cast(
  typeof("struct { $POINTER *p; $DECLARED void *reserved[2]; } *"), high * 0x100000000ULL + low)

-- Types of handles: of the view, of columns, and of each place.
local R = typeof("struct { const $NUMBER __e, __s; }")
local L = typeof("struct { const $NUMBER __e, __s, __f; }")
$TYPES
-- By the number of a struct: a copy, a table.
local copied, totable, convert = {}, {}, {}
$STRUCTS$CONVERSIONS
-- What a table says is put together here before any of it is stored.
local scratch = typeof("$POINTER")()
local scratches = { $SCRATCHES}
-- By the number of a kind: puts a handle's memory, or what a table says, into memory; the
-- names that such a table can have.
local fill_in, known = {}, {}
$FILLS
$PLACES
-- By the number of a single value: what a column is of.
local leaf, what, get, put, check, set, fixed = {}, {}, {}, {}, {}, {}, {}

-- They are made when a script first asks for one: there are many where there are arrays.
local make_leaves = select(4, ...)
local function leaf_number(name)
  if make_leaves then
    make_leaves()(lib, high, low, leaf, what, get, put, check, set, fixed)
    make_leaves = nil
  end
  return leaf[name]
end

metatype(L, {
  __index = function(t, k)
    local c = ctl[t.__s]
    if type(k) ~= "number" then bad_index(k, c.n, what[t.__f]) end
    local i = tobit(k)
    if i ~= k or not (i >= 0 and i < c.n and t.__e == c.e) then unreadable(c.e, t.__e, c.n, NAME, k) end
    return (get[t.__f](c, i))
  end,
  __newindex = function(t, k, v)
    local c = ctl[t.__s]
    if type(k) ~= "number" then bad_index(k, c.n, what[t.__f]) end
    local i = tobit(k)
    if i ~= k or not (i >= 0 and i < c.n and t.__e == c.e and c.m == 1) then unwritable(c.e, t.__e, c.n, NAME, k) end
    put[t.__f](c, i, v)
  end,
  __len = function(t)
    local c = ctl[t.__s]
    if t.__e ~= c.e then revoked(NAME) end
    return c.n
  end,
  __eq = function(a, b)
    return type(a) == "cdata" and type(b) == "cdata" and istype(L, a) and istype(L, b) and a.__e == b.__e and a.__s == b.__s
      and a.__f == b.__f
  end,
  __tostring = function(t) return "column of " .. what[t.__f] end,
})

-- The control block of a view that was passed to a method.
local function block_of(t)
  if type(t) ~= "cdata" or not istype(R, t) then bad_self() end
  local c = ctl[t.__s]
  if t.__e ~= c.e then revoked(NAME) end
  return c
end

local function step(t, k)
  local c = block_of(t)
  if type(k) ~= "number" then bad_index(k, c.n, $A_NAME) end
  local i = k + 1
  if i >= 0 and i < c.n and tobit(i) == i then return i, (C0(i, t.__e, t.__s)) end
end

-- The functions for names, and how many they are.
local function leaves(functions, name, ...)
  local number = leaf_number(name)
  if not number then no_field($A_STRUCT, name) end
  if functions ~= get and fixed[number] then read_only(what[number]) end
  if select("#", ...) == 0 then return functions[number] end
  return functions[number], leaves(functions, ...)
end

local function getter(e, s, ...)
  local first, second, values = ..., select(2, ...), all_of(...)
  local count = select("#", ...)
  local function block(k)
    local c = ctl[s]
    if type(k) ~= "number" then bad_index(k, c.n, $A_NAME) end
    local i = tobit(k)
    if i ~= k or not (i >= 0 and i < c.n and e == c.e) then unreadable(c.e, e, c.n, NAME, k) end
    return c
  end
  if count == 1 then return function(k) return (first(block(k), k)) end end
  if count == 2 then
    return function(k)
      local c = block(k)
      return first(c, k), (second(c, k))
    end
  end
  return function(k) return values(block(k), k) end
end

-- All values are checked before one of them is stored.
local function setter(e, s, checks, sets)
  local first, second, third, fourth = sets[1], sets[2], sets[3], sets[4]
  local check1, check2, check3, check4 = checks[1], checks[2], checks[3], checks[4]
  local count = #sets
  local function block(k)
    local c = ctl[s]
    if type(k) ~= "number" then bad_index(k, c.n, $A_NAME) end
    local i = tobit(k)
    if i ~= k or not (i >= 0 and i < c.n and e == c.e and c.m == 1) then unwritable(c.e, e, c.n, NAME, k) end
    return c
  end
  if count == 1 then
    return function(k, v)
      local c = block(k)
      first(c, k, (check1(v)))
    end
  end
  if count > 4 then
    return function(k, ...)
      local c = block(k)
      for at = 1, count do checks[at]((select(at, ...))) end
      for at = 1, count do sets[at](c, k, (checks[at]((select(at, ...))))) end
    end
  end
  return function(k, v, w, x, y)
    local c = block(k)
    v, w = check1(v), (check2(w))
    if check3 then x = check3(x) end
    if check4 then y = check4(y) end
    first(c, k, v)
    second(c, k, w)
    if third then third(c, k, x) end
    if fourth then fourth(c, k, y) end
  end
end

local methods = {
  each = function(t)
    block_of(t)
    return step, t, -1
  end,
  totable = function(t, k)
    local c = block_of(t)
    if type(k) ~= "number" then bad_index(k, c.n, $A_NAME) end
    local i = tobit(k)
    if i ~= k or not (i >= 0 and i < c.n) then unreadable(c.e, t.__e, c.n, NAME, k) end
    return totable[1](c.p[i], true)
  end,
  column = function(t, name)
    block_of(t)
    local number = leaf_number(name)
    if not number then no_field($A_STRUCT, name) end
    return L(t.__e, t.__s, number)
  end,
  getter = function(t, ...)
    block_of(t)
    return getter(t.__e, t.__s, leaves(get, ...))
  end,
  setter = function(t, ...)
    block_of(t)
    return setter(t.__e, t.__s, { leaves(check, ...) }, { leaves(set, ...) })
  end,
}

metatype(R, {
  __index = function(t, k)
    if type(k) == "number" then
      local c, i = ctl[t.__s], tobit(k)
      if i ~= k or not (i >= 0 and i < c.n and t.__e == c.e) then unreadable(c.e, t.__e, c.n, NAME, k) end
      return (C0(i, t.__e, t.__s))
    end
    local method = methods[k]
    if method then return method end
    no_method($A_NAME, k)
  end,
  __newindex = function(t, k, v)
    local c = ctl[t.__s]
    if type(k) ~= "number" then bad_index(k, c.n, $A_NAME) end
    local i = tobit(k)
    if i ~= k or not (i >= 0 and i < c.n and t.__e == c.e and c.m == 1) then unwritable(c.e, t.__e, c.n, NAME, k) end
$ASSIGNED  end,
  __len = function(t) return block_of(t).n end,
  __pairs = methods.each,
  __eq = function(a, b)
    return type(a) == "cdata" and type(b) == "cdata" and istype(R, a) and istype(R, b) and a.__e == b.__e and a.__s == b.__s
  end,
  __tostring = function() return "view of " .. NAME end,
})

-- Makes a view; says which element a value is: slot, epoch and index, or nothing; and gives
-- the memory of an element that can be read, or written, or nothing. That is for the host alone.
return function(slot, epoch) return R(epoch, slot) end, function(value)
  if type(value) == "cdata" and istype(C0, value) then return value.__s, value.__e, value.__i end
end, function(value, is_written)
  if type(value) ~= "cdata" or not istype(C0, value) then return nil end
  local c, i = ctl[value.__s], value.__i
  if i < c.n and value.__e == c.e and (c.m == 1 or not is_written) then return c.p + i end
end
