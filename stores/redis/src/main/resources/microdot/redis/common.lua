-- Begins every script. KEYS: the hash of the engine, the spine. ARGV[1]: the prefix of all other keys.
--   <ns>:meta    hash: format, epoch, position (of the newest entry), jump, run, node:<id> of each node
--   <ns>:spine   stream: the newest entries of all topics, and a marker where positions jump
--   <ns>:epochs  list: "name previousEnd first"; <ns>:jumps list: "position jump" of jumps within an epoch
--   <ns>:t:<topic> stream: its history; <ns>:h:<topic> hash: retention, floor, used bytes
--   <ns>:z:<topic> zset: the newest position of each key; <ns>:r:<topic> hash: rows older than the history
--   <ns>:x:<topic> zset: events among those rows; <ns>:o:<topic> hash: positions of own ids
--   <ns>:ends    hash: "position time" of the end of each closed topic
--   <ns>:due     zset: when a topic is trimmed next; <ns>:alive zset: when each node was heard of
--   <ns>:i:<key> string: the positions of an idempotency key
local meta, spine, ns = KEYS[1], KEYS[2], ARGV[1]
local JUMP = 4294967296

local function text(number)
  return string.format('%.0f', number)
end

local function position_of(id)
  return tonumber(string.match(id, '^%d+'))
end

-- The clock of the engine, so that nodes with other clocks trim alike. Tests move it by the skew.
local function clock(skew)
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(skew)
end

local function field(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
  return nil
end

-- Kind and time of an entry; the rest of the text is in the spine only.
local function head(fields)
  local kind, time = string.match(field(fields, 'entry'), '^(%d) (%d+)')
  return kind, tonumber(time)
end

-- The position of the newest entry that a topic ever had: a trimmed stream still knows it.
local function last(topic)
  local key = ns .. 't:' .. topic
  local newest = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)
  if newest[1] then return position_of(newest[1][1]) end
  if redis.call('EXISTS', key) == 0 then return 0 end
  return position_of(field(redis.call('XINFO', 'STREAM', key), 'last-generated-id'))
end

-- An entry leaves the history: its key and its own id go, or its row stays for longer.
local function leave(topic, entry, position, keep, oldest)
  local fields = entry[2]
  local key, id = field(fields, 'key'), field(fields, 'id')
  local z = ns .. 'z:' .. topic
  if key and tonumber(redis.call('ZSCORE', z, key) or -1) == position then
    local kind, time = head(fields)
    if keep and (kind == '2' or (kind == '1' and time > oldest)) then
      redis.call('HSET', ns .. 'r:' .. topic, key, cmsgpack.pack(entry))
      if kind == '1' then redis.call('ZADD', ns .. 'x:' .. topic, text(position), key) end
    else
      redis.call('ZREM', z, key)
    end
  end
  if id and tonumber(redis.call('HGET', ns .. 'o:' .. topic, id) or -1) == position then
    redis.call('HDEL', ns .. 'o:' .. topic, id)
  end
end

-- Where a topic ends; 0 while it is open. The end of a topic that went on is removed here, not by each append.
local function closed_at(topic)
  local known = redis.call('HGET', ns .. 'ends', topic)
  if not known then return 0 end
  local position = position_of(known)
  if position == last(topic) then return position end
  redis.call('HDEL', ns .. 'ends', topic)
  return 0
end

-- The end of a topic leaves the history.
local function reopen(topic, position)
  local known = redis.call('HGET', ns .. 'ends', topic)
  if known and position_of(known) == position then redis.call('HDEL', ns .. 'ends', topic) end
end

-- Removes keyed events that are too old. Returns the time of the oldest that stays.
local function age(topic, oldest, budget)
  local x, r, z = ns .. 'x:' .. topic, ns .. 'r:' .. topic, ns .. 'z:' .. topic
  while budget > 0 do
    local first = redis.call('ZRANGE', x, 0, 0, 'WITHSCORES')
    if not first[1] then return nil end
    local key, packed = first[1], redis.call('HGET', r, first[1])
    local entry = packed and cmsgpack.unpack(packed)
    if entry and position_of(entry[1]) == tonumber(first[2]) then
      local _, time = head(entry[2])
      if time > oldest then return time end
      redis.call('HDEL', r, key)
      if tonumber(redis.call('ZSCORE', z, key) or -1) == tonumber(first[2]) then
        redis.call('ZREM', z, key)
      end
    end
    redis.call('ZREM', x, key)
    budget = budget - 1
  end
  return 0
end

-- Removes what is over the limits of a topic, at most as many entries as the budget.
local function trim(topic, now, budget)
  local h, t = ns .. 'h:' .. topic, ns .. 't:' .. topic
  local r = redis.call('HMGET', h, 'events', 'bytes', 'time', 'latest', 'used')
  if not r[1] then return end
  local events, bytes, keep = tonumber(r[1]), tonumber(r[2]), r[4] == '1'
  local oldest = now - tonumber(r[3])
  local length = redis.call('XLEN', t)
  local used = tonumber(r[5] or 0) - 64 * length -- Each entry counts 64 bytes more; see append.lua.
  local left, floor, first = budget, nil, nil
  while left > 0 and length > 0 and not first do
    local count = math.min(left, math.max(length - events, 4), 128)
    local batch, removed = redis.call('XRANGE', t, '-', '+', 'COUNT', count), nil
    for _, entry in ipairs(batch) do
      local kind, time = head(entry[2])
      local many = length > 1 and (length > events or used > bytes)
      if not many and time > oldest then
        first = time
        break
      end
      removed = position_of(entry[1])
      leave(topic, entry, removed, keep, oldest)
      if kind == '4' then reopen(topic, removed) end
      length, used, left = length - 1, used - #field(entry[2], 'data'), left - 1
    end
    if removed then
      redis.call('XTRIM', t, 'MINID', text(removed + 1))
      floor = removed
    end
  end
  if floor then redis.call('HSET', h, 'floor', text(floor), 'used', text(used + 64 * length)) end
  local aged = age(topic, oldest, budget)
  if length > 0 and not first then first = 0 end -- The budget is used up.
  if aged and (not first or aged < first) then first = aged end
  if first then
    redis.call('ZADD', ns .. 'due', text(math.max(now, first + tonumber(r[3]))), topic)
  else
    redis.call('ZREM', ns .. 'due', topic)
  end
end

-- The position after which an epoch begins that knows no earlier one: StoreEpoch.positionAt.
local function position_now()
  return math.max(0, clock(0) - 1767225600000) * 1024
end

-- Positions go on much later: none is given twice, even if entries were lost. With a name, an epoch begins.
local function jump(m, known, name, previous_end)
  local position, before = tonumber(m.position), tonumber(m.jump)
  local tip = math.max(position, before)
  local to = math.max(tip, known) + JUMP
  if name then to = math.max(to, position_now()) end
  redis.call('HSET', meta, 'jump', text(to))
  m.jump = text(to)
  if name then
    redis.call('RPUSH', ns .. 'epochs', name .. ' ' .. text(previous_end) .. ' ' .. text(to + 1))
    redis.call('LTRIM', ns .. 'epochs', -256, -1)
    redis.call('HSET', meta, 'epoch', name)
    m.epoch = name
    redis.call('XADD', spine, text(to) .. '-0', 'entry', 0, 'prev', text(tip),
      'epoch', name, 'end', text(previous_end))
  else
    redis.call('RPUSH', ns .. 'jumps', text(position) .. ' ' .. text(to))
    redis.call('LTRIM', ns .. 'jumps', -64, -1)
    redis.call('XADD', spine, text(to) .. '-0', 'entry', 0, 'prev', text(tip))
  end
end

