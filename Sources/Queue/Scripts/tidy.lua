-- Forgets workers that hold nothing and were silent for a day. KEYS: live, bulk. Returns their number.
local count = 0
for _, stream in ipairs(KEYS) do
    local workers = redis.pcall('XINFO', 'CONSUMERS', stream, 'workers')
    for n = 1, workers.err and 0 or #workers do
        local name, pending, idle = workers[n][2], workers[n][4], workers[n][6]
        if pending == 0 and idle > 86400000 then
            redis.call('XGROUP', 'DELCONSUMER', stream, 'workers', name)
            count = count + 1
        end
    end
end
return count
