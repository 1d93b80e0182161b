/* SPDX-License-Identifier: MIT */
/*
 * Finds out which system call has the number of cleanup_robust_list(2), by a child process, gone afterwards. Until
 * that is known the number may be any system call: one that registers what it is given for the calling task, or
 * never returns; or a seccomp filter's, that kills who makes it. None of that may happen to the caller.
 *
 * C, because the caller may have any number of threads: between fork and exit nothing may run that takes a lock.
 */
#ifndef CRF_ASK_H
#define CRF_ASK_H

#include <stddef.h>
#include <stdint.h>

/* From arguments with which hardly anything can succeed to those with which the right call must. */
enum crf_question {
	CRF_ASK_UNKNOWN_FLAGS, /* an address that nobody can have, and flags that it does not know: EINVAL */
	CRF_ASK_HOLE,          /* memory that is not mapped: ENOMEM */
	CRF_ASK_BESIDE,        /* a word beside that of the pending operation: 0, and the operation stays */
	CRF_ASK_AT,            /* the word of the pending operation: 0, and it is cleared */
	/*
	 * Asked only after a wrong answer to one of the first two. The set_robust_list2(2) that some kernels have under
	 * this number says how many lists there may be, whether the command is its second argument or its third.
	 */
	CRF_ASK_LIST_LIMIT,
	CRF_QUESTIONS
};

struct crf_answers {
	uint32_t begun;    /* a bit for each question asked, */
	uint32_t answered; /* and for each one whose call returned */
	int64_t results[CRF_QUESTIONS];
	int64_t unready;   /* -errno when there was nothing to ask with */
	/* list_op_pending before CRF_ASK_BESIDE, after it, and after CRF_ASK_AT. */
	uint64_t pending_set, pending_beside, pending_at;
	/* The memory's value before, and the word's and its neighbour's after the last question. */
	uint32_t value, word, neighbour;
};

/* The call: result or -errno. What stands in the three argument registers that it does not use is spare. */
typedef long crf_asked_call(uintptr_t addr, size_t len, unsigned int flags, uintptr_t spare);

/* The kernel itself. */
long crf_asked_kernel(uintptr_t addr, size_t len, unsigned int flags, uintptr_t spare);

/*
 * Asks the questions, up to the first wrong answer, in a child process that is killed after limit_ms. Returns the
 * child's wait status, -ETIMEDOUT when it was killed, -errno when it could not be started or watched.
 *
 * Neither a handler nor a waitpid(2) of the caller's other threads sees the child.
 */
long crf_ask(struct crf_answers *answers, crf_asked_call *call, int limit_ms);

#endif
