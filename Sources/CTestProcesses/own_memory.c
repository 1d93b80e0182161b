/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_own_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include "crf_syscalls.h"

static long open_perf_event(void)
{
	/* Without privilege the kernel may not be part of what is counted. */
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
	};

	return crf_syscall6(__NR_perf_event_open, (uintptr_t)&event, 0, (uintptr_t)-1, (uintptr_t)-1,
			    PERF_FLAG_FD_CLOEXEC, 0);
}

long ctp_create_bpf_array(size_t bytes)
{
	union bpf_attr array = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(uint32_t),
		.value_size = bytes,
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};

	return crf_syscall6(__NR_bpf, BPF_MAP_CREATE, (uintptr_t)&array, sizeof(array), 0, 0, 0);
}

long ctp_reopen_bpf_map(int map)
{
	struct bpf_map_info info = { 0 };
	union bpf_attr query = {
		.info = {
			.bpf_fd = map,
			.info_len = sizeof(info),
			.info = (uintptr_t)&info,
		},
	};
	long result = crf_syscall6(__NR_bpf, BPF_OBJ_GET_INFO_BY_FD, (uintptr_t)&query, sizeof(query), 0, 0, 0);

	if (result)
		return result;

	union bpf_attr again = { .map_id = info.id };

	return crf_syscall6(__NR_bpf, BPF_MAP_GET_FD_BY_ID, (uintptr_t)&again, sizeof(again), 0, 0, 0);
}

long ctp_open_own_memory(enum ctp_own_memory kind)
{
	switch (kind) {
	case CTP_PERF_EVENT:
		return open_perf_event();
	case CTP_BPF_ARRAY:
		return ctp_create_bpf_array(CTP_OWN_MEMORY_BYTES);
	}
	return -EINVAL;
}
