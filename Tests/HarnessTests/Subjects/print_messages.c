/* SPDX-License-Identifier: MIT */
/* Prints the messages that come on standard input as the guest's init understands them: a line for each item. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "init.h"

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	exit(1);
}

int main(void)
{
	struct bytes received = { 0 };
	struct message message;
	char byte;

	while (read(STDIN_FILENO, &byte, 1) == 1) {
		enum taken taken;

		append(&received, &byte, 1);
		while ((taken = take_message(&received, &message)) == TAKEN_MESSAGE) {
			for (size_t i = 0; i < message.count; i++)
				printf("%s\n", message.items[i]);
			printf("second argument: %s\n", field(&message, "argument", 1) ?: "none");
			free_message(&message);
		}
		if (taken == TAKEN_NONSENSE) {
			printf("nonsense\n");
			break;
		}
	}
	free(received.data);
	return 0;
}
