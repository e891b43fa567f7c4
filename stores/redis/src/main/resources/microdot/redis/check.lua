-- Decides on a new connection whether the engine still has everything that it acknowledged. ARGV: prefix,
-- node, its turn, run of the server, the highest position that the node knows, the epoch that it knows or '',
-- a name for a new epoch, whether the server was a replica, whether it keeps everything on disk,
-- whether to decide without the other nodes, whether the ends of topics are wanted, skew, the server's replication id.
-- Returns: 0 (done), 1 (wait for the other nodes) or 5 (format); format, epoch, position, tip, epochs, ends.
local node, turn, run, known, own = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local name, promoted, durable, decide = ARGV[7], ARGV[8] == '1', ARGV[9] == '1', ARGV[10] == '1'
local m, flat = {}, redis.call('HGETALL', meta)
for i = 1, #flat, 2 do m[flat[i]] = flat[i + 1] end

if not m.epoch then
  local newest = redis.call('XREVRANGE', spine, '+', '-', 'COUNT', 1)[1]
  if newest then known = math.max(known, position_of(newest[1])) end
  m = {format = '1', position = '0', jump = '0', run = run}
  redis.call('DEL', ns .. 'epochs', ns .. 'jumps', ns .. 'confirm')
  redis.call('HSET', meta, 'format', 1, 'position', 0, 'jump', 0, 'run', run)
  if own == '' and known == 0 then
    local before = position_now()
    redis.call('HSET', meta, 'epoch', name, 'jump', text(before))
    redis.call('RPUSH', ns .. 'epochs', name .. ' 0 ' .. text(before + 1))
    m.epoch, m.jump = name, text(before)
  else
    jump(m, known, name, 0)
  end
end
if not m.format then -- Before there was a number: the same without jumps.
  redis.call('HSET', meta, 'format', 1)
  if not m.jump then redis.call('HSET', meta, 'jump', 0) end
  m.format, m.jump = '1', m.jump or '0'
end
if tonumber(m.format) > 1 then return {5, tonumber(m.format)} end

if m.position then -- A script that failed half-way has not written how far it came.
  local newest = redis.call('XREVRANGE', spine, '+', '-', 'COUNT', 1)[1]
  if newest and position_of(newest[1]) > tonumber(m.position) then
    m.position = text(position_of(newest[1]))
    redis.call('HSET', meta, 'position', m.position)
  end
end

-- Up to where the engine has what the node knows; nil when it has all, or the loss is told by an epoch.
local function intact()
  local position, base = tonumber(m.position), tonumber(m.jump)
  if known > math.max(position, base) then return position end
  for _, each in ipairs(redis.call('LRANGE', ns .. 'jumps', 0, -1)) do
    local before, to = string.match(each, '^(%d+) (%d+)$')
    if known > tonumber(before) and known < tonumber(to) then return tonumber(before) end
  end
  return nil
end

-- Whether nodes that may confirm have not answered yet, and whether one that has answered had the engine open
-- before its server started again: only such a node knows what was acknowledged.
local function votes()
  local confirm = ns .. 'confirm'
  if redis.call('HGET', confirm, 'run') ~= run then
    redis.call('DEL', confirm)
    redis.call('HSET', confirm, 'run', run)
  end
  redis.call('HSET', confirm, 'node:' .. node, 1)
  if own ~= '' then redis.call('HSET', confirm, 'known', 1) end
  redis.call('EXPIRE', confirm, 60)
  local missing = false
  for each in pairs(m) do
    if string.sub(each, 1, 5) == 'node:' and redis.call('HEXISTS', confirm, each) == 0 then missing = true end
  end
  return missing, redis.call('HEXISTS', confirm, 'known') == 1
end

local kept = intact()
if kept then
  jump(m, known, name, kept)
elseif m.run ~= run or (promoted and m.history and m.history ~= ARGV[13]) then
  -- The last one: a server that was demoted, and promoted again, has its run and what another one had.
  local missing, someone_knows = votes()
  if promoted or not m.run then -- An operator removes the run after a restore.
    jump(m, known, name, tonumber(m.position))
  elseif missing and not decide then
    return {1}
  elseif someone_knows and (durable or not missing) then
    jump(m, known)
  else
    jump(m, known, name, tonumber(m.position))
  end
end
redis.call('HSET', meta, 'run', run, 'history', ARGV[13], 'node:' .. node, turn)
redis.call('ZADD', ns .. 'alive', text(clock(ARGV[12])), node)
local ends = {}
if ARGV[11] == '1' then
  for _, topic in ipairs(redis.call('HKEYS', ns .. 'ends')) do
    if closed_at(topic) > 0 then
      ends[#ends + 1] = topic
      ends[#ends + 1] = redis.call('HGET', ns .. 'ends', topic)
    end
  end
end
return {0, 1, m.epoch, tonumber(m.position), math.max(tonumber(m.position), tonumber(m.jump)),
  redis.call('LRANGE', ns .. 'epochs', 0, -1), ends}
