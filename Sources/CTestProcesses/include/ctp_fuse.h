/* SPDX-License-Identifier: MIT */
/* A file system with one file, whose contents come late or never. C, because the kernel's header is the protocol. */
#ifndef CTP_FUSE_H
#define CTP_FUSE_H

#include <pthread.h>
#include <stdint.h>

/* Of the file, in bytes. */
enum { CTP_FUSE_FILE_BYTES = 65536 };

/* Requests that can be held at the same time; more of them fail with EIO. */
enum { CTP_FUSE_HELD_REQUESTS = 32 };

/* The file and its server. What is not set is 0. */
struct ctp_fuse_file {
	/* Of /dev/fuse, mounted with a regular file as its root. */
	int descriptor;
	/* The first reads, as many as that, fail with EIO. */
	uint32_t failures;
	/* Reads and writes that have come; written by the server. */
	uint32_t reads;
	uint32_t writes;
	/* CTP_FUSE_FILE_BYTES, which writes go to; NULL: no read is ever answered, and every write fails. */
	unsigned char *contents;
	/* The kernel keeps pages of contents; otherwise each access comes here. */
	uint32_t is_cached;
	/* Protects the rest. */
	pthread_mutex_t lock;
	/* Reads and writes of contents wait for ctp_fuse_let_go(). */
	uint32_t holds;
	uint32_t held;
	struct ctp_fuse_request {
		uint64_t unique;
		/* A write has been done, and its answer waits. */
		uint32_t is_write;
		uint32_t size;
		uint64_t offset;
	} waiting[CTP_FUSE_HELD_REQUESTS];
};

/* Answers the kernel's requests until the mount ends; 0, or -errno when reading them fails otherwise. */
long ctp_fuse_serve(struct ctp_fuse_file *file);

/* From now on reads and writes are held. From any thread. */
void ctp_fuse_hold(struct ctp_fuse_file *file);

/* Answers the requests that are held, and from now on each as it comes. From any thread. */
void ctp_fuse_let_go(struct ctp_fuse_file *file);

#endif
