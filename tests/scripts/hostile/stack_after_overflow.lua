-- After an overflow, at its very end, everything is tried.
-- expects: any
local function f()
  local ok = pcall(f)
  if not ok then
    pcall(string.rep, "x", 100)
    pcall(coroutine.wrap, f)
    pcall(host.call, print)
    pcall(host.fail)
    pcall(string.format, "%s", {})
    pcall(load, "return 1")
    pcall(error, {})
    error("again")
  end
end
f()
