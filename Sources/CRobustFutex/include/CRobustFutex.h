/* SPDX-License-Identifier: MIT */
/*
 * System calls, layouts and atomics that Swift cannot express. Names start with crf_. Functions that enter the kernel return what
 * the kernel returns: a value, or -errno; nothing runs between the call and reading the result.
 */
#ifndef C_ROBUST_FUTEX_H
#define C_ROBUST_FUTEX_H

#include "crf_layout.h"
#include "crf_syscalls.h"
#include "crf_atomics.h"
#include "crf_libc.h"
#include "crf_ask.h"

#endif
