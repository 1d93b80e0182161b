/* SPDX-License-Identifier: MIT */
/*
 * The layouts that the kernel reads at exit. C, because the kernel's own header can then be held
 * against them at compile time; members are integers, because the kernel treats them as such (modifier bits).
 */
#ifndef CRF_LAYOUT_H
#define CRF_LAYOUT_H

#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>

/* FUTEX_ROBUST_MOD_PI of <linux/futex.h>, which headers older than Linux 7.2 do not name. */
enum { CRF_ROBUST_MOD_PI = 1 };

/* Bits of futex operations that headers older than Linux 7.2 do not name. */
enum { CRF_FUTEX_ROBUST_UNLOCK = 512 };

/* struct robust_list_head of <linux/futex.h>. */
struct crf_robust_list_head {
	uintptr_t next;            /* first lock entry, or the head itself when the list is empty */
	intptr_t futex_offset;     /* lock entry + futex_offset = futex word, in bytes */
	uintptr_t list_op_pending; /* lock entry of the pending operation, with modifier bits; 0: none */
};

/* struct compat_robust_list_head of the kernel's include/linux/compat.h: that of 32-bit tasks. */
struct crf_compat_robust_list_head {
	uint32_t next;
	int32_t futex_offset;
	uint32_t list_op_pending;
};

_Static_assert(sizeof(struct robust_list_head) == 24, "the kernel accepts this length only");
_Static_assert(sizeof(struct crf_robust_list_head) == sizeof(struct robust_list_head), "robust list head");
_Static_assert(offsetof(struct crf_robust_list_head, next) == offsetof(struct robust_list_head, list),
	       "first lock entry");
_Static_assert(offsetof(struct crf_robust_list_head, futex_offset) ==
		       offsetof(struct robust_list_head, futex_offset),
	       "futex_offset");
_Static_assert(offsetof(struct crf_robust_list_head, list_op_pending) ==
		       offsetof(struct robust_list_head, list_op_pending),
	       "list_op_pending");
_Static_assert(sizeof(struct crf_compat_robust_list_head) == 12, "compat robust list head");
_Static_assert(offsetof(struct crf_compat_robust_list_head, list_op_pending) == 8, "compat list_op_pending");
_Static_assert(FUTEX_WAITERS == 0x80000000u && FUTEX_OWNER_DIED == 0x40000000u &&
		       FUTEX_TID_MASK == 0x3fffffffu,
	       "futex word");

#endif
