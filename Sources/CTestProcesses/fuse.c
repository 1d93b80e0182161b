/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_fuse.h"

#include <errno.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include "crf_atomics.h"

static void answer(int descriptor, uint64_t unique, int error, const void *body, size_t length)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + length), .error = error,
					  .unique = unique };
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
	answer(descriptor, request->unique, 0, &out, sizeof(out));
}

static void answer_attributes(int descriptor, const struct fuse_in_header *request)
{
	struct fuse_attr_out out = { .attr_valid = 3600,
				     .attr = { .ino = FUSE_ROOT_ID, .size = CTP_FUSE_FILE_BYTES,
					       .blocks = CTP_FUSE_FILE_BYTES / 512, .mode = S_IFREG | 0600,
					       .nlink = 1, .blksize = 4096 } };

	answer(descriptor, request->unique, 0, &out, sizeof(out));
}

/* The lock is held. */
static void answer_request(struct ctp_fuse_file *file, const struct ctp_fuse_request *request)
{
	struct fuse_write_out out = { .size = request->size };

	if (request->is_write)
		answer(file->descriptor, request->unique, 0, &out, sizeof(out));
	else
		answer(file->descriptor, request->unique, 0, file->contents + request->offset, request->size);
}

/* The lock is held. */
static void answer_or_hold(struct ctp_fuse_file *file, struct ctp_fuse_request request)
{
	if (!file->holds)
		answer_request(file, &request);
	else if (file->held < CTP_FUSE_HELD_REQUESTS)
		file->waiting[file->held++] = request;
	else
		answer(file->descriptor, request.unique, -EIO, NULL, 0);
}

static void take_read(struct ctp_fuse_file *file, uint64_t unique, const struct fuse_read_in *in)
{
	struct ctp_fuse_request request = { .unique = unique, .offset = in->offset, .size = in->size };
	uint32_t number = crf_load32(&file->reads);

	if (request.offset > CTP_FUSE_FILE_BYTES)
		request.offset = CTP_FUSE_FILE_BYTES;
	if (request.size > CTP_FUSE_FILE_BYTES - request.offset)
		request.size = (uint32_t)(CTP_FUSE_FILE_BYTES - request.offset);
	if (number < file->failures) {
		answer(file->descriptor, unique, -EIO, NULL, 0);
	} else if (file->contents) {
		pthread_mutex_lock(&file->lock);
		answer_or_hold(file, request);
		pthread_mutex_unlock(&file->lock);
	}
	/* Who sees the number can rely on it that the read was answered, or is held. */
	crf_store32(&file->reads, number + 1);
}

static void take_write(struct ctp_fuse_file *file, uint64_t unique, const struct fuse_write_in *in)
{
	struct ctp_fuse_request request = { .unique = unique, .is_write = 1, .size = in->size };

	if (!file->contents || in->offset > CTP_FUSE_FILE_BYTES || in->size > CTP_FUSE_FILE_BYTES - in->offset) {
		answer(file->descriptor, unique, -EIO, NULL, 0);
	} else {
		pthread_mutex_lock(&file->lock);
		memcpy(file->contents + in->offset, in + 1, in->size);
		answer_or_hold(file, request);
		pthread_mutex_unlock(&file->lock);
	}
	crf_store32(&file->writes, crf_load32(&file->writes) + 1);
}

static void take_open(struct ctp_fuse_file *file, uint64_t unique)
{
	struct fuse_open_out out = { .fh = 1 };

	if (file->contents && !file->is_cached)
		out.open_flags = FOPEN_DIRECT_IO;
	answer(file->descriptor, unique, 0, &out, sizeof(out));
}

void ctp_fuse_hold(struct ctp_fuse_file *file)
{
	pthread_mutex_lock(&file->lock);
	file->holds = 1;
	pthread_mutex_unlock(&file->lock);
}

void ctp_fuse_let_go(struct ctp_fuse_file *file)
{
	pthread_mutex_lock(&file->lock);
	file->holds = 0;
	for (uint32_t i = 0; i < file->held; i++)
		answer_request(file, &file->waiting[i]);
	file->held = 0;
	pthread_mutex_unlock(&file->lock);
}

long ctp_fuse_serve(struct ctp_fuse_file *file)
{
	int descriptor = file->descriptor;
	union {
		struct fuse_in_header header;
		char bytes[FUSE_MIN_READ_BUFFER + 4096];
	} request;
	const void *body = &request.header + 1;

	for (;;) {
		ssize_t length = read(descriptor, &request, sizeof(request));

		if (length < 0 && (errno == EINTR || errno == ENOENT))
			continue;
		if (length < 0)
			return errno == ENODEV ? 0 : -errno;
		switch (request.header.opcode) {
		case FUSE_INIT:
			answer_init(descriptor, &request.header, body);
			break;
		case FUSE_GETATTR:
			answer_attributes(descriptor, &request.header);
			break;
		case FUSE_OPEN:
			take_open(file, request.header.unique);
			break;
		case FUSE_READ:
			take_read(file, request.header.unique, body);
			break;
		case FUSE_WRITE:
			take_write(file, request.header.unique, body);
			break;
		case FUSE_FORGET:
		case FUSE_BATCH_FORGET:
		case FUSE_INTERRUPT:
			break;
		default:
			answer(descriptor, request.header.unique, -ENOSYS, NULL, 0);
		}
	}
}
