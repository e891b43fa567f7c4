-- ARGV: prefix, node, skew. Trims topics that are due, forgets nodes that are gone. Returns whether more is due.
local now = clock(ARGV[3])
if redis.call('HEXISTS', meta, 'node:' .. ARGV[2]) == 1 then
  redis.call('ZADD', ns .. 'alive', text(now), ARGV[2])
end
for _, node in ipairs(redis.call('ZRANGEBYSCORE', ns .. 'alive', '-inf', text(now - 600000), 'LIMIT', 0, 64)) do
  redis.call('HDEL', meta, 'node:' .. node)
  redis.call('ZREM', ns .. 'alive', node)
end
local due = redis.call('ZRANGEBYSCORE', ns .. 'due', '-inf', text(now), 'LIMIT', 0, 32)
for _, topic in ipairs(due) do
  trim(topic, now, 64)
end
return {#due == 32 and 1 or 0}
