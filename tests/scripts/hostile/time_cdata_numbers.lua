-- 64-bit numbers without the ffi library, for ever.
-- expects: timeout
-- only: luajit
local i = 0LL
while true do i = i * 3LL + 1LL if i == 5ULL then i = i / 7LL end end
