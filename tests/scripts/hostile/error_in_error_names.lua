-- Names of functions and chunks with bytes that are no text.
-- expects: error
local f = load("local t = { ['\\0\\255\\n%s'] = function() error('\\255\\0%s%n') end } t['\\0\\255\\n%s']()", "=\0\255%s%n\n")
f()
