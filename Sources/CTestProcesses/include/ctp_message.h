/* SPDX-License-Identifier: MIT */
/*
 * Messages between the runner and a peer process: one struct each way, over a SOCK_SEQPACKET
 * socket, with descriptors where a request carries them. C, because both layout and CMSG_* macros are.
 */
#ifndef CTP_MESSAGE_H
#define CTP_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

enum ctp_request_code {
	CTP_REQUEST_FORK = 1,     /* descriptors: the child's socket, its board. value: pid */
	CTP_REQUEST_MAP,          /* length, protection, flags, offset, wish; descriptor unless anonymous. value: address */
	CTP_REQUEST_UNMAP,        /* address, length */
	CTP_REQUEST_START,        /* slot of the board, kind (enum ctp_task_kind) */
	CTP_REQUEST_EXIT_LEADER,  /* the thread group leader exits; another thread goes on serving */
	CTP_REQUEST_LOAD32,       /* address. value: the word */
	CTP_REQUEST_STORE32,      /* address, word */
	CTP_REQUEST_SYSCALL,      /* number, six arguments. value: what the kernel returned */
	CTP_REQUEST_MAP_MANY,     /* length, count, address, stride; descriptor: that many shared mappings of its start,
				     anywhere or a stride apart from an address. value: count */
	CTP_REQUEST_EXECUTE,      /* descriptors: program, CTP_DESCRIPTOR_BOARD, CTP_DESCRIPTOR_FILE of it. No reply */
	CTP_REQUEST_COUNT_SIGNAL, /* signal: from now on it is counted. value: how often it has come so far */
	CTP_REQUEST_TICKS,        /* tid, period in ns, address of a struct ctp_ticks */
	CTP_REQUEST_OPEN_MEMORY,  /* enum ctp_own_memory. value: a descriptor that the peer keeps */
};

/* The descriptors under which an executed program finds what was sent for it. */
enum { CTP_DESCRIPTOR_BOARD = 100, CTP_DESCRIPTOR_FILE = 101 };

struct ctp_request {
	uint32_t code;
	uint32_t reserved;
	uint64_t arguments[7];
};

struct ctp_reply {
	int64_t value; /* -errno when the request failed */
};

_Static_assert(sizeof(struct ctp_request) == 64, "request without padding");
_Static_assert(sizeof(struct ctp_reply) == 8, "reply without padding");

enum { CTP_MESSAGE_DESCRIPTORS = 3 };

/* A connected pair, closed on exec. 0 or -errno. */
long ctp_socket_pair(int pair[2]);

/* Sends one message with count (at most CTP_MESSAGE_DESCRIPTORS) descriptors. 0 or -errno, never SIGPIPE. */
long ctp_send(int socket, const void *message, size_t length, const int *descriptors, int count);

/*
 * Receives one message within timeout_ms (-1: no limit). Its length; 0 when the other side is gone;
 * -ETIMEDOUT; or another -errno. Descriptors that did not come are -1.
 */
long ctp_receive(int socket, void *message, size_t length, int descriptors[CTP_MESSAGE_DESCRIPTORS],
		 int timeout_ms);

#endif
