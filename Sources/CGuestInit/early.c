// SPDX-License-Identifier: MIT
// In C because this has to happen before the Swift runtime's own constructors, which look up the
// program's path in /proc and abort when they cannot. PID 1 starts with nothing mounted.
#include "CGuestInit.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

// 101 is the first priority that is not the implementation's; the runtime's have none and come later.
__attribute__((constructor(101))) static void mount_proc_before_runtime(void)
{
	if (getpid() != 1)
		return;
	// A failure shows at once: the runtime ends the process and the kernel reports it.
	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
}
