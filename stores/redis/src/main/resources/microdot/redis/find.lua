-- ARGV: prefix, topic, id, skew. Returns: the position; 0 for none.
trim(ARGV[2], clock(ARGV[4]), 4096)
return {tonumber(redis.call('HGET', ns .. 'o:' .. ARGV[2], ARGV[3]) or 0)}
