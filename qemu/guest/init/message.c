/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "message.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "init.h"

/* A host that announces more than this is broken, not verbose. */
enum { LARGEST_NETSTRING = 1 << 20 };

static void *allocated(void *memory)
{
	if (!memory)
		fail("no memory for a message");
	return memory;
}

void append(struct bytes *bytes, const void *data, size_t length)
{
	if (bytes->length + length > bytes->size) {
		bytes->size = 2 * (bytes->length + length);
		bytes->data = allocated(realloc(bytes->data, bytes->size));
	}
	memcpy(bytes->data + bytes->length, data, length);
	bytes->length += length;
}

void append_item(struct bytes *message, const char *format, ...)
{
	char length[24];
	char *text;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = allocated(NULL);
	va_end(arguments);
	append(message, length, (size_t)snprintf(length, sizeof(length), "%zu:", strlen(text)));
	append(message, text, strlen(text));
	append(message, ",", 1);
	free(text);
}

/*
 * Finds the first netstring in `length` bytes. Returns the number of bytes that it takes, 0 when more are needed, -1 when
 * they can never become one.
 */
static long find_netstring(const char *bytes, size_t length, const char **payload, size_t *payload_length)
{
	size_t announced = 0;
	size_t digits = 0;

	while (digits < length && bytes[digits] != ':') {
		if (!isdigit((unsigned char)bytes[digits]))
			return -1;
		announced = 10 * announced + (size_t)(bytes[digits] - '0');
		if (announced > LARGEST_NETSTRING)
			return -1;
		digits++;
	}
	if (digits == length)
		return 0;
	if (!digits)
		return -1;
	if (length < digits + announced + 2)
		return 0;
	*payload = bytes + digits + 1;
	*payload_length = announced;
	return (*payload)[announced] == ',' ? (long)(digits + announced + 2) : -1;
}

static int split(const char *payload, size_t length, struct message *message)
{
	const char *text;
	size_t text_length;

	while (length) {
		long taken = find_netstring(payload, length, &text, &text_length);

		if (taken <= 0)
			return -1;
		message->items = allocated(realloc(message->items, (message->count + 2) * sizeof(char *)));
		message->items[message->count++] = allocated(strndup(text, text_length));
		message->items[message->count] = NULL;
		payload += taken;
		length -= (size_t)taken;
	}
	return message->count ? 0 : -1;
}

enum taken take_message(struct bytes *received, struct message *message)
{
	const char *payload;
	size_t length;
	long taken = find_netstring(received->data, received->length, &payload, &length);

	*message = (struct message){ 0 };
	if (!taken)
		return TAKEN_NOTHING;
	if (taken < 0 || split(payload, length, message))
		return TAKEN_NONSENSE;
	received->length -= (size_t)taken;
	memmove(received->data, received->data + taken, received->length);
	return TAKEN_MESSAGE;
}

void free_message(struct message *message)
{
	for (size_t i = 0; i < message->count; i++)
		free(message->items[i]);
	free(message->items);
	*message = (struct message){ 0 };
}

int is_verb(const struct message *message, const char *verb)
{
	return !strcmp(message->items[0], verb);
}

char *field(const struct message *message, const char *name, size_t index)
{
	size_t length = strlen(name);

	for (size_t i = 1; i < message->count; i++) {
		char *item = message->items[i];

		if (!strncmp(item, name, length) && item[length] == '=' && !index--)
			return item + length + 1;
	}
	return NULL;
}
