#pragma once
// The converter of encodings of the C library.
#include <iconv.h>
