-- Appends a list of entries, all or none. ARGV: prefix, epoch, node, its turn, counter, expected last or '',
-- 'k' and idempotency key or '', skew, entries of the spine; then of each entry: kind, which of key (1) and
-- id (2) there are, topic, key, id, row, data.
-- Returns: 0 first count (appended); 1 last (conflict); 2 (another epoch); 3 first count (appended before);
-- 4 (the node is not known, or has connected anew).
local m = redis.call('HMGET', meta, 'epoch', 'position', 'jump', 'node:' .. ARGV[3])
if not m[1] or m[4] ~= ARGV[4] then return {4, 0, 0} end
if m[1] ~= ARGV[2] then return {2, 0, 0} end
local now = clock(ARGV[8])
if ARGV[7] ~= '' then
  local known = redis.call('GET', ns .. 'i:' .. ARGV[7])
  if known then
    local first, count, time = string.match(known, '^(%d+) (%d+) (%d+)$')
    if now - tonumber(time) <= 120000 then return {3, tonumber(first), tonumber(count)} end
  end
end
if ARGV[6] ~= '' then
  local newest = last(ARGV[12])
  if newest ~= tonumber(ARGV[6]) then return {1, newest, 0} end
end

-- Everything that can fail because a key has another type comes before the first write.
local heads, count = {}, (#ARGV - 9) / 7
for i = 12, #ARGV, 7 do
  local topic = ARGV[i]
  if not heads[topic] then
    local h = redis.call('HMGET', ns .. 'h:' .. topic, 'events', 'bytes', 'latest', 'closed', 'used', 'time')
    heads[topic] = {events = tonumber(h[1]), bytes = tonumber(h[2]), latest = h[3] == '1',
      closed = h[4], used = tonumber(h[5] or 0), time = tonumber(h[6] or 0),
      length = redis.call('XLEN', ns .. 't:' .. topic)}
  end
end

local at, from, position = text(now), ARGV[3] .. ':' .. ARGV[5], math.max(tonumber(m[2]), tonumber(m[3]))
local first = position + 1
for i = 10, #ARGV, 7 do
  local kind, mask, topic, data = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 6]
  local head, t = heads[topic], ns .. 't:' .. topic
  position = position + 1
  local p = text(position)
  local id = p .. '-0'
  if head.closed then
    redis.call('HDEL', ns .. 'h:' .. topic, 'closed')
    redis.call('HDEL', ns .. 'ends', topic)
    head.closed = false
  end
  if kind == '5' then
    redis.call('DEL', ns .. 'z:' .. topic, ns .. 'r:' .. topic, ns .. 'x:' .. topic, ns .. 'o:' .. topic)
    redis.call('XTRIM', t, 'MINID', p)
    redis.call('HSET', ns .. 'h:' .. topic, 'floor', text(position - 1))
    head.used, head.length = 0, 0
  elseif kind == '4' then
    redis.call('HSET', ns .. 'h:' .. topic, 'closed', p)
    redis.call('HSET', ns .. 'ends', topic, p .. ' ' .. at)
    head.closed = p
  end
  if mask == '0' and ARGV[i + 5] == '0' then
    redis.call('XADD', spine, 'MAXLEN', '~', ARGV[9], id, 'kind', kind, 'topic', topic, 'time', at,
      'from', from, 'data', data)
    redis.call('XADD', t, id, 'kind', kind, 'time', at, 'data', data)
  else
    local fields, key = {'kind', kind, 'time', at, 'row', ARGV[i + 5]}, ARGV[i + 3]
    if mask == '1' or mask == '3' then
      fields[#fields + 1] = 'key'
      fields[#fields + 1] = key
      local z = ns .. 'z:' .. topic
      -- The removal of a row leaves a newer one of the same key.
      if ARGV[i + 5] == '0' or tonumber(redis.call('ZSCORE', z, key) or 0) <= tonumber(ARGV[i + 5]) then
        redis.call('ZADD', z, p, key)
        if head.latest then redis.call('HDEL', ns .. 'r:' .. topic, key) end
      end
    end
    if mask == '2' or mask == '3' then
      fields[#fields + 1] = 'id'
      fields[#fields + 1] = ARGV[i + 4]
      redis.call('HSET', ns .. 'o:' .. topic, ARGV[i + 4], p)
    end
    fields[#fields + 1] = 'data'
    fields[#fields + 1] = data
    redis.call('XADD', spine, 'MAXLEN', '~', ARGV[9], id, 'topic', topic, 'from', from, unpack(fields))
    redis.call('XADD', t, id, unpack(fields))
  end
  head.used = head.used + #data
  if head.length == 0 and head.events then
    redis.call('ZADD', ns .. 'due', text(now + head.time), topic)
  end
  head.length = head.length + 1
end
redis.call('HSET', meta, 'position', text(position))
if ARGV[7] ~= '' then
  redis.call('SET', ns .. 'i:' .. ARGV[7], text(first) .. ' ' .. count .. ' ' .. at, 'EX', 120)
end
for topic, head in pairs(heads) do
  redis.call('HSET', ns .. 'h:' .. topic, 'used', text(head.used))
  if head.events and (head.length > head.events + math.min(64, head.events / 8)
      or head.used > head.bytes * 1.125) then
    trim(topic, now, 64 + 2 * count)
  end
end
return {0, first, count}
