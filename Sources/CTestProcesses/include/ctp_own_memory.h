/* SPDX-License-Identifier: MIT */
/*
 * Files with memory of their own whose inode is that of many others: the anonymous inode. C, because what they are made
 * from are structures with bit fields and unions.
 */
#ifndef CTP_OWN_MEMORY_H
#define CTP_OWN_MEMORY_H

#include <stdint.h>

enum ctp_own_memory {
	CTP_PERF_EVENT = 1, /* one that never counts, of the calling thread; mapped from offset 0 */
	CTP_BPF_ARRAY,      /* an array map of one element, CTP_OWN_MEMORY_BYTES long */
};

/* The length of a mapping of either. */
enum { CTP_OWN_MEMORY_BYTES = 8192 };

/* A descriptor, or -errno. */
long ctp_open_own_memory(enum ctp_own_memory kind);

#endif
