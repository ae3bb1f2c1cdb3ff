#ifndef AUTOCHROME_CZLIB_SHIM_H
#define AUTOCHROME_CZLIB_SHIM_H

#include <zlib.h>

#endif
