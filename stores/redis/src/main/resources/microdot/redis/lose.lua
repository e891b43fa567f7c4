-- A node missed entries that the spine no longer has: an epoch begins, unless another has begun meanwhile.
-- ARGV: prefix, epoch that the node knows, a name for a new one, up to where the node has everything.
-- Returns: epochs.
local m = {}
local r = redis.call('HMGET', meta, 'epoch', 'position', 'jump')
m.epoch, m.position, m.jump = r[1], r[2], r[3]
if m.epoch == ARGV[2] then jump(m, 0, ARGV[3], tonumber(ARGV[4])) end
return redis.call('LRANGE', ns .. 'epochs', 0, -1)
