/* SPDX-License-Identifier: MIT */
/*
 * Memory of dead threads put to another use: it held their robust list heads, and the moment the kernel has said that
 * they are gone it holds data that looks like a pointer to a lock. C, because the threads are made by a bare clone(2),
 * which tells when a thread has let go of its memory (CLONE_CHILD_CLEARTID).
 */
#ifndef CTP_BURY_H
#define CTP_BURY_H

#include <stdint.h>

struct ctp_burial {
	uint64_t reused;  /* words of memory of dead threads that were put to use */
	uint64_t changed; /* of these, the ones that somebody has changed since: forbidden */
};

/*
 * Some threads each register a head, live for some milliseconds without an operation, and exit; *value is stored
 * where list_op_pending was, and looked at later. Counts in burial, atomically, as several may. 0 or -errno. Returns
 * when all is looked at; one caller in a process at a time.
 */
long ctp_bury(const uintptr_t *value, struct ctp_burial *burial);

/*
 * Changes the protection of much memory, which takes the mmap_lock for writing and holds it for long, again and again
 * until *stop is not 0. 0 or -errno.
 */
long ctp_keep_mmap_lock_busy(const uint32_t *stop);

#endif
