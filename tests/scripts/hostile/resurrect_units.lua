-- Views are kept beyond the run, as are their parts.
-- expects: any
-- leaves: globals
kept = { units, units[0], units[0].hp, host.object }
kept.write = function() kept[2].hp[0] = 7 return kept[3][0] end
while true do kept.write() end
-- later: ok
assert(kept.write() == 7 and #kept[1] == #units)
