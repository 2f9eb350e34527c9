-- Each coroutine resumes another one and swallows its error.
-- expects: any
local function f()
  local co = coroutine.create(f)
  return coroutine.resume(co)
end
return f()
