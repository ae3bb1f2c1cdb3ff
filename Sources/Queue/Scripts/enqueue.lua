-- Adds an order to a stream, unless the same work is there already; 1 if it was added.
-- KEYS: orders, the stream. ARGV: token, fields of the order.
local place = redis.call('HGET', KEYS[1], ARGV[1])
if place then
    local stream, id = string.match(place, '^(%S+) (%S+)$')
    if #redis.call('XRANGE', stream, id, id) > 0 then return 0 end
end
local id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
redis.call('HSET', KEYS[1], ARGV[1], KEYS[2] .. ' ' .. id)
return 1
