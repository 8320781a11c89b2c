#pragma once
// Everything of libzstd that Storage calls.
#include <zstd.h>
