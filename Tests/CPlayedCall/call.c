/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "CPlayedCall.h"

#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local struct cpc_script played;

void cpc_play(struct cpc_script script)
{
	played = script;
}

static void act_on_memory(uintptr_t addr)
{
	struct robust_list_head *head = NULL;
	size_t length;

	if (syscall(SYS_get_robust_list, 0, &head, &length) || !head || !head->list_op_pending)
		return;
	uintptr_t word = (uintptr_t)head->list_op_pending + (uintptr_t)head->futex_offset;
	int is_word = word == addr;

	if (played.effect == CPC_CLEAR_ANY || (is_word && played.effect != CPC_CLEAR_NOTHING))
		head->list_op_pending = NULL;
	if (is_word && played.effect == CPC_WRITE_WORD)
		((uint32_t *)word)[0] = 0;
	if (is_word && played.effect == CPC_WRITE_NEIGHBOUR)
		((uint32_t *)word)[1] = 0;
}

static long unknown_flags(void)
{
	sigset_t none;

	switch (played.end) {
	case CPC_SIGNAL:
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal((int)played.unknown_flags, SIG_DFL);
		kill(getpid(), (int)played.unknown_flags);
		/* fallthrough */
	case CPC_HANG:
		for (;;)
			pause();
	case CPC_EXIT:
		_exit(0);
	case CPC_RETURN:
		break;
	}
	return played.unknown_flags;
}

long cpc_call(uintptr_t addr, size_t len, unsigned int flags, uintptr_t spare)
{
	(void)len;
	if (flags & ~128u)
		return spare ? unknown_flags() : played.list_limit;
	if (!addr)
		return played.hole;
	act_on_memory(addr);
	return played.memory;
}
