/* SPDX-License-Identifier: MIT */
/*
 * What Swift cannot say for itself. Names start with crf_. Functions that enter the kernel return what
 * the kernel returns: a value, or -errno; nothing runs between the call and reading the result.
 */
#ifndef C_ROBUST_FUTEX_H
#define C_ROBUST_FUTEX_H

#include "crf_layout.h"
#include "crf_syscalls.h"
#include "crf_atomics.h"
#include "crf_message.h"
#include "crf_task.h"
#include "crf_process.h"
#include "crf_program.h"
#include "crf_fuse.h"
#include "crf_filter.h"
#include "crf_own_memory.h"
#include "crf_bury.h"
#include "crf_walks.h"
#include "crf_ticks.h"
#include "crf_stress.h"
#include "crf_ask.h"

#endif
