/* SPDX-License-Identifier: MIT */
/* seccomp(2) filters, as containers have them. C, because a filter is written in macros. */
#ifndef CRF_FILTER_H
#define CRF_FILTER_H

#include <stdint.h>

/* What a filter does to who makes the call. */
enum crf_filter_action {
	CRF_FILTER_ERROR,        /* gives an error instead */
	CRF_FILTER_TRAP,         /* SIGSYS, which may be handled */
	CRF_FILTER_KILL_THREAD,
	CRF_FILTER_KILL_PROCESS,
	CRF_FILTER_SUPERVISE,    /* lets another process or thread answer */
};

/*
 * From now on cleanup_robust_list(2) gives error (as a positive number) to the calling thread and to those that it
 * starts. 0 or -errno. Cannot be undone.
 */
long crf_filter_cleanup(int error);

/* The same with any action; the error is CRF_FILTER_ERROR's. CRF_FILTER_SUPERVISE: the listener's descriptor. */
long crf_filter_cleanup_by(enum crf_filter_action action, int error);

/* A call that waits for its answer. */
struct crf_supervised_call {
	uint64_t id;
	int64_t tid;
	uint64_t arguments[6];
};

/* Receives a call that poll(2) has announced. 0 or -errno; -ENOENT: its caller is gone. */
long crf_receive_call(int listener, struct crf_supervised_call *call);

/* Lets it return result, a value or -errno. 0 or -errno; -ENOENT: its caller is gone. */
long crf_answer_call(int listener, uint64_t id, int64_t result);

#endif
