-- A yield that no coroutine of the script takes.
-- expects: error
coroutine.yield(1)
