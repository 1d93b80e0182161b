/* SPDX-License-Identifier: MIT */
/*
 * A program that knows nothing of the preload, and sees which system calls are made in it: a seccomp filter lets the
 * number of cleanup_robust_list(2) end in a SIGSYS, whose handler notes the arguments and answers. SUBJECT_KERNEL says
 * for which kernel: one that has the call if there is no such variable, one without it ("none"), or one in which the
 * number is another call's ("another").
 *
 * Prints a line for each call, "call OFFSET LENGTH FLAGS", with the offset from the memory that the action is about;
 * "questions COUNT" of those that are about no memory if SUBJECT_KERNEL is there; then "result VALUE errno VALUE" of the
 * action.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { NUMBER = 473, PAGE = 4096, MOST = 64 };

static struct {
	uintptr_t address;
	size_t length;
	unsigned int flags;
} calls[MOST];
/* The C library declares its functions as ones that touch nothing of the program's. */
static volatile int count, questions;
static const char *kernel;

static void note(int signal, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uintptr_t address = (uintptr_t)registers[REG_RDI];
	size_t length = (size_t)registers[REG_RSI];
	unsigned int flags = (unsigned int)registers[REG_RDX];

	(void)signal;
	(void)info;
	if (!address) {
		questions++;
	} else {
		if (count < MOST) {
			calls[count].address = address;
			calls[count].length = length;
			calls[count].flags = flags;
		}
		count++;
	}
	if (!kernel)
		registers[REG_RAX] = flags & ~128u ? -EINVAL : 0;
	else
		registers[REG_RAX] = strcmp(kernel, "another") ? -ENOSYS : -EFAULT;
}

static void watch(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NUMBER, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	struct sigaction action = { .sa_sigaction = note, .sa_flags = SA_SIGINFO };

	kernel = getenv("SUBJECT_KERNEL");
	if (sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("subject: seccomp");
		exit(2);
	}
}

static char *memory;

static void *map(int pages, int flags)
{
	memory = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("subject: mmap");
		exit(2);
	}
	return memory;
}

static pthread_mutex_t *make(int robust)
{
	pthread_mutex_t *mutex = map(1, MAP_SHARED);
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, robust ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(mutex, &attributes);
#ifndef __GLIBC__
	/* By glibc's layout it is robust. musl has no use for that word. */
	((int *)mutex)[4] = 16;
#endif
	return mutex;
}

/* By the function of that name. */
static void lock(const char *how, int robust)
{
	pthread_mutex_t *mutex = make(robust);
	struct timespec until = { 0 };

	clock_gettime(CLOCK_REALTIME, &until);
	if (!strcmp(how, "trylock"))
		pthread_mutex_trylock(mutex);
	else if (!strcmp(how, "timedlock"))
		pthread_mutex_timedlock(mutex, &until);
	else if (!strcmp(how, "clocklock"))
		pthread_mutex_clocklock(mutex, CLOCK_REALTIME, &until);
	else
		pthread_mutex_lock(mutex);
	pthread_mutex_unlock(mutex);
}

static long unmapping(const char *what)
{
	if (!strcmp(what, "munmap"))
		return munmap(map(3, MAP_PRIVATE), 2 * PAGE);
	if (!strcmp(what, "munmap-nothing"))
		return munmap(map(1, MAP_PRIVATE), 0);
	if (!strcmp(what, "munmap-huge"))
		return munmap(map(1, MAP_PRIVATE), PTRDIFF_MAX);
	if (!strcmp(what, "munmap-part"))
		return munmap(map(3, MAP_PRIVATE), PAGE + 1);
	if (!strcmp(what, "munmap-unaligned"))
		return munmap((char *)map(3, MAP_PRIVATE) + 1, PAGE);
	if (!strcmp(what, "mmap-noreplace"))
		return mmap(map(2, MAP_PRIVATE), PAGE, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED ? -1 : 0;
	if (!strcmp(what, "mremap-shrink-little"))
		return mremap(map(2, MAP_PRIVATE), 2 * PAGE, 100, 0) == memory ? 0 : -1;
	if (!strcmp(what, "mmap-fixed"))
		return mmap(map(2, MAP_PRIVATE), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
				       memory ? 0 : -1;
	if (!strcmp(what, "mmap-fixed-file"))
		return mmap(map(2, MAP_SHARED), PAGE, PROT_READ, MAP_SHARED | MAP_FIXED,
			    memfd_create("subject", MFD_CLOEXEC), 0) == memory ? 0 : -1;
	if (!strcmp(what, "mmap"))
		return map(1, MAP_PRIVATE) ? 0 : -1;
	if (!strcmp(what, "mremap-shrink"))
		return mremap(map(4, MAP_PRIVATE), 4 * PAGE, PAGE, 0) == memory ? 0 : -1;
	if (!strcmp(what, "mremap-grow"))
		return mremap(map(1, MAP_PRIVATE), PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0;
	if (!strcmp(what, "mremap-nothing"))
		return mremap(map(2, MAP_PRIVATE), 2 * PAGE, 0, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0;
	if (!strcmp(what, "mremap-overlap")) {
		char *from = map(3, MAP_PRIVATE);

		return mremap(from, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, from + PAGE) == MAP_FAILED ?
			       -1 : 0;
	}
	if (!strcmp(what, "mremap-fixed-only")) {
		char *from = map(4, MAP_PRIVATE);

		return mremap(from, PAGE, PAGE, MREMAP_FIXED, from + 2 * PAGE) == MAP_FAILED ? -1 : 0;
	}
	if (!strcmp(what, "mremap-fixed")) {
		char *from = map(8, MAP_PRIVATE);

		return mremap(from, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, from + 4 * PAGE) == from + 4 * PAGE ?
			       0 : -1;
	}
	if (!strcmp(what, "mremap-unaligned")) {
		char *from = map(8, MAP_PRIVATE);

		return mremap(from + 1, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, from + 4 * PAGE) == MAP_FAILED ?
			       -1 : 0;
	}
	if (!strcmp(what, "mremap-unknown"))
		return mremap(map(4, MAP_PRIVATE), 4 * PAGE, PAGE, 0x40000000) == MAP_FAILED ? -1 : 0;
	if (!strcmp(what, "mremap-dontunmap-part"))
		return mremap(map(4, MAP_PRIVATE), 4 * PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP) == MAP_FAILED ?
			       -1 : 0;
	if (!strcmp(what, "shmdt-file")) {
		int file = memfd_create("subject", MFD_CLOEXEC);

		if (ftruncate(file, PAGE))
			return -2;
		memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
		return shmdt(memory);
	}
	if (!strcmp(what, "shmdt") || !strcmp(what, "shmdt-beside")) {
		int segment = shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600);

		char *place = NULL;

		/* Twice, one right behind the other, of which the first is detached. */
		if (!strcmp(what, "shmdt-beside")) {
			place = mmap(NULL, 6 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			/* Not by the function that is watched. */
			syscall(SYS_munmap, place, 6 * PAGE);
			if (shmat(segment, place + 3 * PAGE, 0) != place + 3 * PAGE)
				return -2;
		}
		memory = shmat(segment, place, 0);
		shmctl(segment, IPC_RMID, NULL);
		return memory == (void *)-1 ? -1 : shmdt(memory);
	}
	fprintf(stderr, "subject: unknown action %s\n", what);
	exit(64);
}

static int early_result = -1;

/* Runs before the constructors of every library, that of the preload among them. */
static void destroy_early(int arguments, char **argument, char **environment)
{
	(void)environment;
	if (arguments != 2 || strcmp(argument[1], "early"))
		return;
	watch();
	early_result = pthread_mutex_destroy(make(1));
}
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **, char **) = destroy_early;

static long act(const char *what, const char *argument)
{
	if (!strcmp(what, "destroy"))
		return pthread_mutex_destroy(make(1));
	if (!strcmp(what, "destroy-plain"))
		return pthread_mutex_destroy(make(0));
	if (!strcmp(what, "destroy-two"))
		return pthread_mutex_destroy(make(1)) + pthread_mutex_destroy(make(1));
	if (!strcmp(what, "destroy-again")) {
		pthread_mutex_t *mutex = make(argument != NULL);

		return pthread_mutex_destroy(mutex) + pthread_mutex_destroy(mutex);
	}
	if (!strcmp(what, "early"))
		return early_result;
	if (!strcmp(what, "dlopened")) {
		void *library = dlopen(argument, RTLD_NOW);
		int (*destroy)(pthread_mutex_t *) =
			library ? (int (*)(pthread_mutex_t *))dlsym(library, "destroy_it") : NULL;

		return destroy ? destroy(make(1)) : -1;
	}
	lock(argument ? argument : "lock", strcmp(what, "munmap-plain"));
	count = 0;
	return unmapping(strcmp(what, "munmap-plain") ? what : "munmap");
}

int main(int arguments, char **argument)
{
	if (arguments < 2)
		return 64;
	if (!strcmp(argument[1], "where")) {
		Dl_info info = { 0 };

		dladdr(dlsym(RTLD_DEFAULT, "pthread_mutex_destroy"), &info);
		puts(info.dli_fname ? info.dli_fname : "?");
		return 0;
	}
	if (strcmp(argument[1], "early"))
		watch();
	if (arguments > 2 && !strcmp(argument[2], "fork")) {
		int status;
		pid_t child = fork();

		if (child)
			return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : 2;
		argument[2] = NULL;
	}
	errno = EXDEV;
	long result = act(argument[1], argument[2]);
	int error = errno;

	for (int i = 0; i < count && i < MOST; i++)
		printf("call %ld %zu %#x\n", (long)(calls[i].address - (uintptr_t)memory), calls[i].length,
		       calls[i].flags);
	if (kernel)
		printf("questions %d\n", questions);
	printf("result %ld errno %d\n", result, error == EXDEV ? 0 : error);
	return 0;
}
