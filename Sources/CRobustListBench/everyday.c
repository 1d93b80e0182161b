/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "crb_everyday.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "CRobustFutex.h"

static void *do_nothing(void *unused)
{
	return unused;
}

long crb_create_thread(void *unused)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, do_nothing, unused);

	return error ? -error : -pthread_join(thread, NULL);
}

static long reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return status ? -ECHILD : 0;
}

long crb_fork(void *unused)
{
	pid_t pid = fork();

	(void)unused;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : reap(pid);
}

/* A static executable whose whole code is exit(0). */
struct program {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	unsigned char code[9];
};

static const uintptr_t program_address = 0x400000;

long crb_make_program(void)
{
	const struct program program = {
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = program_address + offsetof(struct program, code),
			.e_phoff = offsetof(struct program, segment),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 1,
		},
		.segment = {
			.p_type = PT_LOAD,
			.p_flags = PF_R | PF_X,
			.p_vaddr = program_address,
			.p_filesz = sizeof(struct program),
			.p_memsz = sizeof(struct program),
			.p_align = 4096,
		},
		/* xor %edi, %edi; mov $60, %eax; syscall */
		.code = { 0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05 },
	};
	long file = crf_memfd_create("robust-list-bench-program", MFD_CLOEXEC);

	if (file < 0)
		return file;
	if (write((int)file, &program, sizeof(program)) != sizeof(program))
		return -errno;
	return file;
}

long crb_spawn(void *descriptor)
{
	char path[32], *arguments[] = { path, NULL };
	pid_t pid;
	int error;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *(int *)descriptor);
	error = posix_spawn(&pid, path, NULL, NULL, arguments, arguments + 1);
	return error ? -error : reap(pid);
}

long crb_map(void *context)
{
	struct crb_page *page = context;

	page->address = mmap(NULL, page->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page->address == MAP_FAILED ? -errno : 0;
}

long crb_map_touched(void *context)
{
	const struct crb_page *page = context;
	long result = crb_map(context);

	if (result < 0)
		return result;
	memset(page->address, 1, page->length);
	return 0;
}

long crb_unmap(void *context)
{
	const struct crb_page *page = context;

	return munmap(page->address, page->length) ? -errno : 0;
}

long crb_register_head(void *unused)
{
	uintptr_t head;
	long result = crf_get_robust_list(0, &head);

	(void)unused;
	return result < 0 ? result : crf_set_robust_list((struct crf_robust_list_head *)head);
}
