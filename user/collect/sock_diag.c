/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sock_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "collect/netlink.h"

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

struct answer {
	const struct family *f;
	enum socket_family family;
	struct socket_list *l;
	struct socket_memory s;
};

static void take_attribute(void *arg, uint16_t type, const char *data, size_t len)
{
	struct answer *a = arg;

	if (type && type == a->f->meminfo)
		take_meminfo(data, len, &a->s);
	else if (type && (type == a->f->rx_ring || type == a->f->tx_ring))
		take_ring(data, len, &a->s);
}

static int take_socket(void *arg, const char *data, size_t len)
{
	struct answer *a = arg;
	size_t header = NLMSG_ALIGN(a->f->header);
	uint32_t inode;

	if (len < a->f->header)
		return -EBADMSG;
	memcpy(&inode, data + a->f->inode, sizeof(inode));
	a->s = (struct socket_memory){.family = a->family, .inode = inode};
	if (len > header)
		netlink_attributes(data + header, len - header, take_attribute, a);
	return vec_push(a->l, a->s);
}

int sock_diag_parse(enum socket_family family, const void *data, size_t len, struct socket_list *l)
{
	struct answer a = {.f = &families[family], .family = family, .l = l};

	return netlink_messages(data, len, SOCK_DIAG_BY_FAMILY, take_socket, &a);
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

struct question {
	enum socket_family family;
	struct socket_list *l;
};

static int take_datagram(void *arg, const void *data, size_t len)
{
	struct question *q = arg;

	return sock_diag_parse(q->family, data, len, q->l);
}

int sock_diag_read(int fd, enum socket_family family, struct socket_list *l)
{
	struct question q = {family, l};
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
	return netlink_dump(fd, &message, message.h.nlmsg_len, take_datagram, &q);
}

int sock_diag_open(void)
{
	return netlink_open(NETLINK_SOCK_DIAG);
}
