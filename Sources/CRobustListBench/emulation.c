/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crb_emulation.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>
#include "CRobustFutex.h"

/* A shared mapping of the file: file offset 'offset' is at 'start'. */
struct mapping {
	uintptr_t start, end;
	uint64_t offset;
};

static uint64_t device_number(uint64_t major, uint64_t minor)
{
	return major << 32 | minor;
}

long crb_describe(struct crb_emulation *emulation, int file, uint64_t first, uint64_t length)
{
	struct stat status;

	if (fstat(file, &status))
		return -errno;
	/* The largest number of mappings that the kernel allows a process by default, of one line each. */
	emulation->capacity = (size_t)65530 * 128;
	emulation->maps = malloc(emulation->capacity);
	if (!emulation->maps)
		return -ENOMEM;
	emulation->device = device_number(major(status.st_dev), minor(status.st_dev));
	emulation->inode = status.st_ino;
	emulation->first = first;
	emulation->length = length;
	return 0;
}

static long read_all(int directory, const char *name, char *into, size_t capacity)
{
	int file = openat(directory, name, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got;

	if (file < 0)
		return -errno;
	while ((got = read(file, into + length, capacity - 1 - length)) > 0)
		length += (size_t)got;
	close(file);
	if (got < 0)
		return -errno;
	into[length] = 0;
	return (long)length;
}

/* A line of proc_pid_maps(5): START-END PERMISSIONS OFFSET MAJOR:MINOR INODE PATH, in hexadecimal but for the inode. */
static int parse_mapping(const struct crb_emulation *emulation, const char *line, struct mapping *mapping)
{
	char *at;
	const char *permissions;
	uint64_t major, device;

	mapping->start = strtoul(line, &at, 16);
	mapping->end = strtoul(at + 1, &at, 16);
	permissions = at + 1;
	/* Read-only openers cannot own a lock, and a private mapping is another one. */
	if (permissions[1] != 'w' || permissions[3] != 's')
		return 0;
	mapping->offset = strtoul(permissions + 4, &at, 16);
	major = strtoul(at, &at, 16);
	device = device_number(major, strtoul(at + 1, &at, 16));
	return device == emulation->device && strtoul(at, &at, 10) == emulation->inode &&
	       mapping->offset < emulation->first + emulation->length &&
	       mapping->offset + (mapping->end - mapping->start) > emulation->first;
}

static int designates(const struct crb_emulation *emulation, const struct mapping *mapping,
		      const struct crf_robust_list_head *head)
{
	uintptr_t word = (head->list_op_pending & ~(uintptr_t)CRF_ROBUST_MOD_PI) + (uintptr_t)head->futex_offset;
	uint64_t position;

	if (!head->list_op_pending || word < mapping->start || word >= mapping->end)
		return 0;
	position = mapping->offset + (word - mapping->start);
	return position + sizeof(uint32_t) > emulation->first && position < emulation->first + emulation->length;
}

static void clear_pending(int tid, uintptr_t head)
{
	uintptr_t none = 0;
	struct iovec local = { .iov_base = &none, .iov_len = sizeof(none) };
	struct iovec remote = {
		.iov_base = (void *)(head + offsetof(struct crf_robust_list_head, list_op_pending)),
		.iov_len = sizeof(none),
	};

	crf_syscall6(__NR_process_vm_writev, (uintptr_t)tid, (uintptr_t)&local, 1, (uintptr_t)&remote, 1, 0);
}

static void visit_thread(struct crb_emulation *emulation, const struct mapping *mapping, int tid)
{
	struct crf_robust_list_head head;
	uintptr_t address;

	emulation->found++;
	if (crf_get_robust_list(tid, &address) < 0 || !address)
		return;
	if (crf_read_memory(tid, address, &head, sizeof(head)) != sizeof(head))
		return;
	if (designates(emulation, mapping, &head))
		clear_pending(tid, address);
}

static void visit_threads(struct crb_emulation *emulation, const struct mapping *mapping, int process)
{
	int descriptor = openat(process, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *tasks = descriptor < 0 ? NULL : fdopendir(descriptor);

	if (!tasks)
		return;
	for (struct dirent *entry; (entry = readdir(tasks));) {
		if (entry->d_name[0] != '.')
			visit_thread(emulation, mapping, atoi(entry->d_name));
	}
	closedir(tasks);
}

static void visit_process(struct crb_emulation *emulation, int proc, const char *pid)
{
	int process = openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mapping mapping;

	if (process < 0)
		return;
	if (read_all(process, "maps", emulation->maps, emulation->capacity) > 0) {
		for (char *line = emulation->maps; line && *line; line = strchr(line, '\n') + 1) {
			if (parse_mapping(emulation, line, &mapping))
				visit_threads(emulation, &mapping, process);
		}
	}
	close(process);
}

long crb_emulate(void *context)
{
	struct crb_emulation *emulation = context;
	DIR *proc = opendir("/proc");

	if (!proc)
		return -errno;
	emulation->found = 0;
	for (struct dirent *entry; (entry = readdir(proc));) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			visit_process(emulation, dirfd(proc), entry->d_name);
	}
	closedir(proc);
	/* The caller maps the range itself. */
	return emulation->found ? 0 : -ESRCH;
}
