-- Notes a host with the server's own time. KEYS: hosts. ARGV: name, document.
redis.call('HSET', KEYS[1], ARGV[1], redis.call('TIME')[1] .. ' ' .. ARGV[2])
return 1
