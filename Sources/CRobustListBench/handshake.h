/* SPDX-License-Identifier: MIT */
/* Threads of one process telling each other how far they are. */
#ifndef CRB_HANDSHAKE_H
#define CRB_HANDSHAKE_H

#include <stdint.h>
#include "CRobustFutex.h"

static inline void await(uint32_t *word, uint32_t value)
{
	for (uint32_t seen; (seen = crf_load32(word)) != value;)
		crf_futex(word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, seen, NULL, NULL, 0);
}

static inline void publish(uint32_t *word, uint32_t value)
{
	crf_store32(word, value);
	crf_futex(word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, NULL, NULL, 0);
}

#endif
