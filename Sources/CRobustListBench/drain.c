/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crb_drain.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "CRobustFutex.h"
#include "CTestProcesses.h"
#include "crb_everyday.h"
#include "crb_peer.h"
#include "handshake.h"

enum { PAGE_BYTES = 4096, PATIENCE_MS = 10000 };

struct crb_exec {
	struct crb_range range;
	int file;       /* with the range; the process maps it */
	int program;    /* what the process executes */
	int pid;
	int faults;     /* userfaultfd of the process */
	uintptr_t page; /* of the head, in the process; withheld */
	char *copy;     /* what is given in its place: an empty list */
	/* Rounds that the giver has been told to do, has done; and those it had done when the call returned. */
	uint32_t told;
	uint32_t done;
	uint32_t done_in_call;
};

static long open_userfaultfd(void)
{
	return crf_syscall6(__NR_userfaultfd, O_CLOEXEC, 0, 0, 0, 0, 0);
}

long crb_probe_userfaultfd(void)
{
	long file = open_userfaultfd();

	if (file < 0)
		return file;
	close((int)file);
	return 0;
}

static void *give_pages(void *context)
{
	struct crb_exec *exec = context;
	struct sched_param parameters = { 0 };

	pthread_setschedparam(pthread_self(), SCHED_BATCH, &parameters);
	for (uint32_t round = 1;; round++) {
		struct uffdio_copy copy = { .src = (uintptr_t)exec->copy, .len = PAGE_BYTES };

		await(&exec->told, round);
		copy.dst = exec->page;
		crf_store32(&exec->done, round);
		if (ioctl(exec->faults, UFFDIO_COPY, &copy))
			return NULL;
	}
}

long crb_make_exec(struct crb_exec **result, int file, struct crb_range range)
{
	struct crb_exec *exec = calloc(1, sizeof(*exec));
	const struct sched_param first = { .sched_priority = 1 };
	long program = crb_make_program(), copy;
	pthread_t giver;

	if (!exec)
		return -ENOMEM;
	if (program < 0)
		return program;
	copy = crf_mmap(0, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (copy < 0)
		return copy;
	/* Without the privilege the caller gets the processor a little later. */
	sched_setscheduler(0, SCHED_FIFO, &first);
	exec->range = range;
	exec->file = file;
	exec->program = (int)program;
	exec->copy = (char *)copy;
	*result = exec;
	return -pthread_create(&giver, NULL, give_pages, exec);
}

/* In the process: a page that is withheld. Its userfaultfd, or -errno. */
static long withhold(uintptr_t page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = { .range = { .start = page, .len = PAGE_BYTES },
					.mode = UFFDIO_REGISTER_MODE_MISSING };
	long faults = open_userfaultfd();

	if (faults >= 0 && (ioctl((int)faults, UFFDIO_API, &api) || ioctl((int)faults, UFFDIO_REGISTER, &area)))
		return -errno;
	return faults;
}

static _Noreturn void run_process(const struct crb_exec *exec, int socket, int parent)
{
	char *arguments[] = { "exec", NULL };
	struct sched_param parameters = { 0 };
	long page, faults;
	int descriptor;

	if (ctp_die_with_parent(parent) < 0 ||
	    crf_mmap(0, exec->range.length, PROT_READ | PROT_WRITE, MAP_SHARED, exec->file, 0) < 0)
		_exit(1);
	page = crf_mmap(0, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	faults = page < 0 ? page : withhold((uintptr_t)page);
	descriptor = (int)faults;
	if (faults < 0 || ctp_send(socket, &page, sizeof(page), &descriptor, 1) < 0 ||
	    crf_set_robust_list((struct crf_robust_list_head *)page) < 0)
		_exit(1);
	/* The caller goes on as soon as the cleanup is over, not when this process has nothing more to do. */
	sched_setscheduler(0, SCHED_IDLE, &parameters);
	crf_syscall6(__NR_execveat, (uintptr_t)exec->program, (uintptr_t)"", (uintptr_t)arguments,
		     (uintptr_t)(arguments + 1), AT_EMPTY_PATH, 0);
	_exit(1);
}

/* The process is asleep in its cleanup once it has asked for the page. */
static long await_fault(struct crb_exec *exec)
{
	struct pollfd readable = { .fd = exec->faults, .events = POLLIN };
	struct uffd_msg fault;
	int found = poll(&readable, 1, PATIENCE_MS);

	if (found != 1)
		return found ? -errno : -ETIMEDOUT;
	if (read(exec->faults, &fault, sizeof(fault)) != sizeof(fault))
		return -EIO;
	return 0;
}

/* The head's address and the process's userfaultfd. */
static long receive_page(struct crb_exec *exec, int socket)
{
	int descriptors[CTP_MESSAGE_DESCRIPTORS];
	long length = ctp_receive(socket, &exec->page, sizeof(exec->page), descriptors, PATIENCE_MS);

	if (length != sizeof(exec->page))
		return length < 0 ? length : -ECHILD;
	exec->faults = descriptors[0];
	((struct crf_robust_list_head *)exec->copy)->next = exec->page;
	return 0;
}

long crb_begin_exec(void *context)
{
	struct crb_exec *exec = context;
	int parent = getpid(), ends[2];
	long result = ctp_socket_pair(ends);

	if (result < 0)
		return result;
	exec->pid = fork();
	if (exec->pid == 0)
		run_process(exec, ends[1], parent);
	result = exec->pid < 0 ? -errno : 0;
	close(ends[1]);
	if (!result)
		result = receive_page(exec, ends[0]);
	close(ends[0]);
	if (!result)
		result = await_fault(exec);
	if (!result)
		publish(&exec->told, crf_load32(&exec->told) + 1);
	else if (exec->pid > 0)
		crb_end_peer(exec->pid);
	return result;
}

long crb_drain(void *context)
{
	struct crb_exec *exec = context;
	long result = crf_cleanup_robust_list(exec->range.address, exec->range.length, exec->range.flags);

	exec->done_in_call = crf_load32(&exec->done);
	return result;
}

long crb_end_exec(void *context)
{
	struct crb_exec *exec = context;
	int status;

	while (waitpid(exec->pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	close(exec->faults);
	if (status)
		return -ECHILD;
	return exec->done_in_call == crf_load32(&exec->told) ? 0 : -EBADMSG;
}
