/* SPDX-License-Identifier: MIT */
/*
 * The processes that checks, the race and the bench act with. Names start with ctp_. Functions that
 * enter the kernel return a value or -errno, as those of the shim that this stands on (CRobustFutex.h) do.
 */
#ifndef C_TEST_PROCESSES_H
#define C_TEST_PROCESSES_H

#include "ctp_message.h"
#include "ctp_task.h"
#include "ctp_process.h"
#include "ctp_program.h"
#include "ctp_fuse.h"
#include "ctp_filter.h"
#include "ctp_own_memory.h"
#include "ctp_bury.h"
#include "ctp_walks.h"
#include "ctp_ticks.h"
#include "ctp_stress.h"

#endif
