/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a socket's inode number stands for: protocol, state and the other end,
 * from the tables of the process's network namespace.
 */
#pragma once

#include "base/hmap.h"
#include "base/parse.h"

/* "TCP CLOSE_WAIT to 10.0.0.1:5432", "TCP LISTEN on *:80", "unix stream /run/x.sock" */
#define SOCKET_TEXT_SIZE 160

struct net_socket {
	uint64_t inode;
	char text[SOCKET_TEXT_SIZE]; /* the path of a UNIX socket in it is raw */
};

struct net_sockets {
	struct net_socket *v;
	size_t n, cap;
	struct hmap index;  /* inode -> v */
	uint64_t n_skipped; /* lines that were not understood, tables too long or not readable */
};

enum net_table {
	NET_TCP,
	NET_TCP6,
	NET_UDP,
	NET_UDP6,
	NET_UNIX,
	_NET_TABLE_MAX,
};

/* Text of proc/PID/net/tcp and the like: appends, but for sockets that no descriptor leads to
 * (inode 0). Lines that are no sockets are counted. 0 or -ENOMEM. Pure. */
int net_sockets__parse(struct net_sockets *s, enum net_table table, struct cursor text);
/* All tables of the process's namespace; what cannot be read is counted. 0 or -ENOMEM. */
int net_sockets__read(struct net_sockets *s, int root_fd, uint32_t pid);
/* NULL: not in the tables. */
const struct net_socket *net_sockets__find(const struct net_sockets *s, uint64_t inode);
void net_sockets__clear(struct net_sockets *s); /* keeps the allocations */
void net_sockets__free(struct net_sockets *s);
