-- ARGV: prefix, topic, events, bytes, milliseconds, whether the newest of each key stays, skew.
local topic, now = ARGV[2], clock(ARGV[7])
local h, r = ns .. 'h:' .. topic, ns .. 'r:' .. topic
redis.call('HSET', h, 'events', ARGV[3], 'bytes', ARGV[4], 'time', ARGV[5], 'latest', ARGV[6])
if ARGV[6] == '0' then
  for _, key in ipairs(redis.call('HKEYS', r)) do
    redis.call('ZREM', ns .. 'z:' .. topic, key)
  end
  redis.call('DEL', r, ns .. 'x:' .. topic)
end
redis.call('ZADD', ns .. 'due', text(now), topic)
trim(topic, now, 256)
return {0}
