/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crf_syscalls.h"

#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "raw system calls are written for x86-64; add the instruction of this architecture to crf_syscall6()"
#endif

long crf_syscall6(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
	register uintptr_t r10 __asm__("r10") = d;
	register uintptr_t r8 __asm__("r8") = e;
	register uintptr_t r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

long crf_int80(long number, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)result;
}

static void leave(int signal)
{
	(void)signal;
	_exit(1);
}

int crf_has_int80(void)
{
	enum { NR_GETPID_32 = 20 };
	int status, pid = fork();

	if (pid == 0) {
		/* Without a handler the kernel logs the fault, which would look like one of its own. */
		signal(SIGSEGV, leave);
		_exit(crf_int80(NR_GETPID_32, 0, 0, 0, 0, 0) == getpid() ? 0 : 1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

long crf_cleanup_robust_list(uintptr_t addr, size_t len, unsigned int flags)
{
	return crf_syscall6(__NR_cleanup_robust_list, addr, len, flags, UINTPTR_MAX, UINTPTR_MAX, UINTPTR_MAX);
}

long crf_set_robust_list(struct crf_robust_list_head *head)
{
	return crf_syscall6(__NR_set_robust_list, (uintptr_t)head, sizeof(*head), 0, 0, 0, 0);
}

long crf_get_robust_list(int tid, uintptr_t *head)
{
	size_t length = 0;

	return crf_syscall6(__NR_get_robust_list, (uintptr_t)tid, (uintptr_t)head, (uintptr_t)&length, 0, 0, 0);
}

long crf_futex(uint32_t *word, int operation, uint32_t value, const struct timespec *timeout, void *second,
	       uint32_t value3)
{
	return crf_syscall6(__NR_futex, (uintptr_t)word, (uintptr_t)operation, value, (uintptr_t)timeout,
			    (uintptr_t)second, value3);
}

long crf_read_memory(int pid, uintptr_t address, void *into, size_t length)
{
	struct iovec local = { .iov_base = into, .iov_len = length };
	struct iovec remote = { .iov_base = (void *)address, .iov_len = length };

	return crf_syscall6(__NR_process_vm_readv, (uintptr_t)pid, (uintptr_t)&local, 1, (uintptr_t)&remote, 1, 0);
}

long crf_write_memory(int pid, uintptr_t address, const void *from, size_t length)
{
	struct iovec local = { .iov_base = (void *)from, .iov_len = length };
	struct iovec remote = { .iov_base = (void *)address, .iov_len = length };

	return crf_syscall6(__NR_process_vm_writev, (uintptr_t)pid, (uintptr_t)&local, 1, (uintptr_t)&remote, 1, 0);
}

long crf_mmap(uintptr_t address, size_t length, int protection, int flags, int fd, off_t offset)
{
	return crf_syscall6(__NR_mmap, address, length, (uintptr_t)protection, (uintptr_t)flags, (uintptr_t)fd,
			    (uintptr_t)offset);
}

long crf_munmap(uintptr_t address, size_t length)
{
	return crf_syscall6(__NR_munmap, address, length, 0, 0, 0, 0);
}

long crf_memfd_create(const char *name, unsigned int flags)
{
	return crf_syscall6(__NR_memfd_create, (uintptr_t)name, flags, 0, 0, 0, 0);
}

long crf_pidfd_open(int pid)
{
	return crf_syscall6(__NR_pidfd_open, (uintptr_t)pid, 0, 0, 0, 0, 0);
}

long crf_pidfd_send_signal(int pidfd, int signal)
{
	return crf_syscall6(__NR_pidfd_send_signal, (uintptr_t)pidfd, (uintptr_t)signal, 0, 0, 0, 0);
}

long crf_gettid(void)
{
	return crf_syscall6(__NR_gettid, 0, 0, 0, 0, 0, 0);
}

_Noreturn void crf_exit_thread(int status)
{
	for (;;)
		crf_syscall6(__NR_exit, (uintptr_t)status, 0, 0, 0, 0, 0);
}
