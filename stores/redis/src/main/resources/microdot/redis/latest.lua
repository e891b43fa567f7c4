-- ARGV: prefix, topic, after, bytes, skew. Returns: floor, whether there is more, entries.
local topic, bytes = ARGV[2], tonumber(ARGV[4])
trim(topic, clock(ARGV[5]), 4096)
local found, after, more = {}, ARGV[3], 0
while more == 0 do
  local batch = redis.call('ZRANGEBYSCORE', ns .. 'z:' .. topic, '(' .. after, '+inf', 'WITHSCORES',
    'LIMIT', 0, 64)
  for i = 1, #batch, 2 do
    local entry = redis.call('XRANGE', ns .. 't:' .. topic, batch[i + 1], batch[i + 1])[1]
    if not entry then entry = cmsgpack.unpack(redis.call('HGET', ns .. 'r:' .. topic, batch[i])) end
    bytes = bytes - #field(entry[2], 'data')
    if bytes < 0 and #found > 0 then
      more = 1
      break
    end
    found[#found + 1] = entry
  end
  if #batch < 128 then break end
  after = batch[#batch]
end
return {tonumber(redis.call('HGET', ns .. 'h:' .. topic, 'floor') or 0), more, found}
