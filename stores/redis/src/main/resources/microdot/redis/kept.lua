-- ARGV: prefix, topic, skew. Returns: floor, last, closed at.
trim(ARGV[2], clock(ARGV[3]), 4096)
local h = redis.call('HMGET', ns .. 'h:' .. ARGV[2], 'floor', 'closed')
return {tonumber(h[1] or 0), last(ARGV[2]), tonumber(h[2] or 0)}
