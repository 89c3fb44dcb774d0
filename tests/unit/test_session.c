/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_help.h"

#include <sched.h>
#include <sys/mount.h>

static void round_trip(void **state)
{
	const struct place *p = *state;
	struct seen seen = {0};
	struct tick want = {0};

	write_file(p, 5);
	assert_int_equal(replay(p, &seen), 0);
	assert_int_equal(seen.n_infos, 1);
	assert_true(seen.info_ok);
	assert_int_equal(seen.n_ticks, 5);
	assert_true(seen.all_ok);

	/* nothing was added to the limits either */
	sample_tick(&want, 4);
	assert_true(SAME_VEC(&seen, &want, limits, same_limit));
	tick__free(&want);

	/* one file that only its group may read */
	assert_false(exists(p, "-wal") || exists(p, "-shm") || exists(p, "-journal"));
	limits__free(&seen.limits);
}

static int keep_tick(void *arg, const struct tick *t)
{
	struct tick want = {0};
	struct proc_sample *p;

	/* as extremes() made it, cut to what fits */
	assert_int_equal(t->procs.n, 1);
	p = &t->procs.v[0];
	assert_int_equal(strlen(p->comm), COMM_SIZE - 1);
	assert_true(p->value[PROC_RSS] == UINT64_MAX && p->id.start_ticks == UINT64_MAX);
	assert_true(p->id.pid == UINT32_MAX && p->flags == UINT32_MAX);
	assert_int_equal(strlen(p->cgroup), 4095);
	assert_int_equal(p->state, 0);
	assert_true(t->owners.v[0].live[0] == INT64_MIN);
	assert_int_equal(strlen(t->limits.v[0].meaning), LIMIT_MEANING_SIZE - 1);
	tick__free(&want);
	++*(int *)arg;
	return 0;
}

static void extremes(void **state)
{
	const struct place *p = *state;
	struct proc_sample proc = sample_proc(1, 0, "");
	struct owner_sample owner = {.live = {INT64_MIN, INT64_MAX, -1}, .kind = OWNER_ASYNC};
	struct tick t = {.time_ns = UINT64_MAX, .mono_ns = UINT64_MAX, .n_procs = UINT32_MAX};
	struct session *s = create(p, 0);
	int n = 0;
	struct session_reader reader = {NULL, keep_tick, &n};
	char path[128], meaning[600];

	memset(proc.comm, 'c', sizeof(proc.comm)); /* no NUL */
	memset(meaning, 'm', sizeof(meaning));
	meaning[sizeof(meaning) - 1] = '\0';
	proc.id = (struct proc_id){UINT32_MAX, UINT64_MAX};
	proc.flags = proc.approx = UINT32_MAX;
	proc.value[PROC_RSS] = UINT64_MAX;
	proc.state = '\n';
	proc.cgroup = malloc(10001);
	memset(proc.cgroup, 'g', 10000);
	proc.cgroup[10000] = '\0';
	assert_int_equal(vec_push(&t.procs, proc), 0);
	assert_int_equal(vec_push(&t.owners, owner), 0);
	assert_int_equal(limits__set(&t.limits, "k", UINT64_MAX, "%s", meaning), 0);
	assert_int_equal(session__write(s, &t), 0);
	assert_int_equal(session__finish(s), 0);
	session__close(s);
	tick__free(&t);

	path_of(p, "", path);
	assert_int_equal(session__replay(path, &reader), 0);
	assert_int_equal(n, 1);
}

static void callback_error_stops(void **state)
{
	const struct place *p = *state;
	struct seen seen = {.stop_with = -ECANCELED};

	write_file(p, 5);
	assert_int_equal(replay(p, &seen), -ECANCELED);
	assert_int_equal(seen.n_ticks, 2);
	limits__free(&seen.limits);
}

/* --- creating --- */

static int mode_of(const struct place *p, const char *suffix)
{
	char path[128];
	struct stat st;

	path_of(p, suffix, path);
	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void nobody_else_may_read(void **state)
{
	const struct place *p = *state;
	mode_t old = umask(0);
	struct session *s = create(p, 0);

	assert_int_equal(write_one(s, 0), 0);
	assert_int_equal(mode_of(p, ""), 0640);
	assert_int_equal(mode_of(p, "-wal") & 07, 0);
	assert_int_equal(mode_of(p, "-shm") & 07, 0);
	session__close(s);
	umask(old);
}

static void existing_names_are_refused(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
	const struct place *p = *state;
	struct run_info info = sample_info();
	struct session *s = NULL;

	for (size_t i = 0; i < N_OF(suffixes) * 2; i++) {
		const char *suffix = suffixes[i / 2];
		char path[128], victim[128];
		struct stat st;

		path_of(p, suffix, path);
		path_of(p, "-victim", victim);
		if (i % 2)
			assert_int_equal(symlink(victim, path), 0);
		else
			close(open(path, O_CREAT | O_WRONLY, 0600));
		assert_int_equal(session__create(p->fd, NAME, &info, 0, &s), -EEXIST);
		assert_null(s);
		assert_int_equal(stat(victim, &st), -1);
		assert_int_equal(unlink(path), 0);
		assert_false(exists(p, ""));
	}
	assert_int_equal(session__create(p->fd, "../x.db", &info, 0, &s), -EINVAL);
	assert_int_equal(session__create(p->fd, "", &info, 0, &s), -EINVAL);
	assert_int_equal(session__create(-1, NAME, &info, 0, &s), -EBADF);
	assert_null(s);
}

/* Whoever owns a directory above can put another one in its place at any time. */
static void swapped_directory_is_not_followed(void **state)
{
	const struct place *p = *state;
	struct session *s = create(p, 0);
	char moved[80], other[80], path[128];
	struct seen seen = {0};
	struct stat st;

	snprintf(moved, sizeof(moved), "%s.moved", p->path);
	snprintf(other, sizeof(other), "%s.other", p->path);
	assert_int_equal(write_one(s, 0), 0);
	assert_int_equal(mkdir(other, 0755), 0);
	assert_int_equal(rename(p->path, moved), 0);
	assert_int_equal(symlink(other, p->path), 0);
	path_of(p, "-wal", path);
	close(open(path, O_CREAT | O_WRONLY, 0600));

	assert_int_equal(write_one(s, 1), 0);
	assert_int_equal(session__finish(s), 0);
	session__close(s);
	/* the -wal that went is our own; nothing was made in the other place */
	assert_int_equal(stat(path, &st), 0);
	path_of(p, "", path);
	assert_int_equal(stat(path, &st), -1);
	snprintf(path, sizeof(path), "%s/%s-wal", moved, NAME);
	assert_int_equal(stat(path, &st), -1);
	snprintf(path, sizeof(path), "%s/%s", moved, NAME);
	assert_int_equal(replay_path(path, &seen), 0);
	assert_int_equal(seen.n_ticks, 2);

	assert_int_equal(unlink(p->path), 0);
	remove_dir(other);
	assert_int_equal(rename(moved, p->path), 0);
	limits__free(&seen.limits);
}

/* --- killed --- */

static void write_and_die(const struct place *p, uint64_t n_ticks)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		struct session *s = create(p, 0);

		for (uint64_t i = 0; i < n_ticks; i++)
			if (write_one(s, i))
				_exit(1);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

static void check_unfinished(int err, struct seen *seen, size_t n_ticks)
{
	assert_int_equal(err, 0);
	assert_true(seen->info_ok && seen->all_ok);
	assert_int_equal(seen->n_ticks, n_ticks);
	assert_non_null(limits__find(&seen->limits, "session_unfinished"));
}

static void killed_writer_loses_nothing(void **state)
{
	const struct place *p = *state;
	struct seen seen = {0};
	char path[128];

	write_and_die(p, 7);
	assert_true(exists(p, "-wal"));
	check_unfinished(replay(p, &seen), &seen, 7);
	check_unfinished(replay(p, &seen), &seen, 7);

	/* without the -shm, as when both files were copied: none is made */
	path_of(p, "-shm", path);
	assert_int_equal(unlink(path), 0);
	check_unfinished(replay(p, &seen), &seen, 7);
	assert_false(exists(p, "-shm"));

	/* without the -wal, as when it was forgotten: what had been copied into the file */
	path_of(p, "-wal", path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(replay(p, &seen), 0);
	assert_true(seen.all_ok && seen.n_ticks >= 1);
	assert_false(exists(p, "-shm") || exists(p, "-wal") || exists(p, "-journal"));
	limits__free(&seen.limits);
}

static void reading_changes_nothing(void **state)
{
	static const char *const suffixes[] = {"", "-wal"};
	const struct place *p = *state;
	char command[300];
	struct seen seen = {0};

	write_and_die(p, 3);
	snprintf(command, sizeof(command), "cd %s && mkdir c && cp %s %s-wal c/", p->path, NAME,
		 NAME);
	assert_int_equal(system(command), 0);
	check_unfinished(replay(p, &seen), &seen, 3);
	for (size_t i = 0; i < N_OF(suffixes); i++) {
		snprintf(command, sizeof(command), "cmp %s/%s%s %s/c/%s%s", p->path, NAME,
			 suffixes[i], p->path, NAME, suffixes[i]);
		assert_int_equal(system(command), 0);
	}
	limits__free(&seen.limits);
}
static void read_on_read_only_fs(const struct place *p)
{
	struct seen seen = {0};
	char path[128];

	if (geteuid() || unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(p->path, p->path, NULL, MS_BIND, NULL) ||
	    mount(NULL, p->path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL)) {
		printf("# skipped: cannot mount read-only: %s\n", strerror(errno));
		return;
	}
	path_of(p, "-x", path);
	CHECK(open(path, O_CREAT | O_WRONLY, 0600) < 0);
	CHECK(replay(p, &seen) == 0);
	CHECK(seen.n_ticks == 4 && seen.all_ok);
	CHECK(limits__find(&seen.limits, "session_unfinished"));
}

static void reads_on_read_only_fs(void **state)
{
	const struct place *p = *state;
	char shm[128];

	write_and_die(p, 4);
	run_in_child(read_on_read_only_fs, p);
	path_of(p, "-shm", shm);
	assert_int_equal(unlink(shm), 0);
	run_in_child(read_on_read_only_fs, p);
}

/* Another user's eyes: may read the files and write nothing. */
static void read_as_nobody(const struct place *p)
{
	struct seen seen = {0};

	if (geteuid() || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)) {
		printf("# skipped: cannot become nobody\n");
		return;
	}
	CHECK(replay(p, &seen) == 0);
	CHECK(seen.n_ticks == 4 && seen.all_ok);
}

static void reads_without_rights_to_write(void **state)
{
	const struct place *p = *state;
	char command[200];

	write_and_die(p, 4);
	snprintf(command, sizeof(command), "chmod -R a+rX %s", p->path);
	assert_int_equal(system(command), 0);
	run_in_child(read_as_nobody, p);
	snprintf(command, sizeof(command), "chmod 600 %s/%s-shm", p->path, NAME);
	assert_int_equal(system(command), 0);
	run_in_child(read_as_nobody, p);
}

/* The writer died while the two files became one: a journal lies there. */
static void reads_past_a_journal(void **state)
{
	const struct place *p = *state;
	struct seen seen = {0};
	char command[400];

	write_file(p, 3);
	snprintf(command, sizeof(command),
		 "cd %s && printf '\\331\\325\\005\\371\\040\\241\\143\\327' >j && "
		 "printf '\\0\\0\\0\\1\\0\\0\\0\\0\\0\\0\\0\\1\\0\\0\\2\\0\\0\\0\\020\\0' >>j && "
		 "truncate -s 512 j && head -c 4104 /dev/zero >>j && mv j %s-journal",
		 p->path, NAME);
	assert_int_equal(system(command), 0);
	assert_int_equal(replay(p, &seen), 0);
	assert_int_equal(seen.n_ticks, 3);
	assert_true(seen.all_ok && exists(p, "-journal"));
	limits__free(&seen.limits);
}

static void reads_beside_its_writer(void **state)
{
	const struct place *p = *state;
	struct session *s = create(p, 0);
	struct seen seen = {0};

	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(write_one(s, i), 0);
	check_unfinished(replay(p, &seen), &seen, 3);
	assert_int_equal(write_one(s, 3), 0);
	check_unfinished(replay(p, &seen), &seen, 4);
	assert_int_equal(session__finish(s), 0);
	session__close(s);
	assert_int_equal(replay(p, &seen), 0);
	assert_null(limits__find(&seen.limits, "session_unfinished"));
	limits__free(&seen.limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(round_trip),
		TEST(extremes),
		TEST(callback_error_stops),
		TEST(nobody_else_may_read),
		TEST(existing_names_are_refused),
		TEST(swapped_directory_is_not_followed),
		TEST(killed_writer_loses_nothing),
		TEST(reading_changes_nothing),
		TEST(reads_on_read_only_fs),
		TEST(reads_without_rights_to_write),
		TEST(reads_past_a_journal),
		TEST(reads_beside_its_writer),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
