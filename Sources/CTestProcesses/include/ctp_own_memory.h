/* SPDX-License-Identifier: MIT */
/*
 * Files with memory of their own whose inode is that of many others: the anonymous inode. C, because what they are made
 * from are structures with bit fields and unions.
 */
#ifndef CTP_OWN_MEMORY_H
#define CTP_OWN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

enum ctp_own_memory {
	CTP_PERF_EVENT = 1, /* one that never counts, of the calling thread; mapped from offset 0 */
	CTP_BPF_ARRAY,      /* an array map of one element, CTP_OWN_MEMORY_BYTES long */
};

/* The length of a mapping of either. */
enum { CTP_OWN_MEMORY_BYTES = 8192 };

/* A descriptor, or -errno. */
long ctp_open_own_memory(enum ctp_own_memory kind);

/* An array map of BPF of one element, which is as long as that and can be mapped: a descriptor, or -errno. */
long ctp_create_bpf_array(size_t bytes);

/* The same map by another open file: a descriptor, or -errno. */
long ctp_reopen_bpf_map(int map);

#endif
