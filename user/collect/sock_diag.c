/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sock_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DATAGRAM_MAX (64 * 1024)
#define ANSWER_S 2

const char *const socket_family_names[] = {
	[SOCKETS_PACKET] = "packet",   [SOCKETS_UNIX] = "unix", [SOCKETS_TCP] = "tcp",
	[SOCKETS_TCP6] = "tcp6",       [SOCKETS_UDP] = "udp",	[SOCKETS_UDP6] = "udp6",
	[SOCKETS_NETLINK] = "netlink",
};

/* Where a family's answer has what. */
static const struct family {
	size_t header;			    /* of the message, before its attributes */
	size_t inode;			    /* offset of 32 bits in it */
	uint16_t meminfo, rx_ring, tx_ring; /* attributes; 0: none */
} families[_SOCKET_FAMILY_MAX] = {
	[SOCKETS_PACKET] = {sizeof(struct packet_diag_msg),
			    offsetof(struct packet_diag_msg, pdiag_ino), PACKET_DIAG_MEMINFO,
			    PACKET_DIAG_RX_RING, PACKET_DIAG_TX_RING},
	[SOCKETS_UNIX] = {sizeof(struct unix_diag_msg), offsetof(struct unix_diag_msg, udiag_ino),
			  UNIX_DIAG_MEMINFO, 0, 0},
	[SOCKETS_TCP] = {sizeof(struct inet_diag_msg), offsetof(struct inet_diag_msg, idiag_inode),
			 INET_DIAG_SKMEMINFO, 0, 0},
	[SOCKETS_TCP6] = {sizeof(struct inet_diag_msg), offsetof(struct inet_diag_msg, idiag_inode),
			  INET_DIAG_SKMEMINFO, 0, 0},
	[SOCKETS_UDP] = {sizeof(struct inet_diag_msg), offsetof(struct inet_diag_msg, idiag_inode),
			 INET_DIAG_SKMEMINFO, 0, 0},
	[SOCKETS_UDP6] = {sizeof(struct inet_diag_msg), offsetof(struct inet_diag_msg, idiag_inode),
			  INET_DIAG_SKMEMINFO, 0, 0},
	[SOCKETS_NETLINK] = {sizeof(struct netlink_diag_msg),
			     offsetof(struct netlink_diag_msg, ndiag_ino), NETLINK_DIAG_MEMINFO, 0,
			     0},
};

/* --- the answer --- */

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void take_meminfo(const void *data, size_t len, struct socket_memory *s)
{
	uint32_t v[SK_MEMINFO_VARS] = {0};

	memcpy(v, data, len < sizeof(v) ? len : sizeof(v));
	/* What a stream has queued to send is in wmem_queued, and in part in wmem_alloc as well. */
	s->buffer = (uint64_t)v[SK_MEMINFO_RMEM_ALLOC] + v[SK_MEMINFO_OPTMEM] +
		    v[SK_MEMINFO_BACKLOG] +
		    max_u64(v[SK_MEMINFO_WMEM_ALLOC], v[SK_MEMINFO_WMEM_QUEUED]);
}

static void take_ring(const void *data, size_t len, struct socket_memory *s)
{
	struct packet_diag_ring ring;

	if (len < sizeof(ring))
		return;
	memcpy(&ring, data, sizeof(ring));
	s->ring += (uint64_t)ring.pdr_block_size * ring.pdr_block_nr;
}

static void take_attributes(const struct family *f, const char *p, size_t left,
			    struct socket_memory *s)
{
	while (left >= sizeof(struct nlattr)) {
		struct nlattr a;
		size_t step;

		memcpy(&a, p, sizeof(a));
		if (a.nla_len < sizeof(a) || a.nla_len > left)
			return;
		if (a.nla_type && a.nla_type == f->meminfo)
			take_meminfo(p + sizeof(a), a.nla_len - sizeof(a), s);
		else if (a.nla_type && (a.nla_type == f->rx_ring || a.nla_type == f->tx_ring))
			take_ring(p + sizeof(a), a.nla_len - sizeof(a), s);
		step = NLA_ALIGN(a.nla_len);
		if (step >= left)
			return;
		p += step;
		left -= step;
	}
}

static int take_socket(enum socket_family family, const char *p, size_t len, struct socket_list *l)
{
	const struct family *f = &families[family];
	struct socket_memory s = {.family = family};
	size_t header = NLMSG_ALIGN(f->header);
	uint32_t inode;

	if (len < f->header)
		return -EBADMSG;
	memcpy(&inode, p + f->inode, sizeof(inode));
	s.inode = inode;
	if (len > header)
		take_attributes(f, p + header, len - header, &s);
	return vec_push(l, s);
}

static int error_of(const char *p, size_t len)
{
	int32_t err;

	if (len < sizeof(err))
		return -EBADMSG;
	memcpy(&err, p, sizeof(err));
	return err < 0 ? err : 1;
}

int sock_diag_parse(enum socket_family family, const void *data, size_t len, struct socket_list *l)
{
	const char *p = data;

	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr h;
		size_t step;
		int err;

		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len)
			return -EBADMSG;
		if (h.nlmsg_type == NLMSG_DONE)
			return 1;
		if (h.nlmsg_type == NLMSG_ERROR)
			return error_of(p + sizeof(h), h.nlmsg_len - sizeof(h));
		err = h.nlmsg_type == SOCK_DIAG_BY_FAMILY
			      ? take_socket(family, p + sizeof(h), h.nlmsg_len - sizeof(h), l)
			      : 0;
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

/* --- the question --- */

union request {
	struct packet_diag_req packet;
	struct unix_diag_req unix_domain;
	struct netlink_diag_req netlink;
	struct inet_diag_req_v2 inet;
};

static size_t inet_request(union request *q, uint8_t family, uint8_t protocol)
{
	q->inet = (struct inet_diag_req_v2){
		.sdiag_family = family,
		.sdiag_protocol = protocol,
		.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1),
		.idiag_states = UINT32_MAX,
	};
	return sizeof(q->inet);
}

static size_t make_request(enum socket_family family, union request *q)
{
	static const struct {
		uint8_t family, protocol;
	} inet[_SOCKET_FAMILY_MAX] = {
		[SOCKETS_TCP] = {AF_INET, IPPROTO_TCP},
		[SOCKETS_TCP6] = {AF_INET6, IPPROTO_TCP},
		[SOCKETS_UDP] = {AF_INET, IPPROTO_UDP},
		[SOCKETS_UDP6] = {AF_INET6, IPPROTO_UDP},
	};

	if (family == SOCKETS_PACKET) {
		q->packet = (struct packet_diag_req){
			.sdiag_family = AF_PACKET,
			.pdiag_show = PACKET_SHOW_RING_CFG | PACKET_SHOW_MEMINFO,
		};
		return sizeof(q->packet);
	}
	if (family == SOCKETS_UNIX) {
		q->unix_domain = (struct unix_diag_req){
			.sdiag_family = AF_UNIX,
			.udiag_states = UINT32_MAX,
			.udiag_show = UDIAG_SHOW_MEMINFO,
		};
		return sizeof(q->unix_domain);
	}
	if (family == SOCKETS_NETLINK) {
		q->netlink = (struct netlink_diag_req){
			.sdiag_family = AF_NETLINK,
			.sdiag_protocol = NDIAG_PROTO_ALL,
			.ndiag_show = NDIAG_SHOW_MEMINFO,
		};
		return sizeof(q->netlink);
	}
	return inet_request(q, inet[family].family, inet[family].protocol);
}

static int ask(int fd, enum socket_family family)
{
	struct {
		struct nlmsghdr h;
		union request q;
	} message = {0};
	size_t len = make_request(family, &message.q);

	message.h = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(sizeof(message.h) + len),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
	};
	return send(fd, &message, message.h.nlmsg_len, 0) < 0 ? -errno : 0;
}

int sock_diag_read(int fd, enum socket_family family, struct socket_list *l)
{
	static char buffer[DATAGRAM_MAX] __attribute__((aligned(8)));
	int err = ask(fd, family);

	while (!err) {
		ssize_t len = recv(fd, buffer, sizeof(buffer), 0);

		if (len < 0 && errno == EINTR)
			continue;
		err = len < 0 ? -errno : sock_diag_parse(family, buffer, (size_t)len, l);
	}
	return err == 1 ? 0 : err;
}

int sock_diag_open(void)
{
	const struct timeval patience = {.tv_sec = ANSWER_S};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience))) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}
