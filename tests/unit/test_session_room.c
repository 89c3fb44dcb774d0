/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_help.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

/* In a mount namespace of its own: true, or why not. */
static bool mount_private(const char *path, const char *options, unsigned long flags)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", path, "tmpfs", flags, options)) {
		printf("# no tmpfs of our own here: %s\n", strerror(errno));
		return false;
	}
	return true;
}
/* --- no room --- */

static uint64_t count_of(const struct session *s, const char *kind)
{
	struct limits l = {0};
	const struct limit *limit;
	uint64_t count;

	CHECK(session__limits(s, &l) == 0);
	limit = limits__find(&l, kind);
	count = limit ? limit->count : 0;
	limits__free(&l);
	return count;
}

/* A tick as deltas make it: a row for one process only. */
static int write_delta(struct session *s, uint64_t seq, uint32_t pid, bool ended)
{
	struct tick t = {.seq = seq, .time_ns = seq, .mono_ns = seq * 5 * SAMPLE_NS_PER_S};
	struct proc_sample p = sample_proc(pid, seq, "delta");
	struct event e = {.kind = EVENT_NOTE, .id = p.id};
	int err;

	p.end.ended = ended;
	CHECK(!vec_push(&t.procs, p) && !vec_push(&t.events, e));
	err = session__write(s, &t);
	tick__free(&t);
	return err;
}

struct deltas {
	size_t n_ticks, n_events, n_rows[64];
	uint64_t seq_of[64], last_seq; /* newest row of each pid, by its value */
	bool ended[64];
	struct limits limits;
};

static int see_delta(void *arg, const struct tick *t)
{
	struct deltas *d = arg;

	d->n_ticks++;
	d->last_seq = t->seq;
	d->n_events += t->events.n;
	vec_for_each(p, &t->procs) {
		uint32_t pid = p->id.pid;

		CHECK(pid < 64);
		d->n_rows[pid]++;
		d->seq_of[pid] = (p->value[0] - ((uint64_t)pid << 20)) / (4096 * pid);
		d->ended[pid] = p->end.ended;
	}
	return limits__merge(&d->limits, &t->limits);
}

static void read_deltas(const struct place *p, struct deltas *d)
{
	struct session_reader reader = {NULL, see_delta, d};
	char path[128];

	path_of(p, "", path);
	CHECK(session__replay(path, &reader) == 0);
}

/* Until it fails; returns the seq of the first tick that did. */
static uint64_t write_until_failure(struct session *s, int want_err)
{
	uint64_t seq = 0;
	int err = 0;

	for (; !err && seq < 4000; seq++)
		err = write_delta(s, seq, 1 + (uint32_t)(seq % 3), false);
	if (err != want_err)
		fprintf(stderr, "failed with %d, not %d\n", err, want_err);
	CHECK(err == want_err && seq > 1);
	return seq - 1;
}

/* Lost ticks while there is no room; then room() is made and nothing of what
 * they said last may be missing. */
static void lose_and_recover(const struct place *p, struct session *s, int want_err,
			     void (*room)(const struct place *p))
{
	uint64_t failed = write_until_failure(s, want_err), seq = failed + 1;
	struct deltas d = {0};

	CHECK(write_delta(s, seq++, 10, false) == want_err); /* seen only while lost */
	CHECK(write_delta(s, seq++, 10, false) == want_err); /* and newer */
	CHECK(write_delta(s, seq++, 11, true) == want_err);  /* ended while lost */
	CHECK(count_of(s, "session_ticks_lost") == 4);
	room(p);
	CHECK(write_delta(s, seq, 12, false) == 0);
	CHECK(write_delta(s, seq + 1, 12, false) == 0);
	CHECK(session__finish(s) == 0);
	CHECK(count_of(s, "session_ticks_lost") == 4);
	session__close(s);

	read_deltas(p, &d);
	CHECK(d.n_ticks == failed + 2 && d.last_seq == seq + 1);
	CHECK(d.n_rows[10] == 1 && d.seq_of[10] == failed + 2);
	CHECK(d.n_rows[11] == 1 && d.ended[11]);
	CHECK(d.n_rows[12] == 2 && d.seq_of[12] == seq + 1);
	CHECK(d.n_events == seq + 2); /* each tick had one: none is missing */
	CHECK(limits__find(&d.limits, "session_ticks_lost")->count == 4);
	CHECK(!limits__find(&d.limits, "session_unfinished"));
	CHECK(!limits__find(&d.limits, "session_rows_lost"));
	limits__free(&d.limits);
}

static void remove_ballast(const struct place *p)
{
	char path[128];

	path_of(p, "-ballast", path);
	CHECK(unlink(path) == 0);
}

static void fill_disk(const struct place *p)
{
	struct place inside = *p;
	char path[128], block[4096] = {1};
	struct session *s;
	int fd;

	if (geteuid() || !mount_private(p->path, "size=1m", 0)) {
		printf("# skipped: full disk\n");
		return;
	}
	inside.fd = open(p->path, O_RDONLY | O_DIRECTORY);
	CHECK(inside.fd >= 0);
	path_of(p, "-ballast", path);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	for (int i = 0; i < 100; i++)
		CHECK(write(fd, block, sizeof(block)) == sizeof(block));
	close(fd);
	s = create(&inside, 0);
	lose_and_recover(&inside, s, -ENOSPC, remove_ballast);
	close(inside.fd);
	umount(p->path);
}

static void full_disk(void **state)
{
	run_in_child(fill_disk, *state);
}

static void limit_size(const struct place *p)
{
	struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};

	(void)p;
	CHECK(setrlimit(RLIMIT_FSIZE, &unlimited) == 0);
}

static void hit_file_limit(const struct place *p)
{
	struct rlimit small = {200 << 10, RLIM_INFINITY};
	struct session *s = create(p, 0);

	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	lose_and_recover(p, s, -EFBIG, limit_size);
}

static void write_error(void **state)
{
	run_in_child(hit_file_limit, *state);
}

static void no_room_at_all(const struct place *p)
{
	struct rlimit none = {0, RLIM_INFINITY};
	struct run_info info = sample_info();
	struct session *s = NULL;

	CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
	CHECK(session__create(p->fd, NAME, &info, 0, &s) == -EFBIG);
	CHECK(!s && !exists(p, "") && !exists(p, "-wal") && !exists(p, "-shm"));
}

static void create_without_room(void **state)
{
	run_in_child(no_room_at_all, *state);
}

static void size_bound(void **state)
{
	const struct place *p = *state;
	const uint64_t bound = 256 << 10;
	struct session *s = create(p, bound);
	struct deltas d = {0};
	uint64_t n = 3000, over;
	struct stat st;
	char path[128];

	for (uint64_t seq = 0; seq < n; seq++)
		assert_int_equal(write_delta(s, seq, 1 + (uint32_t)(seq % 3), false), 0);
	over = count_of(s, "session_size_bound");
	assert_true(over > 0 && over < n);
	assert_int_equal(session__finish(s), 0);
	session__close(s);

	path_of(p, "", path);
	assert_int_equal(stat(path, &st), 0);
	/* the last state comes on top: here a few rows, and an event of each tick that was not
	 * stored */
	assert_true((uint64_t)st.st_size > bound * 3 / 4 && (uint64_t)st.st_size < bound * 2);
	read_deltas(p, &d);
	assert_int_equal(d.n_ticks, n - over + 1);
	assert_int_equal(d.last_seq, n - 1);
	for (uint32_t pid = 1; pid <= 3; pid++)
		assert_true(d.seq_of[pid] >= n - 3);
	assert_int_equal(limits__find(&d.limits, "session_size_bound")->count, over);
	limits__free(&d.limits);
}

static void bound_is_told_by_a_killed_run(void **state)
{
	const struct place *p = *state;
	struct deltas d = {0};
	int status;
	pid_t child = fork();

	if (!child) {
		struct session *s = create(p, 256 << 10);

		for (uint64_t seq = 0; seq < 3000; seq++)
			CHECK(write_delta(s, seq, 1, false) == 0);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	read_deltas(p, &d);
	assert_non_null(limits__find(&d.limits, "session_size_bound"));
	assert_non_null(limits__find(&d.limits, "session_unfinished"));
	limits__free(&d.limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(full_disk),
		TEST(write_error),
		TEST(create_without_room),
		TEST(size_bound),
		TEST(bound_is_told_by_a_killed_run),
	};

	return cmocka_run_group_tests_name("session_room", tests, NULL, NULL);
}
