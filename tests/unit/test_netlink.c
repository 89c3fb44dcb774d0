/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/netlink.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>

#include "collect/page_pool.h"
#include "collect/sock_diag.h"

struct message {
	char data[512];
	size_t len;
};

static void put(struct message *m, const void *data, size_t len)
{
	memcpy(m->data + m->len, data, len);
	m->len = NLMSG_ALIGN(m->len + len);
}

static void attribute(struct message *m, uint16_t type, const void *data, uint16_t len)
{
	const struct nlattr a = {(uint16_t)(sizeof(a) + len), type};

	put(m, &a, sizeof(a));
	put(m, data, len);
}

static void end_message(struct message *m, size_t start)
{
	uint32_t len = (uint32_t)(m->len - start);

	memcpy(m->data + start, &len, sizeof(len));
}

static void packet_sockets(void **state)
{
	const struct nlmsghdr h = {.nlmsg_type = SOCK_DIAG_BY_FAMILY},
			      done = {16, NLMSG_DONE, 0, 0, 0};
	const struct packet_diag_msg msg = {.pdiag_ino = 4711};
	const struct packet_diag_ring rx = {.pdr_block_size = 1 << 20, .pdr_block_nr = 256};
	const struct packet_diag_ring tx = {.pdr_block_size = 4096, .pdr_block_nr = 2};
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	struct message m = {.len = 0};
	struct socket_list l = {0};

	memory[SK_MEMINFO_RMEM_ALLOC] = 1000;
	memory[SK_MEMINFO_WMEM_ALLOC] = 10;
	memory[SK_MEMINFO_WMEM_QUEUED] = 30;
	put(&m, &h, sizeof(h));
	put(&m, &msg, sizeof(msg));
	attribute(&m, PACKET_DIAG_RX_RING, &rx, sizeof(rx));
	attribute(&m, 999, "future", 6);
	attribute(&m, PACKET_DIAG_TX_RING, &tx, sizeof(tx));
	attribute(&m, PACKET_DIAG_MEMINFO, memory, sizeof(memory));
	end_message(&m, 0);
	assert_int_equal(sock_diag_parse(SOCKETS_PACKET, m.data, m.len, &l), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].inode, 4711);
	assert_int_equal(l.v[0].ring, (256 << 20) + 8192);
	assert_int_equal(l.v[0].buffer, 1030);
	put(&m, &done, sizeof(done));
	assert_int_equal(sock_diag_parse(SOCKETS_PACKET, m.data, m.len, &l), 1);
	/* Cut anywhere: no crash, and what is whole counts (the sanitizer watches). */
	for (size_t len = 0; len < m.len; len++) {
		char *copy = malloc(len + 1);

		l.n = 0;
		memcpy(copy, m.data, len);
		sock_diag_parse(SOCKETS_PACKET, copy, len, &l);
		assert_true(l.n <= 1);
		free(copy);
	}
	vec_free(&l);
}

static void errors_of_the_kernel(void **state)
{
	struct {
		struct nlmsghdr h;
		int32_t err;
	} m = {{sizeof(m), NLMSG_ERROR, 0, 0, 0}, -ENOENT};
	struct socket_list l = {0};

	assert_int_equal(sock_diag_parse(SOCKETS_UNIX, &m, sizeof(m), &l), -ENOENT);
	m.h.nlmsg_len = sizeof(m.h) + 1;
	assert_int_equal(sock_diag_parse(SOCKETS_UNIX, &m, sizeof(m), &l), -EBADMSG);
	m.h.nlmsg_len = 4;
	assert_int_equal(sock_diag_parse(SOCKETS_UNIX, &m, sizeof(m), &l), -EBADMSG);
	assert_int_equal(l.n, 0);
}

static void pools_of_pages(void **state)
{
	const struct nlmsghdr h = {.nlmsg_type = 0x1c}; /* as a family's number is */
	const struct nlmsghdr done = {16, NLMSG_DONE, 0, 0, 0};
	const char generic[4] = {5, 1};
	const uint32_t ifindex = 3, pages = 512;
	const uint64_t bytes = 2 << 20;
	struct message m = {.len = 0};
	struct page_pools p = {0};

	put(&m, &h, sizeof(h));
	put(&m, generic, sizeof(generic));
	attribute(&m, 2, &ifindex, sizeof(ifindex));
	attribute(&m, 4, &pages, sizeof(pages));
	attribute(&m, 5, &bytes, sizeof(bytes));
	attribute(&m, 99, "future", 6);
	end_message(&m, 0);
	assert_int_equal(page_pool_parse(m.data, m.len, &p), 0);
	put(&m, &done, sizeof(done));
	assert_int_equal(page_pool_parse(m.data, m.len, &p), 1);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.v[0].ifindex, 3);
	assert_int_equal(p.v[0].bytes, 2 << 20);
	assert_int_equal(p.v[0].pages, 512);
	for (size_t len = 0; len < m.len; len++) {
		char *copy = malloc(len + 1);

		p.n = 0;
		memcpy(copy, m.data, len);
		page_pool_parse(copy, len, &p);
		assert_true(p.n <= 1);
		free(copy);
	}
	vec_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_sockets),
		cmocka_unit_test(errors_of_the_kernel),
		cmocka_unit_test(pools_of_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
