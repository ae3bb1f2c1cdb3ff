-- Keeps a lease, if it is still this worker's; 1 if so.
-- KEYS: stream, tries, begun. ARGV: worker, id, content where work begins and nothing where it goes on.
local held = redis.pcall('XPENDING', KEYS[1], 'workers', ARGV[2], ARGV[2], 1)
if held.err or not held[1] or held[1][2] ~= ARGV[1] then return 0 end
-- JUSTID: this is no delivery.
if #redis.call('XCLAIM', KEYS[1], 'workers', ARGV[1], 0, ARGV[2], 'JUSTID') == 0 then return 0 end
-- Whoever says so twice of one delivery, since an answer was lost, has begun once.
local mark = ARGV[2] .. ' ' .. held[1][4]
if ARGV[3] ~= '' and redis.call('HGET', KEYS[3], ARGV[3]) ~= mark then
    redis.call('HINCRBY', KEYS[2], ARGV[3], 1)
    redis.call('HSET', KEYS[3], ARGV[3], mark)
end
return 1
