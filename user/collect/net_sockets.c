/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/net_sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/vec.h"

/* 150 bytes a socket: some 200,000 of them. */
#define TEXT_MAX (32u * 1024 * 1024)

/* include/net/tcp_states.h; UDP uses 1 and 7. */
static const char *const tcp_states[] = {
	[1] = "ESTABLISHED", [2] = "SYN_SENT",	[3] = "SYN_RECV", [4] = "FIN_WAIT1",
	[5] = "FIN_WAIT2",   [6] = "TIME_WAIT", [7] = "CLOSE",	  [8] = "CLOSE_WAIT",
	[9] = "LAST_ACK",    [10] = "LISTEN",	[11] = "CLOSING", [12] = "NEW_SYN_RECV",
};
#define TCP_LISTENS 10
#define UDP_BOUND 7

static struct hmap_key key_of(uint64_t inode)
{
	return (struct hmap_key){{inode, 0, 0}};
}

static int push(struct net_sockets *s, const struct net_socket *socket)
{
	int err;

	if (!socket->inode)
		return 0;
	err = vec_push(s, *socket);
	return err ? err : hmap_put(&s->index, key_of(socket->inode), (uint32_t)(s->n - 1));
}

/* --- addresses --- */

struct address {
	char text[INET6_ADDRSTRLEN + 2];
	uint16_t port;
};

/* "0100007F:1F90", or four such words: each 32 bits as the machine holds them, that is in network
 * order once stored back; the port in host order. */
static int take_address(struct cursor word, int n_words, struct address *ret)
{
	uint32_t words[4] = {0};
	char plain[INET6_ADDRSTRLEN];
	bool any = false;
	uint64_t port;

	if (word.end - word.p <= 8 * n_words || word.p[8 * n_words] != ':')
		return -EBADMSG;
	for (int i = 0; i < n_words; i++) {
		struct cursor digits = {word.p + 8 * i, word.p + 8 * (i + 1)};
		uint64_t n;

		if (cursor_hex(&digits, &n) || digits.p != digits.end)
			return -EBADMSG;
		words[i] = (uint32_t)n;
		any |= n != 0;
	}
	word.p += 8 * n_words + 1;
	if (cursor_hex(&word, &port) || word.p != word.end || port > UINT16_MAX)
		return -EBADMSG;
	ret->port = (uint16_t)port;
	inet_ntop(n_words == 1 ? AF_INET : AF_INET6, words, plain, sizeof(plain));
	snprintf(ret->text, sizeof(ret->text), n_words == 1 || !any ? "%s" : "[%s]",
		 any ? plain : "*");
	return 0;
}

/* "sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …" */
static int take_inet(enum net_table table, struct cursor line, struct net_socket *ret)
{
	bool is_tcp = table == NET_TCP || table == NET_TCP6;
	int n_words = table == NET_TCP || table == NET_UDP ? 1 : 4;
	struct cursor sl, local_word, remote_word, state_word, skipped;
	struct address local, remote;
	uint64_t state;

	if (cursor_word(&line, &sl) || cursor_word(&line, &local_word) ||
	    cursor_word(&line, &remote_word) || cursor_word(&line, &state_word) ||
	    take_address(local_word, n_words, &local) ||
	    take_address(remote_word, n_words, &remote) || cursor_hex(&state_word, &state))
		return -EBADMSG;
	for (int i = 0; i < 5; i++)
		if (cursor_word(&line, &skipped))
			return -EBADMSG;
	if (cursor_u64(&line, &ret->inode))
		return -EBADMSG;
	if (is_tcp && state == TCP_LISTENS)
		snprintf(ret->text, sizeof(ret->text), "TCP LISTEN on %s:%u", local.text,
			 local.port);
	else if (is_tcp)
		snprintf(ret->text, sizeof(ret->text), "TCP %s to %s:%u",
			 state < sizeof(tcp_states) / sizeof(tcp_states[0]) && tcp_states[state]
				 ? tcp_states[state]
				 : "in an unknown state",
			 remote.text, remote.port);
	else if (state == UDP_BOUND)
		snprintf(ret->text, sizeof(ret->text), "UDP on %s:%u", local.text, local.port);
	else
		snprintf(ret->text, sizeof(ret->text), "UDP to %s:%u", remote.text, remote.port);
	return 0;
}

/* "Num: RefCount Protocol Flags Type St Inode Path": of abstract ones the path begins with @. */
static int take_unix(struct cursor line, struct net_socket *ret)
{
	static const char *const types[] = {[1] = "stream", [2] = "datagram", [5] = "seqpacket"};
	struct cursor word;
	uint64_t type;

	for (int i = 0; i < 4; i++)
		if (cursor_word(&line, &word))
			return -EBADMSG;
	if (cursor_word(&line, &word) || cursor_hex(&word, &type) || cursor_word(&line, &word) ||
	    cursor_u64(&line, &ret->inode))
		return -EBADMSG;
	while (line.p < line.end && *line.p == ' ')
		line.p++;
	snprintf(ret->text, sizeof(ret->text), "unix %s %.*s",
		 type < sizeof(types) / sizeof(types[0]) && types[type] ? types[type] : "socket",
		 line.p < line.end ? (int)(line.end - line.p) : 9,
		 line.p < line.end ? line.p : "(no name)");
	return 0;
}

int net_sockets__parse(struct net_sockets *s, enum net_table table, struct cursor text)
{
	struct cursor line;
	int err = 0;

	if (cursor_line(&text, &line)) /* the heading */
		return 0;
	while (!err && !cursor_line(&text, &line)) {
		struct net_socket socket = {0};

		if (line.end == text.end || (table == NET_UNIX ? take_unix(line, &socket)
							       : take_inet(table, line, &socket)))
			s->n_skipped++;
		else
			err = push(s, &socket);
	}
	return err;
}

int net_sockets__read(struct net_sockets *s, int root_fd, uint32_t pid)
{
	static const char *const names[_NET_TABLE_MAX] = {
		[NET_TCP] = "tcp",   [NET_TCP6] = "tcp6", [NET_UDP] = "udp",
		[NET_UDP6] = "udp6", [NET_UNIX] = "unix",
	};
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	int err = 0;

	for (int i = 0; !err && i < _NET_TABLE_MAX; i++) {
		char path[64];
		ssize_t len;

		snprintf(path, sizeof(path), "proc/%u/net/%s", pid, names[i]);
		len = read_file_grow(root_fd, path, &text, &cap, TEXT_MAX);
		if (len >= 0)
			err = net_sockets__parse(s, (enum net_table)i,
						 (struct cursor){text, text + len});
		else if (len != -ENOENT) /* built without it, or the process is gone */
			s->n_skipped++;
	}
	return err;
}

const struct net_socket *net_sockets__find(const struct net_sockets *s, uint64_t inode)
{
	uint32_t i;

	return hmap_get(&s->index, key_of(inode), &i) ? &s->v[i] : NULL;
}

void net_sockets__clear(struct net_sockets *s)
{
	s->n = 0;
	s->n_skipped = 0;
	hmap_clear(&s->index);
}

void net_sockets__free(struct net_sockets *s)
{
	vec_free(s);
	hmap_free(&s->index);
}
