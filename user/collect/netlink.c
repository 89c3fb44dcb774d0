/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DATAGRAM_MAX (64 * 1024)
#define ANSWER_S 2

static int error_of(const char *p, size_t len)
{
	int32_t err;

	if (len < sizeof(err))
		return -EBADMSG;
	memcpy(&err, p, sizeof(err));
	return err < 0 ? err : 1;
}

int netlink_messages(const void *data, size_t len, uint16_t type, netlink_message_fn *each,
		     void *arg)
{
	const char *p = data;

	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		size_t step;
		int err = 0;

		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len)
			return -EBADMSG;
		if (h.nlmsg_type == NLMSG_DONE)
			return 1;
		if (h.nlmsg_type == NLMSG_ERROR)
			return error_of(p + sizeof(h), h.nlmsg_len - sizeof(h));
		if (h.nlmsg_type == type)
			err = each(arg, p + sizeof(h), h.nlmsg_len - sizeof(h));
		if (err)
			return err;
		step = NLMSG_ALIGN(h.nlmsg_len);
		if (step >= len)
			return 0;
		p += step;
		len -= step;
	}
	return 0;
}

void netlink_attributes(const char *data, size_t len, netlink_attribute_fn *each, void *arg)
{
	while (len >= sizeof(struct nlattr)) {
		struct nlattr a;
		size_t step;

		memcpy(&a, data, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > len)
			return;
		each(arg, a.nla_type & NLA_TYPE_MASK, data + sizeof(a), a.nla_len - sizeof(a));
		step = NLA_ALIGN(a.nla_len);
		if (step >= len)
			return;
		data += step;
		len -= step;
	}
}

int netlink_open(int protocol)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

int netlink_dump(int fd, const void *request, size_t len, netlink_parse_fn *parse, void *arg)
{
	static char buffer[DATAGRAM_MAX] __attribute__((aligned(8)));
	int err = send(fd, request, len, 0) < 0 ? -errno : 0;

	while (!err) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);

		if (n < 0 && errno == EINTR)
			continue;
		err = n < 0 ? -errno : parse(arg, buffer, (size_t)n);
	}
	return err == 1 ? 0 : err;
}
