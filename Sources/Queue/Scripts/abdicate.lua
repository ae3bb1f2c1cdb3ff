-- Ends a coordinator's office, if it is still its own. KEYS: coordinator. ARGV: coordinator.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
