/* SPDX-License-Identifier: MIT */
/*
 * The parts of holding and watching processes that Swift cannot express. Names start with crw_. 0 or a value, or
 * -errno.
 */
#ifndef C_RACE_WINDOW_H
#define C_RACE_WINDOW_H

#include "crw_seccomp.h"
#include "crw_spawn.h"
#include "crw_trace.h"

#endif
