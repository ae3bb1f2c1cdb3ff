-- Orders, leases and hosts as they stand. KEYS: live, bulk, dead, reports, hosts. ARGV: leases to name at most.
-- Hosts that were silent for a day are forgotten.
local now = tonumber(redis.call('TIME')[1])
local held, leases = 0, {}
for n = 1, 2 do
    local sum = redis.pcall('XPENDING', KEYS[n], 'workers')
    held = held + (sum.err and 0 or sum[1])
    local page = redis.pcall('XPENDING', KEYS[n], 'workers', '-', '+', ARGV[1] - #leases)
    for m = 1, page.err and 0 or #page do
        local entry = redis.call('XRANGE', KEYS[n], page[m][1], page[m][1])[1]
        local path = ''
        for f = 1, entry and #entry[2] or 0, 2 do
            if entry[2][f] == 'path' then path = entry[2][f + 1] end
        end
        table.insert(leases, {path, page[m][2], page[m][3], page[m][4]})
    end
end
local hosts = {}
local all = redis.call('HGETALL', KEYS[5])
for n = 1, #all, 2 do
    local seen, document = string.match(all[n + 1], '^(%d+) (.*)$')
    if now - tonumber(seen) > 86400 then
        redis.call('HDEL', KEYS[5], all[n])
    else
        table.insert(hosts, {now - tonumber(seen), document})
    end
end
local function length(key) return redis.call('XLEN', key) end
return {length(KEYS[1]), length(KEYS[2]), length(KEYS[3]), length(KEYS[4]), held, leases, hosts}
