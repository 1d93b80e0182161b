/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* GuestPath.events of Sources/GuestProtocol/Names.swift. */
static const char events_path[] = "/run/events";

enum { OUTPUT, ERROR, EVENTS, PUMPS };

/*
 * Moves bytes from a pipe of the command's to a port, and counts them.
 *
 * The command does not get the port itself: a port can be opened once only, so /dev/stderr would fail, and a program that
 * writes in small pieces would wait for the host each time.
 */
struct pump {
	int source;
	int port;
	size_t sent;
	int ended; /* the command and its children have all closed their end */
};

static int move(struct pump *pump)
{
	static struct bytes bytes;

	bytes.length = 0;
	if (!read_some(pump->source, &bytes, &pump->ended))
		return 0;
	write_all(pump->port, bytes.data, bytes.length);
	pump->sent += bytes.length;
	return 1;
}

/* Returns the end that the command writes to. */
static int open_pump(struct pump *pump, const char *port)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) || fcntl(ends[0], F_SETFL, O_NONBLOCK))
		fail_call("pipe");
	*pump = (struct pump){ .source = ends[0], .port = open_port(port) };
	return ends[1];
}

static char **values(const struct message *request, const char *name)
{
	char **values = calloc(request->count + 1, sizeof(*values));

	if (!values)
		fail("no memory for the command");
	for (size_t i = 0; (values[i] = field(request, name, i));)
		i++;
	return values;
}

/* Starts the command in a session of its own. Returns 0 or an error number. */
static int start(const struct message *request, const struct terminal *terminal, int output, int error,
		 pid_t *child)
{
	char **arguments = values(request, "argument");
	char **environment = values(request, "environment");
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;

	sigemptyset(&none);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
	posix_spawn_file_actions_init(&actions);
	if (terminal) {
		/* The first terminal that the leader of a session opens is the session's. */
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, terminal->path, O_RDWR, 0);
		posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO, STDERR_FILENO);
	} else {
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
		posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO);
	}
	/* posix_spawnp() searches the caller's PATH, not that of the new environment. */
	for (char **entry = environment; *entry; entry++) {
		if (!strncmp(*entry, "PATH=", 5))
			setenv("PATH", *entry + 5, 1);
	}
	int result = posix_spawnp(child, arguments[0], &actions, &attributes, arguments, environment);

	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	free(arguments);
	free(environment);
	return result;
}

static void print_blocked_tasks(void)
{
	int file = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	/* What every blocked task waits in, and what the processors do. A user's own kernel may not be able to. */
	if (file < 0 || write(file, "w", 1) != 1 || write(file, "l", 1) != 1)
		printf("guest-init: no blocked tasks: /proc/sysrq-trigger: %s\n", strerror(errno));
	fflush(stdout);
	if (file >= 0)
		close(file);
}

static void report(const char *verb)
{
	struct bytes message = { 0 };

	append_item(&message, "%s", verb);
	send_message(&message);
}

static void report_end(const struct pump *pumps, const char *kind, int value)
{
	struct bytes message = { 0 };

	append_item(&message, "ended");
	append_item(&message, "output=%zu", pumps[OUTPUT].sent);
	append_item(&message, "error=%zu", pumps[ERROR].sent);
	append_item(&message, "events=%zu", pumps[EVENTS].sent);
	append_item(&message, "%s=%d", kind, value);
	send_message(&message);
}

/* Reaps the command, or an orphan that init adopted. Returns true and the status of `child` once it is that one. */
static int reap(int deaths, pid_t child, int *child_status)
{
	struct signalfd_siginfo information;
	pid_t pid;
	int status;
	int ended = 0;

	if (read(deaths, &information, sizeof(information)) < 0 && errno != EINTR)
		fail_call("read signalfd");
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == child) {
			*child_status = status;
			ended = 1;
		}
	}
	return ended;
}

/* Does what the host says meanwhile; returns false when it does not wait any longer. */
static int obey(struct terminal *terminal)
{
	struct message message;
	int goes_on = 1;

	read_control();
	while (next_message(&message)) {
		if (terminal)
			tell_terminal(terminal, &message);
		if (is_verb(&message, "show-blocked-tasks")) {
			print_blocked_tasks();
			report("blocked-tasks-shown");
		}
		if (is_verb(&message, "farewell"))
			goes_on = 0;
		free_message(&message);
	}
	return goes_on;
}

static int open_deaths(void)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	int file = signalfd(-1, &mask, SFD_CLOEXEC);

	if (file < 0)
		fail_call("signalfd");
	return file;
}

/* Passes output on until `child` ends; returns false when the host does not wait for that. */
static int wait_for(pid_t child, int deaths, struct pump *pumps, struct terminal *terminal, int *status)
{
	enum { DEATHS = PUMPS, CONTROL, FILES };

	for (;;) {
		struct pollfd waiting[FILES];

		for (int i = 0; i < PUMPS; i++)
			waiting[i] = (struct pollfd){ .fd = pumps[i].ended ? -1 : pumps[i].source, .events = POLLIN };
		if (terminal && terminal->pending.length)
			waiting[OUTPUT].events |= POLLOUT;
		waiting[DEATHS] = (struct pollfd){ .fd = deaths, .events = POLLIN };
		waiting[CONTROL] = (struct pollfd){ .fd = control, .events = POLLIN };
		if (poll(waiting, FILES, -1) < 0) {
			if (errno == EINTR)
				continue;
			fail_call("poll");
		}
		if (waiting[OUTPUT].revents & POLLOUT)
			flush_terminal(terminal);
		for (int i = 0; i < PUMPS; i++) {
			if (waiting[i].revents)
				move(&pumps[i]);
		}
		if (waiting[DEATHS].revents && reap(deaths, child, status))
			return 1;
		if (waiting[CONTROL].revents && !obey(terminal))
			return 0;
	}
}

int run_command(const struct message *request)
{
	const char *window = field(request, "terminal", 0);
	struct terminal terminal = { 0 };
	struct pump pumps[PUMPS];
	int output = -1;
	int status;
	pid_t child;

	if (chdir(field(request, "directory", 0)) && chdir("/"))
		fail_call("chdir /");
	if (mkfifo(events_path, 0622) && errno != EEXIST)
		fail_call("mkfifo %s", events_path);
	/* Opened for both ways: the reading end never sees an end of file between two writers. */
	int events = open(events_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (events < 0)
		fail_call("open %s", events_path);
	pumps[EVENTS] = (struct pump){ .source = events, .port = open_port("events") };
	int error = open_pump(&pumps[ERROR], "error");

	if (window) {
		open_terminal(&terminal, window);
		pumps[OUTPUT] = (struct pump){ .source = terminal.master, .port = open_port("output") };
	} else {
		output = open_pump(&pumps[OUTPUT], "output");
	}
	int deaths = open_deaths();

	report("started");
	int problem = start(request, window ? &terminal : NULL, output, error, &child);

	close(error);
	if (output >= 0)
		close(output);
	if (problem) {
		report_end(pumps, "errno", problem);
		return 1;
	}
	if (!wait_for(child, deaths, pumps, window ? &terminal : NULL, &status))
		return 0;
	/*
	 * All that the command wrote is in the pipes by now, and a read takes as much as a pipe holds; a terminal gives less. What
	 * its orphans still write is theirs, and may never end.
	 */
	for (int i = 0; i < PUMPS; i++) {
		for (int reads = 0; reads < 32 && move(&pumps[i]); reads++)
			;
	}
	report_end(pumps, WIFEXITED(status) ? "status" : "signal",
		   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 1;
}
