-- Formats that no program should have to bear.
-- expects: any
local formats = { "%", "%%", "%5000d", "%.5000f", "%-+ #0123d", "%99.99f", "%s%s", "%q", "%i", "%y", "%p", "%10.3q", "%.0s", "%c%c", "\0%s\0", "%.99f", "%99s" }
for _, format in ipairs(formats) do
  for _, value in ipairs { 1, 1.5, 1e308, "x\0y", {}, print, true, ("x"):rep(1000) } do
    pcall(string.format, format, value)
    pcall(string.format, format, value, value)
  end
  pcall(os.date, format)
  pcall(os.date, format:rep(50))
end
return true
