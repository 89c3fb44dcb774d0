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

	write_file(p, 40);
	load(p, &image);
	for (size_t len = 0; len < image.len; len += len < 8192 ? 509 : 1777) {
		store(p, image.data, len);
		assert_int_equal(replay(p, &seen), -EBADMSG);
		assert_true(seen.all_ok);
		assert_true(!seen.n_infos || seen.info_ok);
		/* cutting the tail off leaves most of it */
		assert_true(len < image.len / 10 * 9 || seen.n_ticks >= 20);
	}
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

#define PAGE_SIZE 4096

static void put_u32(unsigned char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> (24 - 8 * i));
}

/* An inner page of a table's tree whose children are all one page. */
static void make_inner_page(unsigned char *page, uint32_t n_cells, uint32_t child)
{
	size_t cells = PAGE_SIZE - 5 * (size_t)n_cells;

	memset(page, 0, PAGE_SIZE);
	page[0] = 5;
	page[3] = (unsigned char)(n_cells >> 8);
	page[4] = (unsigned char)n_cells;
	page[5] = (unsigned char)(cells >> 8);
	page[6] = (unsigned char)cells;
	put_u32(page + 8, child);
	for (size_t i = 0; i < n_cells; i++, cells += 5) {
		page[12 + 2 * i] = (unsigned char)(cells >> 8);
		page[13 + 2 * i] = (unsigned char)cells;
		put_u32(page + cells, child);
		page[cells + 4] = 1; /* the key */
	}
}

static uint32_t root_of(const struct place *p, const char *table)
{
	char path[128], sql[128];
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	uint32_t root;

	path_of(p, "", path);
	snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_master WHERE name = '%s'", table);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	root = (uint32_t)sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return root;
}

/* A tree whose pages refer to each other so that the same rows come 400 to the
 * power of 5 times: reading it to its end takes for ever. */
static void pages_that_repeat(void **state)
{
	const struct place *p = *state;
	struct image image = {0};
	struct seen seen = {0};
	uint32_t root, n_pages;
	unsigned char *pages;

	write_file(p, 1);
	load(p, &image);
	root = root_of(p, "meminfo");
	n_pages = (uint32_t)(image.len / PAGE_SIZE);
	pages = calloc(n_pages + 5, PAGE_SIZE);
	memcpy(pages, image.data, image.len);
	/* the rows move to the last page, the inner ones lead to it */
	memcpy(pages + (size_t)(n_pages + 4) * PAGE_SIZE, pages + (size_t)(root - 1) * PAGE_SIZE,
	       PAGE_SIZE);
	make_inner_page(pages + (size_t)(root - 1) * PAGE_SIZE, 400, n_pages + 1);
	for (uint32_t i = 0; i < 4; i++)
		make_inner_page(pages + (size_t)(n_pages + i) * PAGE_SIZE, 400, n_pages + 2 + i);
	put_u32(pages + 28, n_pages + 5);
	store(p, (const char *)pages, (size_t)(n_pages + 5) * PAGE_SIZE);

	alarm(30);
	assert_int_equal(replay(p, &seen), -EBADMSG);
	alarm(0);
	/* its first rows are in order, and complete */
	assert_true(seen.all_ok && seen.n_ticks == 1);
	free(pages);
	free(image.data);
	limits__free(&seen.limits);
}

static void no_sessions(void **state)
{
	static const char other[] = "CREATE TABLE x(y)";
	const struct place *p = *state;
	struct seen seen = {0};
	char path[128], wal[128];
	sqlite3 *db = NULL;

	path_of(p, "", path);
	assert_int_equal(replay(p, &seen), -ENOENT);
	assert_int_equal(replay_path(p->path, &seen), -EISDIR);
	assert_int_equal(replay_path("/dev/zero", &seen), -EBADMSG);
	store(p, "", 0);
	assert_int_equal(replay(p, &seen), -EBADMSG);
	/* SQLite removes the -wal of an empty file: not ours */
	path_of(p, "-wal", wal);
	assert_int_equal(symlink("/etc/passwd", wal), 0); /* anything that is not empty */
	assert_int_equal(replay(p, &seen), -EBADMSG);
	assert_int_equal(unlink(wal), 0);
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
	sqlite3_exec(db, "PRAGMA synchronous=OFF", NULL, NULL, NULL);
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
		{"UPDATE format SET version = 99", -EPROTONOSUPPORT, 0},
		{"UPDATE format SET version = 'x'", -EBADMSG, 0},
		{"DELETE FROM format", -EBADMSG, 0},
		{"DROP TABLE smaps", -EBADMSG, 0},
		{"DROP TABLE slab", -EBADMSG, 0},
		{"UPDATE slab SET gone = 2 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE cgroup SET runtime = 99 WHERE tick = 1", -EBADMSG, 3},
		{"UPDATE cgroup SET path = 987654 WHERE tick = 1", -EBADMSG, 3},
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

/* A file from before format 2: what it has is read, what it lacks is empty. */
static void older_format(void **state)
{
	const struct place *p = *state;
	struct session *s = create(p, 0);
	struct seen seen = {0};
	struct tick t = {0};

	sample_tick(&t, 0);
	t.slabs.n = 0;
	vec_for_each(c, &t.cgroups)
		free(c->path);
	t.cgroups.n = t.alerts.n = t.facts.n = t.machine.n = t.hidden.n = t.mapped.n = 0;
	analysis__clear(&t.analysis);
	assert_int_equal(session__write(s, &t), 0);
	assert_int_equal(session__finish(s), 0);
	session__close(s);
	tick__free(&t);
	change(p,
	       "DROP TABLE slab; DROP TABLE cgroup; DROP TABLE alert; DROP TABLE analysis; "
	       "DROP TABLE zombie; DROP TABLE zombie_parent; DROP TABLE fd; DROP TABLE fd_group; "
	       "DROP TABLE sysv; DROP TABLE tmpfs; DROP TABLE shm; DROP TABLE shm_holder; "
	       "DROP TABLE mapping; DROP TABLE fact; DROP TABLE machine; DROP TABLE hidden; "
	       "DROP TABLE mapped; "
	       "UPDATE format SET version = 1");
	assert_int_equal(replay(p, &seen), 0);
	assert_int_equal(seen.n_ticks, 1);
	assert_true(seen.info_ok);
	limits__free(&seen.limits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(truncated_files), TEST(flipped_bytes), TEST(pages_that_repeat),
		TEST(no_sessions),     TEST(odd_paths),	    TEST(evil_files),
		TEST(older_format),
	};

	return cmocka_run_group_tests_name("session_damage", tests, NULL, NULL);
}
