-- Gives an order back untried, at the end of its stream; 1 if the lease was this worker's.
-- KEYS: stream, orders, tries, begun. ARGV: worker, id, token, content.
local held = redis.pcall('XPENDING', KEYS[1], 'workers', ARGV[2], ARGV[2], 1)
if held.err or not held[1] or held[1][2] ~= ARGV[1] then return 0 end
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if entry then
    local id = redis.call('XADD', KEYS[1], '*', unpack(entry[2]))
    redis.call('HSET', KEYS[2], ARGV[3], KEYS[1] .. ' ' .. id)
end
redis.call('XACK', KEYS[1], 'workers', ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[4], ARGV[4])
if redis.call('HINCRBY', KEYS[3], ARGV[4], -1) <= 0 then redis.call('HDEL', KEYS[3], ARGV[4]) end
return 1
