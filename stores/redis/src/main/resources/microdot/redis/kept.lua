-- ARGV: prefix, topic, skew. Returns: floor, last, closed at.
trim(ARGV[2], clock(ARGV[3]), 4096)
local floor = redis.call('HGET', ns .. 'h:' .. ARGV[2], 'floor')
return {tonumber(floor or 0), last(ARGV[2]), closed_at(ARGV[2])}
