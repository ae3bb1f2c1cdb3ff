-- Takes the next order: a live one, one whose lease ran out, one of the bulk.
-- KEYS: live, bulk, dead, orders, tries, reports, swept, begun. ARGV: worker, milliseconds of a lease, tries that may fail.
-- Returns {stream, id, fields, tries, age in milliseconds}, or nothing.
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)

local function field(fields, name)
    for n = 1, #fields, 2 do
        if fields[n] == name then return fields[n + 1] end
    end
end

local function group(stream, command, ...)
    local found = redis.pcall(command, ...)
    if type(found) == 'table' and found.err then
        if not string.find(found.err, 'NOGROUP') then error(found) end
        redis.call('XGROUP', 'CREATE', stream, 'workers', '0', 'MKSTREAM')
        found = redis.call(command, ...)
    end
    return found
end

local function answer(stream, entry)
    local tries = redis.call('HGET', KEYS[5], field(entry[2], 'content') or '') or '0'
    return {stream, entry[1], entry[2], tries, now - tonumber(string.match(entry[1], '^%d+'))}
end

local function new(stream)
    local found = group(stream, 'XREADGROUP', 'GROUP', 'workers', ARGV[1], 'COUNT', 1, 'STREAMS', stream, '>')
    return found and answer(stream, found[1][2][1])
end

local function bury(stream, entry, tries)
    local fields = entry[2]
    redis.call('XADD', KEYS[3], '*', unpack(fields))
    redis.call('XACK', stream, 'workers', entry[1])
    redis.call('XDEL', stream, entry[1])
    redis.call('HDEL', KEYS[4], field(fields, 'token'))
    redis.call('HDEL', KEYS[5], field(fields, 'content'))
    redis.call('HDEL', KEYS[8], field(fields, 'content'))
    redis.call('XADD', KEYS[6], '*', 'path', field(fields, 'path'), 'content', field(fields, 'content'),
        'model', field(fields, 'model'), 'settings', field(fields, 'settings'), 'kind', 'died', 'detail', tries)
end

local function abandoned(stream)
    local cursor = '0-0'
    repeat
        local page = group(stream, 'XAUTOCLAIM', stream, 'workers', ARGV[1], ARGV[2], cursor, 'COUNT', 1)
        cursor = page[1]
        local entry = page[2][1]
        if entry then
            local order = answer(stream, entry)
            if tonumber(order[4]) < tonumber(ARGV[3]) then return order end
            bury(stream, entry, order[4])
        end
    until cursor == '0-0'
end

local order = new(KEYS[1])
-- However many workers ask, leases are gone through some twenty times in the length of one.
if not order and redis.call('SET', KEYS[7], '1', 'NX', 'PX', math.ceil(ARGV[2] / 20)) then
    order = abandoned(KEYS[1]) or abandoned(KEYS[2])
    if order then redis.call('DEL', KEYS[7]) end
end
return order or new(KEYS[2])
