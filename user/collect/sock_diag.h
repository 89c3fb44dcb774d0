/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory of sockets as the kernel tells it by netlink (sock_diag). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

enum socket_family {
	SOCKETS_PACKET,
	SOCKETS_UNIX,
	SOCKETS_TCP,
	SOCKETS_TCP6,
	SOCKETS_UDP,
	SOCKETS_UDP6,
	SOCKETS_NETLINK,
	_SOCKET_FAMILY_MAX,
};

extern const char *const socket_family_names[_SOCKET_FAMILY_MAX]; /* "packet" "unix" "tcp" … */

struct socket_memory {
	enum socket_family family;
	uint64_t inode;	 /* of its descriptor: "socket:[4711]" */
	uint64_t ring;	 /* bytes of packet rings, receiving and sending */
	uint64_t buffer; /* bytes in its queues, with the overhead of each packet */
};

struct socket_list {
	struct socket_memory *v;
	size_t n, cap;
};

/* One netlink datagram of a dump: appends its sockets. 0 (more to come), 1 (was the last),
 * -ENOMEM, -EBADMSG, or the kernel's -errno. Pure. */
int sock_diag_parse(enum socket_family family, const void *data, size_t len, struct socket_list *l);

/* Asks in the network namespace that `fd` (sock_diag_open) was made in. Appends; 0 or -errno
 * (-ENOENT: this kernel does not tell of this family). */
int sock_diag_read(int fd, enum socket_family family, struct socket_list *l);
/* A descriptor of our network namespace, or -errno. */
int sock_diag_open(void);
