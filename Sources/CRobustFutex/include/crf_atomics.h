/* SPDX-License-Identifier: MIT */
/*
 * Atomic access to words that other processes and the kernel write. C, because Swift's Atomic owns its
 * storage, while these words lie in a mapping or in a robust list head. Sequentially consistent: the order
 * of "pending operation set" and "futex word released" is what all this is about.
 */
#ifndef CRF_ATOMICS_H
#define CRF_ATOMICS_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t crf_load32(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static inline void crf_store32(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t crf_exchange32(uint32_t *word, uint32_t value)
{
	return __atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
}

static inline uint32_t crf_or32(uint32_t *word, uint32_t bits)
{
	return __atomic_or_fetch(word, bits, __ATOMIC_SEQ_CST);
}

/* Stores desired if *word is expected; returns what *word was. */
static inline uint32_t crf_compare_exchange32(uint32_t *word, uint32_t expected, uint32_t desired)
{
	__atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	return expected;
}

static inline uintptr_t crf_load_pointer(const uintptr_t *pointer)
{
	return __atomic_load_n(pointer, __ATOMIC_SEQ_CST);
}

static inline void crf_store_pointer(uintptr_t *pointer, uintptr_t value)
{
	__atomic_store_n(pointer, value, __ATOMIC_SEQ_CST);
}

#endif
