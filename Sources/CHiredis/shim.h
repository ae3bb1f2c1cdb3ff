#ifndef AUTOCHROME_CHIREDIS_SHIM_H
#define AUTOCHROME_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>

/// Why a connection failed; Swift imports the array of characters as a tuple.
static inline const char *redis_error_text(const redisContext *context) { return context->errstr; }

#endif
