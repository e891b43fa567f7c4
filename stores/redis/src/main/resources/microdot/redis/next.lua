-- ARGV: prefix, after, bytes. Returns: entries of the spine, at least one if there is any, and as many as fit.
local found, bytes, from = {}, tonumber(ARGV[3]), '(' .. ARGV[2] .. '-0'
while #found < 512 do
  local batch = redis.call('XRANGE', spine, from, '+', 'COUNT', 16)
  for _, entry in ipairs(batch) do
    bytes = bytes - #(field(entry[2], 'data') or '')
    if bytes < 0 and #found > 0 then return {found} end
    found[#found + 1] = entry
  end
  if #batch < 16 then break end
  from = '(' .. batch[#batch][1]
end
return {found}
