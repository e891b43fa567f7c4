-- A node closes. This is its last write: if the engine still has it after a restart, it has all before.
-- ARGV: prefix, node, its turn.
if redis.call('HGET', meta, 'node:' .. ARGV[2]) == ARGV[3] then
  redis.call('HDEL', meta, 'node:' .. ARGV[2])
  redis.call('ZREM', ns .. 'alive', ARGV[2])
end
return {0}
