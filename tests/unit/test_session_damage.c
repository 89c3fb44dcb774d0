/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session_help.h"

#include <sqlite3.h>

/* --- damaged --- */

struct image {
	char *data;
	size_t len, cap;
};

static void load(const struct place *p, struct image *image)
{
	ssize_t len = read_file_grow(p->fd, NAME, &image->data, &image->cap, 64 << 20);

	assert_true(len > 0);
	image->len = (size_t)len;
}

static void store(const struct place *p, const char *data, size_t len)
{
	char path[128];
	FILE *f;

	path_of(p, "", path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void truncated_files(void **state)
{
	const struct place *p = *state;
	struct image image = {0};
	struct seen seen = {0};
	size_t best = 0;

	write_file(p, 40);
	load(p, &image);
	for (size_t len = 0; len < image.len; len += len < 8192 ? 509 : 1777) {
		store(p, image.data, len);
		assert_int_equal(replay(p, &seen), -EBADMSG);
		assert_true(seen.all_ok);
		assert_true(!seen.n_infos || seen.info_ok);
		best = seen.n_ticks > best ? seen.n_ticks : best;
	}
	/* cutting the tail off leaves most of it */
	assert_true(best >= 30);
	free(image.data);
	limits__free(&seen.limits);
}

static void flipped_bytes(void **state)
{
	const struct place *p = *state;
	struct image image = {0};
	struct seen seen = {0};
	size_t n_found = 0, n_partly = 0;
	unsigned int seed = 1;

	write_file(p, 40);
	load(p, &image);
	for (int round = 0; round < 300; round++) {
		size_t at = (size_t)rand_r(&seed) * 31 % image.len;
		char old = image.data[at];
		int err;

		image.data[at] ^= (char)(1 << rand_r(&seed) % 8);
		store(p, image.data, image.len);
		err = replay(p, &seen);
		image.data[at] = old;
		/* whatever was hit: what is given out is what was written */
		assert_true(seen.all_ok);
		assert_true(err == -EBADMSG || (!err && seen.info_ok && seen.n_ticks == 40) ||
			    err == -EPROTONOSUPPORT || err == -EROFS);
		n_found += err == -EBADMSG;
		n_partly += err == -EBADMSG && seen.n_ticks > 0;
		if (err == -EBADMSG && seen.n_ticks && seen.n_ticks < 40 && seen.last_seq == 39)
			assert_non_null(limits__find(&seen.limits, "session_ticks_damaged"));
	}
	/* most pages hold rows: most flips must show, and cost some ticks only */
	printf("# %zu of 300 flips found, %zu with ticks left\n", n_found, n_partly);
	assert_true(n_found > 100 && n_partly > 100);
	free(image.data);
	limits__free(&seen.limits);
}

static void no_sessions(void **state)
{
	static const char other[] = "CREATE TABLE x(y)";
	const struct place *p = *state;
	struct seen seen = {0};
	char path[128];
	sqlite3 *db = NULL;

	path_of(p, "", path);
	assert_int_equal(replay(p, &seen), -ENOENT);
	assert_int_equal(replay_path(p->path, &seen), -EISDIR);
	assert_int_equal(replay_path("/dev/zero", &seen), -EBADMSG);
	store(p, "", 0);
	assert_int_equal(replay(p, &seen), -EBADMSG);
	store(p, other, sizeof(other));
	assert_int_equal(replay(p, &seen), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, other, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(replay(p, &seen), -EBADMSG);
	assert_int_equal(seen.n_infos + seen.n_ticks, 0);
}

/* Names that SQLite would take for something else, relative. */
static void odd_paths(void **state)
{
	static const char *const names[] = {":memory:", "file:x?mode=memory", "a b%20c#d?e", ""};
	const struct place *p = *state;
	char cwd[1024], path[128];
	struct seen seen = {0};

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	write_file(p, 2);
	assert_int_equal(fchdir(p->fd), 0);
	path_of(p, "", path);
	for (size_t i = 0; *names[i]; i++) {
		assert_int_equal(rename(i ? names[i - 1] : path, names[i]), 0);
		assert_int_equal(replay_path(names[i], &seen), 0);
		assert_int_equal(seen.n_ticks, 2);
	}
	assert_int_equal(chdir(cwd), 0);
	limits__free(&seen.limits);
}

/* --- made with evil intent: correct as a database, checksum and all or not --- */

static void change(const struct place *p, const char *sql)
{
	char path[128], *message = NULL;
	sqlite3 *db = NULL;

	path_of(p, "", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &message);
	if (message)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static void evil_files(void **state)
{
	static const struct {
		const char *sql;
		int err;
		size_t n_ticks;
	} cases[] = {
		{"UPDATE proc SET pid = 'text' WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET pid = NULL WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET pid = 1 << 40 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET pid = -1 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET pid = 1.5 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET comm = zeroblob(16) WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET comm = 'a string too long' WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET comm = NULL WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET comm = 5 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET state = 'RR' WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET cgroup = 987654 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE proc SET rss_bytes = 'x' WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE owner SET kind = 5 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE owner SET kind = -1 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE owner SET dead = 2 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE owner SET residue_file_bytes = 5 WHERE tick = 1 AND kind = 0", -EBADMSG,
		 3},
		{"UPDATE event SET kind = 99 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE limits SET meaning = NULL WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE meminfo SET is_count = 7 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE tick SET n_procs = -1 WHERE seq = 1", -EBADMSG, 3},
		{"UPDATE tick SET checksum = 0 WHERE seq = 1", -EBADMSG, 3},
		{"DELETE FROM tick WHERE seq = 1", -EBADMSG, 3},
		{"DELETE FROM proc WHERE tick = 3", -EBADMSG, 3},
		{"DELETE FROM tick WHERE seq = 3", -EBADMSG, 3},
		{"UPDATE text SET value = zeroblob(100000)||id WHERE id = 1", -EBADMSG, 0},
		{"UPDATE run SET mem_total = 5", -EBADMSG, 4},
		{"UPDATE run SET arch = NULL", -EBADMSG, 4},
		{"DELETE FROM run", -EBADMSG, 4},
		{"DELETE FROM state", -EBADMSG, 4},
		{"UPDATE state SET ticks_lost = 'many'", -EBADMSG, 4},
		{"UPDATE format SET version = 2", -EPROTONOSUPPORT, 0},
		{"UPDATE format SET version = 'x'", -EBADMSG, 0},
		{"DELETE FROM format", -EBADMSG, 0},
		{"DROP TABLE smaps", -EBADMSG, 0},
		{"ALTER TABLE proc ADD COLUMN evil AS (pid + 1)", -EBADMSG, 0},
		{"ALTER TABLE proc RENAME TO p2; CREATE VIEW proc AS SELECT * FROM p2", -EBADMSG,
		 0},
		{"DROP TABLE text; CREATE VIEW text(id, value) AS WITH RECURSIVE c(x) AS "
		 "(SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, x FROM c",
		 -EBADMSG, 0},
		/* no harm: what others may add for themselves */
		{"CREATE INDEX mine ON proc(pid); ANALYZE", 0, 4},
		{"CREATE TABLE notes(x); INSERT INTO notes VALUES('seen')", 0, 4},
		{"VACUUM", 0, 4},
		{"PRAGMA user_version = 5", 0, 4},
	};
	const struct place *p = *state;
	struct image image = {0};
	struct seen seen = {0};

	write_file(p, 4);
	load(p, &image);
	for (size_t i = 0; i < N_OF(cases); i++) {
		int err;

		store(p, image.data, image.len);
		change(p, cases[i].sql);
		err = replay(p, &seen);
		if (err != cases[i].err || seen.n_ticks != cases[i].n_ticks || !seen.all_ok)
			fail_msg("%s: %d, %zu ticks", cases[i].sql, err, seen.n_ticks);
	}
	free(image.data);
	limits__free(&seen.limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(truncated_files), TEST(flipped_bytes), TEST(no_sessions),
		TEST(odd_paths),       TEST(evil_files),
	};

	return cmocka_run_group_tests_name("session_damage", tests, NULL, NULL);
}
