// SPDX-License-Identifier: MIT
// A target without a source file is not built; this one holds the header to compile it once.
#include "CLinux.h"
