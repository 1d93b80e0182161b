/* SPDX-License-Identifier: MIT */
/*
 * The framing of the control port, as Sources/GuestProtocol/Message.swift and Netstring.swift have it: a message is a
 * netstring that holds one netstring with the verb and one `name=value` for each field.
 */
#ifndef GUEST_MESSAGE_H
#define GUEST_MESSAGE_H

#include <stddef.h>

/* Bytes that grow. */
struct bytes {
	char *data;
	size_t length;
	size_t size;
};

void append(struct bytes *bytes, const void *data, size_t length);

/* A message that is being written, without its own frame. */
void append_item(struct bytes *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A message that was received; ended by the item that is NULL. The items are strings of their own. */
struct message {
	char **items;
	size_t count;
};

enum taken { TAKEN_NOTHING, TAKEN_MESSAGE, TAKEN_NONSENSE };

/* Takes the first whole message off the front of what was received. To be freed with free_message(). */
enum taken take_message(struct bytes *received, struct message *message);
void free_message(struct message *message);

int is_verb(const struct message *message, const char *verb);
/* The value of the index-th field of that name, or NULL; it belongs to the message. */
char *field(const struct message *message, const char *name, size_t index);

#endif
