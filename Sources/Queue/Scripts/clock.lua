-- Lets leases start anew where the server's clock was set back: they would not run out before it has caught up.
-- KEYS: about, live, bulk, swept. Returns the number of leases.
local now = tonumber(redis.call('TIME')[1])
local last = tonumber(redis.call('HGET', KEYS[1], 'clock') or now)
redis.call('HSET', KEYS[1], 'clock', now)
if now >= last - 1 then return 0 end
redis.call('DEL', KEYS[4])
local count = 0
for n = 2, 3 do
    local start = '-'
    repeat
        local page = redis.pcall('XPENDING', KEYS[n], 'workers', start, '+', 100)
        if page.err then break end
        for _, held in ipairs(page) do
            redis.call('XCLAIM', KEYS[n], 'workers', held[2], 0, held[1], 'IDLE', 0, 'JUSTID')
            start = '(' .. held[1]
            count = count + 1
        end
    until #page == 0
end
return count
