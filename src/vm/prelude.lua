-- The prelude's common part: functions that behave as Lua's and keep to what scripts may.
-- `G`, `sink`, `text_of`, `unchecked`, `base` and `kept` come from the backend's part; what else is
-- in the libraries is taken out afterwards, by `allowed.rs`.

-- What is printed goes where the host wants it, by way of `sink`: texts to write, or
-- nothing, to flush.
if base then
  local type, select, error = type, select, error
  local function text(value)
    local text = text_of(value)
    local kind = type(text)
    if kind ~= "string" and kind ~= "number" then error("'tostring' must return a string to 'print'", 3) end
    return text
  end
  function G.print(...)
    local n = select("#", ...)
    if n == 1 then
      local value = ...
      sink(text(value), "\n")
    elseif n == 0 then
      sink("\n")
    else
      local values = { ... }
      for i = 1, n do sink(text(values[i]), i < n and "\t" or "\n") end
    end
  end
end

if G.io then
  local io, stdout, output, type, select, error = io, io.stdout, io.output, type, select, error
  local files = getmetatable(stdout).__index
  local write, flush, write_to, flush_of = io.write, io.flush, files.write, files.flush
  local function put(...)
    local values = { ... }
    for i = 1, select("#", ...) do
      local kind = type(values[i])
      if kind ~= "string" and kind ~= "number" then
        error("bad argument #" .. i .. " to 'write' (string expected, got " .. kind .. ")", 3)
      end
      sink(values[i])
    end
  end
  -- What Lua's own functions return differs, hence they are asked.
  function io.write(...)
    if output() ~= stdout then return write(...) end
    put(...)
    return write("")
  end
  function io.flush(...)
    if output() == stdout then sink() end
    return flush(...)
  end
  function files.write(file, ...)
    if file ~= stdout then return write_to(file, ...) end
    put(...)
    return write_to(file, "")
  end
  function files.flush(file, ...)
    if file == stdout then sink() end
    return flush_of(file, ...)
  end
end

if base and not unchecked then
  local collect, load, error = collectgarbage, load, error
  function G.collectgarbage(option, amount)
    if option == nil then option = "collect" end
    if option ~= "collect" and option ~= "count" and option ~= "step" then
      error("bad argument #1 to 'collectgarbage' (only 'collect', 'count' and 'step' are available to scripts)", 2)
    end
    if collect("isrunning") then return collect(option, amount) end
    -- The host has stopped the collector; on LuaJIT every collection starts it again.
    local answer = collect(option, amount)
    collect("stop")
    return answer
  end
  -- Text only: bytecode is not verified by the VM.
  function G.load(chunk, name, mode, ...)
    if mode == "b" then return nil, "attempt to load a chunk as bytecode (only text is allowed)" end
    return load(chunk, name, "t", ...)
  end
  if G.loadstring then
    local load = G.load
    function G.loadstring(text, name) return load(text, name) end
  end
end

return kept
