/* SPDX-License-Identifier: MIT */
/* seccomp(2) filters, as containers have them. C, because a filter is written in macros. */
#ifndef CTP_FILTER_H
#define CTP_FILTER_H

#include <stdint.h>

/* A filter's answer to the call. */
enum ctp_filter_action {
	CTP_FILTER_ERROR,        /* gives an error instead */
	CTP_FILTER_TRAP,         /* SIGSYS, which may be handled */
	CTP_FILTER_KILL_THREAD,
	CTP_FILTER_KILL_PROCESS,
	CTP_FILTER_SUPERVISE,    /* lets another process or thread answer */
};

/*
 * From now on cleanup_robust_list(2) gives error (as a positive number) to the calling thread and to those that it
 * starts. 0 or -errno. Cannot be undone.
 */
long ctp_filter_cleanup(int error);

/* The same with any action; the error is CTP_FILTER_ERROR's. CTP_FILTER_SUPERVISE: the listener's descriptor. */
long ctp_filter_cleanup_by(enum ctp_filter_action action, int error);

/* A call that waits for its answer. */
struct ctp_supervised_call {
	uint64_t id;
	int64_t tid;
	uint64_t arguments[6];
};

/* Receives a call that poll(2) has announced. 0 or -errno; -ENOENT: its caller is gone. */
long ctp_receive_call(int listener, struct ctp_supervised_call *call);

/* Lets it return result, a value or -errno. 0 or -errno; -ENOENT: its caller is gone. */
long ctp_answer_call(int listener, uint64_t id, int64_t result);

#endif
