-- Ends an order and reports on it; 1 if that counts. A published result counts whoever has the lease.
-- KEYS: stream, orders, tries, reports, begun. ARGV: worker, id, token, content, 1 where it is published, fields of the report.
local function drop(stream, id)
    redis.pcall('XACK', stream, 'workers', id)
    redis.pcall('XDEL', stream, id)
end

local held = redis.pcall('XPENDING', KEYS[1], 'workers', ARGV[2], ARGV[2], 1)
local isOwn = not held.err and held[1] and held[1][2] == ARGV[1]
if not isOwn and ARGV[5] ~= '1' then return 0 end
drop(KEYS[1], ARGV[2])
local place = redis.call('HGET', KEYS[2], ARGV[3])
if place then
    -- The order may have been given again since, under another id.
    drop(string.match(place, '^(%S+) (%S+)$'))
    redis.call('HDEL', KEYS[2], ARGV[3])
end
redis.call('HDEL', KEYS[3], ARGV[4])
redis.call('HDEL', KEYS[5], ARGV[4])
redis.call('XADD', KEYS[4], '*', unpack(ARGV, 6))
return 1
