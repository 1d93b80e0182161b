/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "race.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

int wait_for_change(pid_t pid, const char *what)
{
	time_t start = now();
	int status;
	pid_t result;

	while ((result = waitpid(pid, &status, __WALL | WNOHANG)) == 0) {
		const struct timespec pause = { .tv_nsec = 20000 };

		if (now() - start > LIMIT_SECONDS)
			broken("process %d was waited for for %d s: %s", pid, LIMIT_SECONDS, what);
		nanosleep(&pause, NULL);
	}
	if (result < 0)
		broken("waitpid: %s", strerror(errno));
	return status;
}

static void become_victim(const char *program, int orders, int memory)
{
	/* Both are moved out of the way of the numbers that the victim expects. */
	int high_orders = fcntl(orders, F_DUPFD, 10);
	int high_memory = fcntl(memory, F_DUPFD, 10);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(high_orders, CRV_ORDERS);
	dup2(high_memory, CRV_MEMORY);
	close(high_orders);
	close(high_memory);
	execl(program, program, NULL);
	fprintf(stderr, "race: %s: %s\n", program, strerror(errno));
	_exit(127);
}

void start_victim(struct victim *victim, const char *role, const char *program, int memory, uint64_t page)
{
	struct crv_answer answer;
	int ends[2];

	*victim = (struct victim){ .role = role, .page = page, .lock = page + LOCK_OFFSET };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		broken("socketpair: %s", strerror(errno));
	victim->pid = fork();
	if (victim->pid < 0)
		broken("fork: %s", strerror(errno));
	if (!victim->pid)
		become_victim(program, ends[1], memory);
	close(ends[1]);
	victim->orders = ends[0];
	send_order(victim, CRV_HELLO, (uint64_t[4]){ CRV_LIBC });
	receive_answer(victim, &answer, "its greeting");
	victim->pointer_bytes = (unsigned int)answer.values[CRV_POINTER_BITS] / 8;
	victim->lock_bytes = (unsigned int)answer.values[CRV_LOCK_BYTES];
	memcpy(victim->library, answer.text, sizeof(victim->library));
	order_returning(victim, 0, "mapping the lock's memory", CRV_MAP, page, MEMORY_BYTES, 0, 0);
}

void end_victim(struct victim *victim)
{
	if (victim->pid > 0) {
		kill(victim->pid, SIGKILL);
		/* Its robust list is processed before wait(2) sees the exit. */
		wait_for_change(victim->pid, "its end");
		victim->pid = 0;
	}
	if (victim->orders >= 0)
		close(victim->orders);
	victim->orders = -1;
}

void send_order(struct victim *victim, enum crv_code code, const uint64_t arguments[4])
{
	struct crv_order order = { .code = code };

	memcpy(order.arguments, arguments, sizeof(order.arguments));
	if (send(victim->orders, &order, sizeof(order), MSG_NOSIGNAL) != sizeof(order))
		broken("%s cannot be given order %d: %s", victim->role, code, strerror(errno));
}

bool has_answer(const struct victim *victim)
{
	struct pollfd waiting = { .fd = victim->orders, .events = POLLIN };

	return poll(&waiting, 1, 0) == 1;
}

int64_t receive_answer(struct victim *victim, struct crv_answer *answer, const char *what)
{
	struct pollfd waiting = { .fd = victim->orders, .events = POLLIN };

	if (poll(&waiting, 1, LIMIT_SECONDS * 1000) != 1)
		broken("%s did not answer within %d s: %s", victim->role, LIMIT_SECONDS, what);
	if (read(victim->orders, answer, sizeof(*answer)) != sizeof(*answer))
		broken("%s is gone; expected %s", victim->role, what);
	return answer->value;
}

int64_t order(struct victim *victim, enum crv_code code, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct crv_answer answer;

	send_order(victim, code, (uint64_t[4]){ a, b, c, d });
	return receive_answer(victim, &answer, "an answer to its order");
}

void order_returning(struct victim *victim, int64_t expected, const char *what, enum crv_code code, uint64_t a,
		     uint64_t b, uint64_t c, uint64_t d)
{
	int64_t value = order(victim, code, a, b, c, d);

	if (value != expected)
		broken("%s of %s: expected %lld, observed %lld", what, victim->role, (long long)expected, (long long)value);
}

void find_head(struct victim *victim)
{
	struct crv_answer answer;

	send_order(victim, CRV_HEAD, (uint64_t[4]){ 0 });
	if (receive_answer(victim, &answer, "its robust list head") || !answer.values[0])
		broken("%s has no robust list head", victim->role);
	victim->head = answer.values[0];
}

uint64_t load_pointer(const struct victim *victim, uint64_t address)
{
	uint64_t wide = 0;
	uint32_t narrow = 0;
	bool is_wide = victim->pointer_bytes == 8;
	struct iovec local = { is_wide ? (void *)&wide : (void *)&narrow, victim->pointer_bytes };
	struct iovec remote = { (void *)(uintptr_t)address, victim->pointer_bytes };

	if (process_vm_readv(victim->pid, &local, 1, &remote, 1, 0) != (ssize_t)victim->pointer_bytes)
		broken("the robust list of %s cannot be read: %s", victim->role, strerror(errno));
	return is_wide ? wide : narrow;
}

uint64_t pending_operation(const struct victim *victim)
{
	/* struct robust_list_head: list, futex_offset, list_op_pending. */
	return load_pointer(victim, victim->head + 2 * victim->pointer_bytes) & ~1ULL;
}

char state_of(const struct victim *victim)
{
	char path[40], text[256];
	int file;

	snprintf(path, sizeof(path), "/proc/%d/stat", victim->pid);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		broken("%s: %s", path, strerror(errno));
	ssize_t count = read(file, text, sizeof(text) - 1);

	close(file);
	text[count > 0 ? count : 0] = 0;
	const char *name_end = strrchr(text, ')');

	if (!name_end || !name_end[1])
		broken("%s makes no sense: %s", path, text);
	return name_end[2];
}
