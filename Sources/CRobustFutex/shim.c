// SPDX-License-Identifier: MIT
#include "CRobustFutex.h"
typedef int crf_translation_unit_not_empty;
