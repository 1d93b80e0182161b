/* SPDX-License-Identifier: MIT */
#include "init.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The kernel tells the command's processes by SIGWINCH. */
static void set_window(const struct terminal *terminal, const char *window)
{
	struct winsize size = { 0 };

	if (sscanf(window, "%hux%hu", &size.ws_col, &size.ws_row) == 2)
		ioctl(terminal->master, TIOCSWINSZ, &size);
}

void open_terminal(struct terminal *terminal, const char *window)
{
	int unlocked = 0;
	unsigned int number;

	terminal->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (terminal->master < 0)
		fail_call("open /dev/ptmx");
	if (ioctl(terminal->master, TIOCSPTLCK, &unlocked) || ioctl(terminal->master, TIOCGPTN, &number))
		fail_call("number of the terminal");
	snprintf(terminal->path, sizeof(terminal->path), "/dev/pts/%u", number);
	set_window(terminal, window);
}

static void take_keys(struct terminal *terminal, const char *hexadecimal)
{
	unsigned int byte;

	for (; sscanf(hexadecimal, "%2x", &byte) == 1; hexadecimal += 2) {
		char key = (char)byte;

		append(&terminal->pending, &key, 1);
		if (!hexadecimal[1])
			break;
	}
	flush_terminal(terminal);
}

void tell_terminal(struct terminal *terminal, const struct message *event)
{
	if (is_verb(event, "keys") && field(event, "bytes", 0))
		take_keys(terminal, field(event, "bytes", 0));
	if (is_verb(event, "window") && field(event, "size", 0))
		set_window(terminal, field(event, "size", 0));
}

/* Passes on as many keys as there is room for. */
void flush_terminal(struct terminal *terminal)
{
	struct bytes *pending = &terminal->pending;

	while (pending->length) {
		ssize_t count = write(terminal->master, pending->data, pending->length);

		if (count <= 0)
			return;
		pending->length -= (size_t)count;
		memmove(pending->data, pending->data + count, pending->length);
	}
}
