/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collect/container.h"
#include "collect/docker_df.h"

#define S 1000000000ull
#define OK "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"

static int parse(const char *text, struct docker_disk *ret)
{
	return docker_df_parse((struct cursor){text, text + strlen(text)}, ret);
}

static void check(const struct docker_usage *u, uint64_t total, uint64_t active, uint64_t size,
		  uint64_t reclaimable)
{
	assert_true(u->known);
	assert_int_equal(u->total, total);
	assert_int_equal(u->active, active);
	assert_int_equal(u->size, size);
	assert_int_equal(u->reclaimable, reclaimable);
}

static void lists_are_added_up(void **state)
{
	struct docker_disk d;

	assert_int_equal(parse(OK "{\"LayersSize\":1000,\"Images\":["
				  "{\"Size\":600,\"SharedSize\":200,\"Containers\":1},"
				  "{\"Size\":500,\"SharedSize\":200,\"Containers\":0},"
				  "{\"Size\":-1,\"SharedSize\":-1,\"Containers\":-1}],"
				  "\"Containers\":[{\"SizeRw\":30,\"State\":\"running\"},"
				  "{\"SizeRw\":12,\"State\":\"exited\"},{\"State\":\"created\"}],"
				  "\"Volumes\":[{\"UsageData\":{\"Size\":70,\"RefCount\":0}},"
				  "{\"UsageData\":{\"Size\":-1,\"RefCount\":-1}},{}],"
				  "\"BuildCache\":[{\"Size\":9,\"InUse\":false,\"Shared\":false},"
				  "{\"Size\":5,\"InUse\":true,\"Shared\":false},"
				  "{\"Size\":4,\"InUse\":false,\"Shared\":true}]}",
			       &d),
			 0);
	check(&d.kind[DOCKER_IMAGES], 3, 1, 1000, 600);
	check(&d.kind[DOCKER_CONTAINERS], 3, 1, 42, 12);
	check(&d.kind[DOCKER_VOLUMES], 3, 0, 70, 70);
	check(&d.kind[DOCKER_BUILD_CACHE], 3, 1, 14, 9);
}

static void sums_are_taken(void **state)
{
	struct docker_disk d;

	assert_int_equal(parse(OK "{\"ImageUsage\":{\"TotalCount\":3,\"ActiveCount\":1,"
				  "\"TotalSize\":9,\"Reclaimable\":4},\"Volumes\":null}",
			       &d),
			 0);
	check(&d.kind[DOCKER_IMAGES], 3, 1, 9, 4);
	assert_false(d.kind[DOCKER_VOLUMES].known);
	assert_false(d.kind[DOCKER_CONTAINERS].known);
}

static void what_is_no_answer(void **state)
{
	static const char *const refused[] = {"", "{}", "HTTP/1.0 200 OK\r\n{}",
					      "HTTP/1.0 403 Forbidden\r\n\r\n{\"Images\":[]}",
					      "HTTP/2 200\r\n\r\n{\"Images\":[]}"};
	static const char *const garbage[] = {OK, OK "garbage", OK "[]", OK "{\"message\":\"x\"}",
					      OK "{\"Images\":[{\"Size\":1"};
	struct docker_disk d = {.kind[0].total = 77};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(parse(refused[i], &d), -EPROTO);
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++)
		assert_int_equal(parse(garbage[i], &d), -EBADMSG);
	assert_int_equal(d.kind[0].total, 77);
}

/* --- a daemon ------------------------------------------------------------------------------- */

struct world {
	char dir[32];
	int root_fd, listener, daemon;
	struct docker_df d;
};

static int start(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	strcpy(w->dir, "/tmp/test-docker-XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	w->root_fd = open(w->dir, O_PATH | O_DIRECTORY);
	w->listener = w->daemon = w->d.fd = -1;
	*state = w;
	return w->root_fd < 0 ? -1 : mkdirat(w->root_fd, "run", 0700);
}

static int stop(void **state)
{
	struct world *w = *state;
	char command[64];

	docker_df__close(&w->d);
	close(w->root_fd);
	close(w->listener);
	close(w->daemon);
	snprintf(command, sizeof(command), "%s/run/docker.sock", w->dir);
	unlink(command);
	snprintf(command, sizeof(command), "%s/run", w->dir);
	rmdir(command);
	rmdir(w->dir);
	free(w);
	return 0;
}

static void listen_there(struct world *w)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/docker.sock", w->dir);
	w->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(w->listener, 4), 0);
}

static void say(struct world *w, const char *text, size_t len)
{
	assert_int_equal(send(w->daemon, text, len, MSG_NOSIGNAL), len);
}

static void a_slow_daemon_is_no_hindrance(void **state)
{
	static const char first[] = OK "{\"LayersSize\":5,", rest[] = "\"Images\":[]}";
	struct world *w = *state;
	struct docker_disk disk;
	char asked[256] = "";

	assert_int_equal(docker_df__ask(&w->d, w->root_fd, S), -ENOENT);
	assert_int_equal(docker_df__poll(&w->d, S, &disk), -EAGAIN);
	listen_there(w);
	assert_int_equal(docker_df__ask(&w->d, w->root_fd, S), 0);
	assert_int_equal(docker_df__poll(&w->d, S, &disk), -EAGAIN);
	w->daemon = accept(w->listener, NULL, NULL);
	assert_true(read(w->daemon, asked, sizeof(asked) - 1) > 0);
	assert_ptr_equal(strstr(asked, "GET /system/df HTTP/1.0\r\n"), asked);
	say(w, first, sizeof(first) - 1);
	assert_int_equal(docker_df__poll(&w->d, 2 * S, &disk), -EAGAIN);
	say(w, rest, sizeof(rest) - 1);
	assert_int_equal(docker_df__poll(&w->d, 2 * S, &disk), -EAGAIN); /* more may come */
	close(w->daemon);
	assert_int_equal(docker_df__poll(&w->d, 2 * S, &disk), 0);
	assert_int_equal(disk.kind[DOCKER_IMAGES].size, 5);
	assert_int_equal(docker_df__poll(&w->d, 2 * S, &disk), -EAGAIN);
}

static void a_silent_daemon_is_given_up(void **state)
{
	struct world *w = *state;
	struct docker_disk disk;

	listen_there(w);
	assert_int_equal(docker_df__ask(&w->d, w->root_fd, S), 0);
	assert_int_equal(docker_df__poll(&w->d, S + DOCKER_DF_LIMIT_NS - 1, &disk), -EAGAIN);
	assert_int_equal(docker_df__poll(&w->d, S + DOCKER_DF_LIMIT_NS, &disk), -ETIMEDOUT);
	assert_int_equal(w->d.fd, -1);
}

static void too_much_is_not_kept(void **state)
{
	static char many[65536];
	struct world *w = *state;
	struct docker_disk disk;
	int err = -EAGAIN, n = 0;

	memset(many, 'x', sizeof(many));
	listen_there(w);
	assert_int_equal(docker_df__ask(&w->d, w->root_fd, S), 0);
	w->daemon = accept(w->listener, NULL, NULL);
	for (; err == -EAGAIN && n < 1000; n++) {
		if (send(w->daemon, many, sizeof(many), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			assert_int_equal(errno, EAGAIN);
		err = docker_df__poll(&w->d, S, &disk);
	}
	assert_int_equal(err, -EFBIG);
	assert_true(n < 300);
	assert_null(w->d.reply.s);
}

static void no_socket(void **state)
{
	struct world *w = *state;
	int fd = openat(w->root_fd, "run/docker.sock", O_CREAT | O_WRONLY, 0600);

	close(fd);
	assert_int_equal(docker_df__ask(&w->d, w->root_fd, S), -ENOTSOCK);
	assert_int_equal(unlinkat(w->root_fd, "run/docker.sock", 0), 0);
	listen_there(w);
	close(w->listener);
	w->listener = -1;
	assert_int_equal(docker_df__ask(&w->d, w->root_fd, S), -ECONNREFUSED);
}

static void graphroot(void **state)
{
	static const struct {
		const char *text, *root;
	} cases[] = {
		{"[storage]\ngraphroot = \"/srv/c\"\n", "srv/c"},
		{"# graphroot = \"/a\"\n[storage]\n  graphroot='//b/c' # here\n", "b/c"},
		{"graphroot = \"/a\"\n[storage]\n[storage.options]\ngraphroot = \"/b\"\n", NULL},
		{"[storage]\ngraphroot = \"relative\"\n", NULL},
		{"[storage]\ngraphroot = \"/\"\n", NULL},
		{"[storage]\ngraphroot = \"/cut", NULL},
		{"[storage]\ngraphroots = \"/a\"\n", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;
		char root[CONTAINER_ROOT_SIZE] = "untouched";
		int err =
			container_graphroot_parse((struct cursor){text, text + strlen(text)}, root);

		assert_int_equal(err, cases[i].root ? 0 : -ENOENT);
		assert_string_equal(root, cases[i].root ?: "untouched");
	}
}

#define WITH_ROOT(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_added_up),
		cmocka_unit_test(sums_are_taken),
		cmocka_unit_test(what_is_no_answer),
		WITH_ROOT(a_slow_daemon_is_no_hindrance),
		WITH_ROOT(a_silent_daemon_is_given_up),
		WITH_ROOT(too_much_is_not_kept),
		WITH_ROOT(no_socket),
		cmocka_unit_test(graphroot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
