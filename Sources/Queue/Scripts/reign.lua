-- Makes or keeps a coordinator; returns nothing, or the reason against it.
-- KEYS: coordinator, about, live, bulk. ARGV: coordinator, milliseconds of a lease, id of the folders, fields of about.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 'another coordinator has it: ' .. holder end
local folders = redis.call('HGET', KEYS[2], 'folders')
if folders and folders ~= ARGV[3] and redis.call('XLEN', KEYS[3]) + redis.call('XLEN', KEYS[4]) > 0 then
    return 'it holds orders of other folders; choose another database, or empty this one'
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('HSET', KEYS[2], 'folders', ARGV[3], unpack(ARGV, 4))
return false
