/* SPDX-License-Identifier: MIT */
/*
 * What the runner and a peer process say to each other: one struct each way, over a SOCK_SEQPACKET
 * socket, with descriptors where a request carries them. C, because both layout and CMSG_* macros are.
 */
#ifndef CRF_MESSAGE_H
#define CRF_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum crf_request_code {
	CRF_REQUEST_FORK = 1,     /* descriptors: the child's socket, its board. value: pid */
	CRF_REQUEST_MAP,          /* length, protection, flags, offset, wish; descriptor unless anonymous. value: address */
	CRF_REQUEST_UNMAP,        /* address, length */
	CRF_REQUEST_START,        /* slot of the board, kind (enum crf_task_kind) */
	CRF_REQUEST_EXIT_LEADER,  /* the thread group leader exits; another thread goes on serving */
	CRF_REQUEST_LOAD32,       /* address. value: the word */
	CRF_REQUEST_STORE32,      /* address, word */
	CRF_REQUEST_SYSCALL,      /* number, six arguments. value: what the kernel returned */
	CRF_REQUEST_MAP_MANY,     /* length, count, address, stride; descriptor: that many shared mappings of its start,
				     anywhere or a stride apart from an address. value: count */
	CRF_REQUEST_EXECUTE,      /* descriptors: program, CRF_DESCRIPTOR_BOARD, CRF_DESCRIPTOR_FILE of it. No reply */
	CRF_REQUEST_COUNT_SIGNAL, /* signal: from now on it is counted. value: how often it has come so far */
	CRF_REQUEST_TICKS,        /* tid, period in ns, address of a struct crf_ticks */
	CRF_REQUEST_OPEN_MEMORY,  /* enum crf_own_memory. value: a descriptor that the peer keeps */
};

/* The descriptors under which an executed program finds what was sent for it. */
enum { CRF_DESCRIPTOR_BOARD = 100, CRF_DESCRIPTOR_FILE = 101 };

struct crf_request {
	uint32_t code;
	uint32_t reserved;
	uint64_t arguments[7];
};

struct crf_reply {
	int64_t value; /* -errno when the request failed */
};

_Static_assert(sizeof(struct crf_request) == 64, "request without padding");
_Static_assert(sizeof(struct crf_reply) == 8, "reply without padding");

enum { CRF_MESSAGE_DESCRIPTORS = 3 };

/* A connected pair, closed on exec. 0 or -errno. */
long crf_socket_pair(int pair[2]);

/* Sends one message with count (at most CRF_MESSAGE_DESCRIPTORS) descriptors. 0 or -errno, never SIGPIPE. */
long crf_send(int socket, const void *message, size_t length, const int *descriptors, int count);

/*
 * Receives one message within timeout_ms (-1: no limit). Its length; 0 when the other side is gone;
 * -ETIMEDOUT; or another -errno. Descriptors that did not come are -1.
 */
long crf_receive(int socket, void *message, size_t length, int descriptors[CRF_MESSAGE_DESCRIPTORS],
		 int timeout_ms);

#endif
