-- ARGV: prefix, topic, after, up to, bytes, skew. Returns: floor, whether there is more, entries.
local topic, now, bytes = ARGV[2], clock(ARGV[6]), tonumber(ARGV[5])
trim(topic, now, 4096)
local found, from, more, count = {}, '(' .. ARGV[3] .. '-18446744073709551615', 0, 8
while more == 0 do
  local batch = redis.call('XRANGE', ns .. 't:' .. topic, from, ARGV[4], 'COUNT', count)
  for _, entry in ipairs(batch) do
    bytes = bytes - #field(entry[2], 'data')
    if bytes < 0 and #found > 0 then
      more = 1
      break
    end
    found[#found + 1] = entry
  end
  if #batch < count then break end
  from = '(' .. batch[#batch][1]
  count = math.min(128, count * 2)
end
return {tonumber(redis.call('HGET', ns .. 'h:' .. topic, 'floor') or 0), more, found}
