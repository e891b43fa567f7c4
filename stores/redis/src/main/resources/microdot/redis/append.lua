-- Appends lists of entries: each list all or none, one list after another. This script runs for every publish
-- and stands alone: what the others share would cost it a fifth of its time, and so would each further call.
-- ARGV: prefix, epoch, node, its turn, skew, entries of the spine; then of each list either
--   'e', counter, topic, data, how long an end lasts: one event and nothing else, which is the usual case, or
--   'l', counter, expected last or '', 'k' and idempotency key or '', how long an end lasts in milliseconds or '',
--   number of entries, and of each entry: kind,
--   which of key (1) and id (2) there are, topic, key, id, row, data.
-- Returns: of each list three numbers, and the topics that have much to trim. The numbers: 0 first count
-- (appended); 1 last 0 (conflict); 3 first count (appended before); 5 0 0 (the topic has ended); 6 0 0 (a key of
-- somebody else is in the way); 7 0 0 (the same, after a part of the list). For all lists: 2 (another epoch);
-- 4 (the node is not known, or has connected anew).
local call, format, meta, spine, ns, argv = redis.call, string.format, KEYS[1], KEYS[2], ARGV[1], ARGV
local m = call('HMGET', meta, 'epoch', 'position', 'jump', 'node:' .. argv[3])
if not m[1] or m[4] ~= argv[4] then return {{4}, {}} end
if m[1] ~= argv[2] then return {{2}, {}} end
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(argv[5])
local at, node, n = format('%.0f', now), ' ' .. argv[3] .. ':', #argv
local position = math.max(tonumber(m[2]), tonumber(m[3]))
local before, results, used, i = position, {}, {}, 7

-- Of a topic that is empty now, the stream knows the newest position that there was.
local function last(topic)
  local key = ns .. 't:' .. topic
  local newest = call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  if newest then return tonumber(string.match(newest[1], '^%d+')) end
  if call('EXISTS', key) == 0 then return 0 end
  local info = call('XINFO', 'STREAM', key)
  for each = 1, #info, 2 do
    if info[each] == 'last-generated-id' then return tonumber(string.match(info[each + 1], '^%d+')) end
  end
end

-- Whether the newest entry of a topic is an end that lasts. Most often there is no end of any topic: one call.
local any_ends
local function ended(topic, lasts)
  if any_ends == nil then any_ends = call('HLEN', ns .. 'ends') > 0 end
  if lasts == '' or not any_ends then return false end
  local known = call('HGET', ns .. 'ends', topic)
  if not known then return false end
  local at_end, time_of_end = string.match(known, '^(%d+) (%d+)$')
  if tonumber(at_end) ~= last(topic) then
    call('HDEL', ns .. 'ends', topic)
    return false
  end
  return now - tonumber(time_of_end) < tonumber(lasts)
end

local function add(kind, mask, topic, key, id, row, data, from)
  local stream = ns .. 't:' .. topic
  local p = format('%.0f', position + 1)
  local fields = {'data', data}
  if row ~= '0' then fields[3], fields[4] = 'row', row end
  if mask == '1' or mask == '3' then
    fields[#fields + 1] = 'key'
    fields[#fields + 1] = key
  end
  if mask == '2' or mask == '3' then
    fields[#fields + 1] = 'id'
    fields[#fields + 1] = id
  end
  local head = kind .. ' ' .. at
  -- The streams come first: a key of somebody else in place of one of the others must not leave a position that no
  -- entry has.
  call('XADD', stream, p .. '-0', 'entry', head, unpack(fields))
  call('XADD', spine, p .. '-0', 'entry', head .. from .. topic, unpack(fields))
  position = position + 1
  if kind == '5' then
    call('DEL', ns .. 'z:' .. topic, ns .. 'r:' .. topic, ns .. 'x:' .. topic, ns .. 'o:' .. topic)
    call('XTRIM', stream, 'MINID', p)
    call('HSET', ns .. 'h:' .. topic, 'floor', format('%.0f', position - 1), 'used', 0)
    used[topic] = 0
  elseif kind == '4' then
    call('HSET', ns .. 'ends', topic, p .. ' ' .. at)
    any_ends = true
  end
  if mask == '1' or mask == '3' then
    -- The removal of a row leaves a newer one of the same key.
    local z = ns .. 'z:' .. topic
    if row == '0' or tonumber(call('ZSCORE', z, key) or 0) <= tonumber(row) then
      call('ZADD', z, p, key)
      call('HDEL', ns .. 'r:' .. topic, key)
    end
  end
  if mask == '2' or mask == '3' then call('HSET', ns .. 'o:' .. topic, id, p) end
  used[topic] = (used[topic] or 0) + 64 + #data
end

local function add_list(counter, expected, key, lasts, count)
  local first = position + 1
  if key ~= '' then
    local known = call('GET', ns .. 'i:' .. key)
    if known then
      local known_first, known_count, known_time = string.match(known, '^(%d+) (%d+) (%d+)$')
      if now - tonumber(known_time) <= 120000 then return 3, tonumber(known_first), tonumber(known_count) end
    end
  end
  if ended(argv[i + 8], lasts) then return 5, 0, 0 end
  if expected ~= '' then
    local newest = last(argv[i + 8])
    if newest ~= tonumber(expected) then return 1, newest, 0 end
  end
  for e = i + 6, i + 5 + 7 * count, 7 do
    add(argv[e], argv[e + 1], argv[e + 2], argv[e + 3], argv[e + 4], argv[e + 5], argv[e + 6],
      node .. counter .. ' ')
  end
  if key ~= '' then
    call('SET', ns .. 'i:' .. key, format('%.0f %d ', first, count) .. at, 'EX', 120)
  end
  return 0, first, count
end

local function is_foreign(failure)
  return string.find(failure, 'WRONGTYPE', 1, true)
end

-- The code of an error says that it came before the first write, such as OOM.
local function failed(failure)
  return redis.error_reply(position == before and failure or 'ERR ' .. failure)
end

local event = '1 ' .. at
while i < n do
  local r = #results
  if argv[i] == 'e' then
    local topic, data = argv[i + 2], argv[i + 3]
    if ended(topic, argv[i + 4]) then
      results[r + 1], results[r + 2], results[r + 3] = 5, 0, 0
    else
      local id = format('%.0f-0', position + 1)
      -- A key of somebody else in place of the stream must not fail the other lists.
      local failure = redis.pcall('XADD', ns .. 't:' .. topic, id, 'entry', event, 'data', data).err
      if failure then
        if not is_foreign(failure) then return failed(failure) end
        results[r + 1], results[r + 2], results[r + 3] = 6, 0, 0
      else
        position = position + 1
        call('XADD', spine, id, 'entry', event .. node .. argv[i + 1] .. ' ' .. topic, 'data', data)
        used[topic] = (used[topic] or 0) + 64 + #data
        results[r + 1], results[r + 2], results[r + 3] = 0, position, 1
      end
    end
    i = i + 5
  else
    local count = tonumber(argv[i + 5])
    local first, ok, code, at_first, entries = position, pcall(add_list, argv[i + 1], argv[i + 2], argv[i + 3],
      argv[i + 4], count)
    -- The list ends where it failed: the last entry may be there without what belongs to it.
    if not ok then
      local failure = type(code) == 'table' and code.err or code
      if not is_foreign(failure) then return failed(failure) end
      code, at_first, entries = first == position and 6 or 7, 0, 0
    end
    results[r + 1], results[r + 2], results[r + 3] = code, at_first, entries
    i = i + 6 + 7 * count
  end
end

local full = {}
if position > before then
  call('HSET', meta, 'position', format('%.0f', position))
  call('XTRIM', spine, 'MAXLEN', '~', argv[6])
  for topic, more in pairs(used) do
    local all = redis.pcall('HINCRBY', ns .. 'h:' .. topic, 'used', more)
    -- The limits are looked at after every 4 KiB, an entry counting 64 more: a fraction of the calls.
    if type(all) ~= 'number' then
      full[#full + 1] = topic -- A key of somebody else: what trims the topic fails, and is logged.
    elseif all == more or math.floor(all / 4096) ~= math.floor((all - more) / 4096) then
      local h = call('HMGET', ns .. 'h:' .. topic, 'events', 'bytes', 'time')
      if h[1] then
        local length, events = call('XLEN', ns .. 't:' .. topic), tonumber(h[1])
        if all == more then call('ZADD', ns .. 'due', format('%.0f', now + tonumber(h[3])), topic) end
        if length > events + math.min(256, events / 8) or all - 64 * length > tonumber(h[2]) * 1.125 then
          call('ZADD', ns .. 'due', at, topic)
          full[#full + 1] = topic
        end
      end
    end
  end
end
return {results, full}
