-- Jumps, without a loop's statement.
-- expects: timeout
local n = 0
::top::
n = n + 1
if n % 2 == 0 then goto top end
goto top
