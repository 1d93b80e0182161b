/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ctp_message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(CTP_MESSAGE_DESCRIPTORS * sizeof(int))];
};

long ctp_socket_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) ? -errno : 0;
}

long ctp_send(int socket, const void *message, size_t length, const int *descriptors, int count)
{
	union control control = { 0 };
	struct iovec part = { .iov_base = (void *)message, .iov_len = length };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t sent;

	if (count < 0 || count > CTP_MESSAGE_DESCRIPTORS)
		return -EINVAL;
	if (count) {
		size_t bytes = (size_t)count * sizeof(int);

		header.msg_control = control.bytes;
		header.msg_controllen = CMSG_SPACE(bytes);
		struct cmsghdr *first = CMSG_FIRSTHDR(&header);
		first->cmsg_level = SOL_SOCKET;
		first->cmsg_type = SCM_RIGHTS;
		first->cmsg_len = CMSG_LEN(bytes);
		memcpy(CMSG_DATA(first), descriptors, bytes);
	}
	do {
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

long ctp_receive(int socket, void *message, size_t length, int descriptors[CTP_MESSAGE_DESCRIPTORS],
		 int timeout_ms)
{
	union control control = { 0 };
	struct iovec part = { .iov_base = message, .iov_len = length };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes) };
	struct pollfd readable = { .fd = socket, .events = POLLIN };
	ssize_t received;
	int ready;

	for (int i = 0; i < CTP_MESSAGE_DESCRIPTORS; i++)
		descriptors[i] = -1;
	do {
		ready = poll(&readable, 1, timeout_ms);
	} while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return -ETIMEDOUT;
	if (ready < 0)
		return -errno;
	do {
		received = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	} while (received < 0 && errno == EINTR);
	if (received < 0)
		return errno == ECONNRESET ? 0 : -errno;
	for (struct cmsghdr *part_header = CMSG_FIRSTHDR(&header); part_header;
	     part_header = CMSG_NXTHDR(&header, part_header)) {
		if (part_header->cmsg_level == SOL_SOCKET && part_header->cmsg_type == SCM_RIGHTS)
			memcpy(descriptors, CMSG_DATA(part_header), part_header->cmsg_len - CMSG_LEN(0));
	}
	return received;
}
