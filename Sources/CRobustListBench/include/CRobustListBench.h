/* SPDX-License-Identifier: MIT */
/*
 * The operations that are measured, and the loop that measures them. Names start with crb_.
 *
 * C, because between the two readings of the clock there must be nothing but the operation: no runtime
 * that may allocate or count references, and the same instructions in every build of the Swift around it. Operations
 * return what the kernel returns: a value, or -errno.
 */
#ifndef C_ROBUST_LIST_BENCH_H
#define C_ROBUST_LIST_BENCH_H

#include "crb_sample.h"
#include "crb_peer.h"
#include "crb_callers.h"
#include "crb_syscalls.h"
#include "crb_drain.h"
#include "crb_emulation.h"
#include "crb_everyday.h"
#include "crb_unlock.h"

#endif
