-- Options of the collector that scripts must not have.
-- expects: any
for _, option in ipairs { "stop", "restart", "setpause", "setstepmul", "generational", "incremental", "isrunning" } do
  if pcall(collectgarbage, option) then escaped(option) end
end
