/* SPDX-License-Identifier: MIT */
/*
 * A system call as a test wants it to be, for crf_ask(). C, because a child process calls it that was forked from a
 * process of many threads: nothing of the Swift runtime may run there.
 */
#ifndef C_PLAYED_CALL_H
#define C_PLAYED_CALL_H

#include <stddef.h>
#include <stdint.h>

/* The effect of a call on memory before it returns. */
enum cpc_effect {
	CPC_CLEAR_THAT_WORD = 1, /* the caller's pending operation, if it is on the word: the contract */
	CPC_CLEAR_NOTHING,
	CPC_CLEAR_ANY,           /* the caller's pending operation, whatever it is on */
	CPC_WRITE_WORD,          /* as the contract, and a store to the word that is pending */
	CPC_WRITE_NEIGHBOUR,     /* the same, to the word after it */
};

/* The caller's end instead of an answer to unknown flags. */
enum cpc_end {
	CPC_RETURN,
	CPC_SIGNAL, /* the signal that the answer is */
	CPC_EXIT,
	CPC_HANG,
};

struct cpc_script {
	int64_t unknown_flags, hole, list_limit, memory;
	enum cpc_effect effect;
	enum cpc_end end;
};

/* Sets how the call goes for the calling thread, and for the processes that it forks. */
void cpc_play(struct cpc_script script);

/* The call, as crf_asked_call of <crf_ask.h>. */
long cpc_call(uintptr_t addr, size_t len, unsigned int flags, uintptr_t spare);

#endif
