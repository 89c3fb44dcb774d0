/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cleanup.h"
#include "collect/fd_groups.h"
#include "fixture.h"

#define ROOT "tests/fixtures/analysis"

static void expect(const struct net_sockets *s, uint64_t inode, const char *text)
{
	const struct net_socket *found = net_sockets__find(s, inode);

	assert_non_null(found);
	assert_string_equal(found->text, text);
}

/* The inodes are those that the captured program printed. */
static void captured(void **state)
{
	_cleanup_close_ int root = open_root(ROOT);
	_cleanup_(net_sockets__free) struct net_sockets s = {0};

	assert_int_equal(net_sockets__read(&s, root, 700), 0);
	assert_int_equal(s.n_skipped, 0);
	expect(&s, 2472579, "TCP LISTEN on 127.0.0.1:45911");
	expect(&s, 2472580, "TCP ESTABLISHED to 127.0.0.1:45911");
	expect(&s, 2472581, "TCP ESTABLISHED to 127.0.0.1:37844");
	expect(&s, 2472582, "TCP LISTEN on [::1]:52883");
	expect(&s, 2472583, "UDP on *:59531");
	expect(&s, 2472584, "unix stream /tmp/s.sock");
	expect(&s, 2472585, "unix datagram @abstract");
	expect(&s, 54, "unix stream (no name)");
	assert_null(net_sockets__find(&s, 1));
	net_sockets__clear(&s);
	assert_null(net_sockets__find(&s, 54));
	assert_int_equal(net_sockets__read(&s, root, 701), 0); /* gone: nothing */
	assert_int_equal(s.n, 0);
}

static void odd(void **state)
{
	_cleanup_(net_sockets__free) struct net_sockets s = {0};

	assert_int_equal(net_sockets__parse(&s, NET_TCP, text_of("")), 0);
	assert_int_equal(net_sockets__parse(&s, NET_TCP,
					    text_of("heading\nx\n"
						    " 0: 0100007F:B357 00000000:0000 0A\n"
						    " 0: 0100007F 0100007F:93D4 01 0 0 0 0 0 9\n"
						    " 0: 0100007F:1FFFF 0100007F:1 01 0 0 0 0 0 9\n"
						    " 0: 0100007F:1 0100007F:1 01 0 0 0 0 0 x\n"
						    " 0: 0100007F:1 0100007F:1 7F 0 0 0 0 0 8\n"
						    " 0: 0100007F:1 0100007F:1 06 0 0 0 0 0 0\n"
						    " 0: 0100007F:1 0100007F:1 01 0 0 0 0 0 5")),
			 0);
	assert_int_equal(s.n_skipped, 6); /* the last one was cut */
	assert_int_equal(s.n, 1);	  /* inode 0 has no descriptor */
	expect(&s, 8, "TCP in an unknown state to 127.0.0.1:1");
	assert_int_equal(net_sockets__parse(&s, NET_UNIX, text_of("h\n1: 2 3 4 7 1 6 a b\n2: 3\n")),
			 0);
	expect(&s, 6, "unix socket a b");
	assert_int_equal(s.n_skipped, 7);
}

/* --- groups of descriptors --- */

static void add(struct open_files *f, uint32_t fd, enum fd_kind kind, const char *target)
{
	struct open_file one = {.fd = fd, .kind = kind};

	snprintf(one.target, sizeof(one.target), "%s", target);
	assert_int_equal(vec_push(f, one), 0);
}

static void fill(struct open_files *f, uint32_t n_logs)
{
	add(f, 0, FD_DEVICE, "/dev/null");
	add(f, 1, FD_SOCKET, "socket:[2472580]");
	add(f, 2, FD_SOCKET, "socket:[999]");
	add(f, 3, FD_FILE, "/q/a");
	add(f, 4, FD_FILE, "/q/b");
	add(f, 5, FD_FILE, "/q/c");
	add(f, 6, FD_FILE, "/alone/x");
	add(f, 7, FD_PIPE, "pipe:[1]");
	add(f, 8, FD_PIPE, "pipe:[2]");
	for (uint32_t i = 0; i < n_logs; i++)
		add(f, 100 + i, FD_FILE, "/var/log/x");
}

static const struct fd_group *group(const struct fd_group_list *l, const char *what)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].what, what))
			return &l->v[i];
	fail_msg("no group %s", what);
	return NULL;
}

static void groups(void **state)
{
	_cleanup_close_ int root = open_root(ROOT);
	_cleanup_(net_sockets__free) struct net_sockets s = {0};
	_cleanup_(fd_mark__free) struct fd_mark mark = {0};
	struct open_files before = {0}, now = {0};
	struct fd_group_list l = {0};
	const struct proc_id id = {700, 1};

	assert_int_equal(net_sockets__read(&s, root, 700), 0);
	fill(&before, 4);
	fill(&now, 10);
	add(&now, 9, FD_PIPE, "pipe:[3]");
	assert_int_equal(fd_mark__set(&mark, id, &before), 0);
	assert_int_equal(fd_groups__add(&l, 100, id, &now, &s, &mark), 0);
	assert_string_equal(l.v[0].what, "/var/log/x"); /* most new ones first */
	assert_true(l.v[0].count == 10 && l.v[0].fresh_known && l.v[0].fresh == 6);
	assert_string_equal(l.v[1].what, "pipe");
	assert_true(l.v[1].count == 3 && l.v[1].fresh == 1);
	assert_int_equal(group(&l, "/q/…")->count, 3);
	assert_int_equal(group(&l, "/alone/x")->count, 1);
	assert_int_equal(group(&l, "TCP ESTABLISHED to 127.0.0.1:45911")->count, 1);
	assert_int_equal(group(&l, "socket")->count, 1);
	assert_int_equal(l.n, 7);
	/* without a mark: nothing is known to be new */
	l.n = 0;
	assert_int_equal(fd_groups__add(&l, 2, id, &now, NULL, NULL), 0);
	assert_true(l.n == 2 && !l.v[0].fresh_known && l.v[0].count == 10);
	l.n = 0;
	now.n = 0;
	assert_int_equal(fd_groups__add(&l, 2, id, &now, NULL, NULL), 0);
	assert_int_equal(l.n, 0);
	vec_free(&l);
	vec_free(&before);
	vec_free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captured),
		cmocka_unit_test(odd),
		cmocka_unit_test(groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
