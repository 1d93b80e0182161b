/* SPDX-License-Identifier: MIT */
#include "init.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <unistd.h>

static void end_machine(void) __attribute__((noreturn));

static void end_machine(void)
{
	sync();
	/* QEMU ends instead of rebooting (-no-reboot); powering off would take ACPI. */
	reboot(RB_AUTOBOOT);
	printf("guest-init: the end of the machine failed: %s\n", strerror(errno));
	/* The kernel panics when its init ends, and that ends the machine. */
	_exit(1);
}

static void give_up(const char *reason) __attribute__((noreturn));

static void give_up(const char *reason)
{
	static int again;
	struct bytes message = { 0 };

	/* The console is where the host looks when the ports never spoke. */
	printf("guest-init: %s\n", reason);
	fflush(stdout);
	if (control >= 0 && !again++) {
		append_item(&message, "failed");
		append_item(&message, "reason=%s", reason);
		send_message(&message);
		wait_for_farewell();
	}
	end_machine();
}

void fail(const char *format, ...)
{
	char reason[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	give_up(reason);
}

void fail_call(const char *format, ...)
{
	char reason[512];
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length < sizeof(reason))
		snprintf(reason + length, sizeof(reason) - (size_t)length, ": %s", strerror(error));
	give_up(reason);
}

int main(void)
{
	struct bytes ready = { 0 };
	struct message request;
	struct utsname names;

	if (getpid() != 1) {
		fprintf(stderr, "guest-init: is PID 1 of a guest that ./qemu/run boots; it does nothing elsewhere\n");
		return 64;
	}
	prepare_image();
	open_control();
	uname(&names);
	append_item(&ready, "ready");
	append_item(&ready, "release=%s", names.release);
	send_message(&ready);
	receive_message(&request);
	if (!is_verb(&request, "run") || !field(&request, "root", 0) || !field(&request, "directory", 0) ||
	    !field(&request, "argument", 0))
		fail("a request that is none: %s", request.items[0]);
	enter_root(&request);
	if (run_command(&request))
		wait_for_farewell();
	end_machine();
}
