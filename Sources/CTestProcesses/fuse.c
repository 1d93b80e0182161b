/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_fuse.h"

#include <errno.h>
#include <linux/fuse.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "crf_atomics.h"

static void answer(int descriptor, const struct fuse_in_header *request, int error, const void *body, size_t length)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + length), .error = error,
					  .unique = request->unique };
	struct iovec parts[2] = { { .iov_base = &header, .iov_len = sizeof(header) },
				  { .iov_base = (void *)body, .iov_len = length } };

	/* ENOENT: whoever asked was killed meanwhile. */
	(void)!writev(descriptor, parts, length ? 2 : 1);
}

static void answer_init(int descriptor, const struct fuse_in_header *request, const struct fuse_init_in *in)
{
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = in->minor, .max_readahead = 0,
				     .max_background = 8, .congestion_threshold = 8, .max_write = 4096 };

	if (out.minor > FUSE_KERNEL_MINOR_VERSION)
		out.minor = FUSE_KERNEL_MINOR_VERSION;
	answer(descriptor, request, 0, &out, sizeof(out));
}

static void answer_attributes(int descriptor, const struct fuse_in_header *request)
{
	struct fuse_attr_out out = { .attr_valid = 3600,
				     .attr = { .ino = FUSE_ROOT_ID, .size = CTP_FUSE_FILE_BYTES,
					       .blocks = CTP_FUSE_FILE_BYTES / 512, .mode = S_IFREG | 0600,
					       .nlink = 1, .blksize = 4096 } };

	answer(descriptor, request, 0, &out, sizeof(out));
}

long ctp_fuse_serve(int descriptor, uint32_t failures, uint32_t *reads)
{
	union {
		struct fuse_in_header header;
		char bytes[FUSE_MIN_READ_BUFFER + 4096];
	} request;

	for (;;) {
		ssize_t length = read(descriptor, &request, sizeof(request));

		if (length < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (length < 0)
			return errno == ENODEV ? 0 : -errno;
		switch (request.header.opcode) {
		case FUSE_INIT:
			answer_init(descriptor, &request.header, (const void *)(&request.header + 1));
			break;
		case FUSE_GETATTR:
			answer_attributes(descriptor, &request.header);
			break;
		case FUSE_OPEN: {
			struct fuse_open_out out = { .fh = 1 };

			answer(descriptor, &request.header, 0, &out, sizeof(out));
			break;
		}
		case FUSE_READ:
			if (crf_load32(reads) < failures)
				answer(descriptor, &request.header, -EIO, NULL, 0);
			crf_store32(reads, crf_load32(reads) + 1);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(descriptor, &request.header, -ENOSYS, NULL, 0);
		}
	}
}
