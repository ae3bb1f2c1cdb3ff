#ifndef AUTOCHROME_CCRYPTO_SHIM_H
#define AUTOCHROME_CCRYPTO_SHIM_H

#include <openssl/evp.h>

#endif
