/* SPDX-License-Identifier: MIT */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char directory[] = "/dev/virtio-ports";

int control = -1;
static struct bytes received;

static int read_line(const char *path, char *line, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return -1;
	ssize_t count = read(file, line, size - 1);

	close(file);
	if (count <= 0)
		return -1;
	line[count] = 0;
	line[strcspn(line, "\n")] = 0;
	return 0;
}

/* There is no udev here to do so. Names come from QEMU, which may be behind. */
static void name_ports(void)
{
	static const char base[] = "/sys/class/virtio-ports";
	struct dirent *entry;
	char path[PATH_MAX], target[300], name[128];

	make_directories(directory);
	DIR *ports = opendir(base);

	if (!ports)
		return;
	while ((entry = readdir(ports))) {
		snprintf(path, sizeof(path), "%s/%s/name", base, entry->d_name);
		if (strncmp(entry->d_name, "vport", 5) || read_line(path, name, sizeof(name)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, name);
		snprintf(target, sizeof(target), "/dev/%s", entry->d_name);
		if (symlink(target, path) && errno != EEXIST)
			fail_call("symlink %s", path);
	}
	closedir(ports);
}

/* The descriptor stays blocking: a write then returns when the host has taken it. */
int open_port(const char *name)
{
	enum { LIMIT_SECONDS = 30, TRIES_A_SECOND = 100 };
	const struct timespec pause = { .tv_nsec = 1000000000 / TRIES_A_SECOND };
	char path[128];
	int file;

	snprintf(path, sizeof(path), "%s/org.robust-futex.%s", directory, name);
	for (int tries = 0; (file = open(path, O_RDWR | O_CLOEXEC)) < 0; tries++) {
		if (errno != ENOENT || tries == LIMIT_SECONDS * TRIES_A_SECOND)
			fail_call("open %s", path);
		nanosleep(&pause, NULL);
		name_ports();
	}
	return file;
}

void write_all(int file, const void *data, size_t length)
{
	while (length) {
		ssize_t count = write(file, data, length);

		if (count < 0 && errno != EINTR)
			fail_call("write to the host");
		if (count > 0) {
			data = (const char *)data + count;
			length -= (size_t)count;
		}
	}
}

int read_some(int file, struct bytes *into, int *ended)
{
	static char chunk[65536];
	ssize_t count;

	do {
		count = read(file, chunk, sizeof(chunk));
	} while (count < 0 && errno == EINTR);
	/* A terminal that no process has open any more says EIO. */
	*ended = !count || (count < 0 && errno == EIO);
	if (count <= 0)
		return 0;
	append(into, chunk, (size_t)count);
	return 1;
}

void open_control(void)
{
	control = open_port("control");
}

/* A report that cannot be sent cannot be reported either: the host's limits end the run. */
void send_message(struct bytes *message)
{
	struct bytes framed = { 0 };
	char length[24];

	append(&framed, length, (size_t)snprintf(length, sizeof(length), "%zu:", message->length));
	append(&framed, message->data, message->length);
	append(&framed, ",", 1);
	for (size_t sent = 0; sent < framed.length;) {
		ssize_t count = write(control, framed.data + sent, framed.length - sent);

		if (count < 0 && errno != EINTR)
			break;
		if (count > 0)
			sent += (size_t)count;
	}
	free(framed.data);
	free(message->data);
	*message = (struct bytes){ 0 };
}

void read_control(void)
{
	int ended;

	if (!read_some(control, &received, &ended) && ended)
		fail("the host closed the control port");
}

int next_message(struct message *message)
{
	enum taken taken = take_message(&received, message);

	if (taken == TAKEN_NONSENSE)
		fail("the host's bytes make no sense");
	return taken == TAKEN_MESSAGE;
}

void receive_message(struct message *message)
{
	while (!next_message(message)) {
		struct pollfd waiting = { .fd = control, .events = POLLIN };

		if (poll(&waiting, 1, -1) < 0 && errno != EINTR)
			fail_call("wait for the host");
		read_control();
	}
}

/* The host says it once it has all output. It ends the guest itself when that takes too long. */
void wait_for_farewell(void)
{
	struct message message;
	int is_farewell;

	do {
		receive_message(&message);
		is_farewell = is_verb(&message, "farewell");
		free_message(&message);
	} while (!is_farewell);
}
