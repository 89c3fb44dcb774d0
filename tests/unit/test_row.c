/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/row.h"

/* A database in memory with the table and one good row, then `change`. */
static sqlite3 *database(const struct table *t, const void *row, const char *change)
{
	struct strbuf sql = {0};
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL, *text = NULL;
	struct row_sum sum = ROW_SUM_INIT;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, schema_text_sql, NULL, NULL, NULL), SQLITE_OK);
	schema__create_sql(&sql, t);
	assert_int_equal(sqlite3_exec(db, sql.s, NULL, NULL, NULL), SQLITE_OK);
	strbuf_free(&sql);
	schema__insert_sql(&sql, t);
	assert_int_equal(sqlite3_prepare_v2(db, sql.s, -1, &st, NULL), SQLITE_OK);
	strbuf_free(&sql);
	assert_int_equal(
		sqlite3_prepare_v2(db, "INSERT INTO text(value) VALUES(?1)", -1, &text, NULL),
		SQLITE_OK);
	assert_int_equal(row__intern(text, t, row), SQLITE_OK);
	assert_int_equal(sqlite3_bind_int64(st, 1, 0), SQLITE_OK);
	assert_int_equal(row__bind(st, 2, t, row, &sum), 0);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	sqlite3_finalize(st);
	sqlite3_finalize(text);
	if (sqlite3_exec(db, change, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", change, sqlite3_errmsg(db));
	return db;
}

static int read_back(sqlite3 *db, const struct table *t, void *row)
{
	struct strbuf sql = {0};
	sqlite3_stmt *st = NULL;
	struct row_sum sum = ROW_SUM_INIT;
	size_t text_bytes = 0;
	int err;

	schema__select_sql(&sql, t);
	assert_int_equal(sqlite3_prepare_v2(db, sql.s, -1, &st, NULL), SQLITE_OK);
	strbuf_free(&sql);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	err = row__read(st, 2, t, row, &sum, &text_bytes);
	sqlite3_finalize(st);
	return err;
}

union any_row {
	struct proc_sample proc;
	struct owner_sample owner;
	struct event event;
	struct limit limit;
	struct meminfo_line line;
};

/* The checksum cannot catch these: who writes such a file writes it as well. */
static void values_that_cannot_be(void **state)
{
	static const struct {
		enum row_table table;
		const char *change;
		int err;
	} cases[] = {
		{ROWS_PROC, "SELECT 1", 0},
		{ROWS_PROC, "UPDATE proc SET pid = 4294967295", 0},
		{ROWS_PROC, "UPDATE proc SET pid = 4294967296", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET pid = -1", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET pid = NULL", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET pid = 'x'", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET pid = 1.5", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET pid = x'01'", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET start_ticks = -1", 0},
		{ROWS_PROC, "UPDATE proc SET start_ticks = 'x'", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET comm = 'fifteen bytes!!'", 0},
		{ROWS_PROC, "UPDATE proc SET comm = 'sixteen bytes!!!'", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET comm = zeroblob(3)", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET comm = x'ff'", 0},
		{ROWS_PROC, "UPDATE proc SET comm = x''", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET comm = ''", 0},
		{ROWS_PROC, "UPDATE proc SET comm = NULL", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET comm = 5", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET state = NULL", 0},
		{ROWS_PROC, "UPDATE proc SET state = 'RR'", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET state = '9'", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET state = ''", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET rss_bytes = NULL", 0},
		{ROWS_PROC, "UPDATE proc SET rss_bytes = 'x'", -EBADMSG},
		{ROWS_PROC, "UPDATE proc SET cgroup = NULL", 0},
		{ROWS_PROC, "UPDATE text SET value = replace(hex(zeroblob(2047)), '0', 'g')", 0},
		{ROWS_PROC, "UPDATE text SET value = replace(hex(zeroblob(2048)), '0', 'g')",
		 -EBADMSG},
		{ROWS_PROC, "UPDATE text SET value = 7", -EBADMSG},
		{ROWS_PROC, "UPDATE text SET value = zeroblob(5)", -EBADMSG},
		{ROWS_OWNER, "UPDATE owner SET kind = 4", 0},
		{ROWS_OWNER, "UPDATE owner SET kind = 5", -EBADMSG},
		{ROWS_OWNER, "UPDATE owner SET kind = -1", -EBADMSG},
		{ROWS_OWNER, "UPDATE owner SET kind = 4294967297", -EBADMSG},
		{ROWS_OWNER, "UPDATE owner SET dead = 1", 0},
		{ROWS_OWNER, "UPDATE owner SET dead = 2", -EBADMSG},
		{ROWS_OWNER, "UPDATE owner SET live_user_bytes = NULL", -EBADMSG},
		/* known in one part and not in another */
		{ROWS_OWNER, "UPDATE owner SET residue_file_bytes = NULL", -EBADMSG},
		{ROWS_OWNER,
		 "UPDATE owner SET residue_inherited_bytes = NULL, residue_shmem_bytes = NULL, "
		 "residue_file_bytes = NULL, residue_kernel_bytes = NULL",
		 0},
		{ROWS_EVENT, "UPDATE event SET kind = 5", -EBADMSG},
		{ROWS_LIMIT, "UPDATE limits SET meaning = NULL", -EBADMSG},
		{ROWS_MEMINFO, "UPDATE meminfo SET is_count = 2", -EBADMSG},
		{ROWS_MEMINFO, "UPDATE meminfo SET name = 99", -EBADMSG},
	};
	char cgroup[] = "/slice";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct table *t = &row_tables[cases[i].table];
		union any_row row = {0}, got;
		sqlite3 *db;
		int err;

		if (cases[i].table == ROWS_PROC)
			row.proc = (struct proc_sample){.known = 1, .state = 'R', .cgroup = cgroup};
		if (cases[i].table == ROWS_OWNER)
			row.owner.residue.known = true;
		if (cases[i].table == ROWS_LIMIT)
			snprintf(row.limit.meaning, sizeof(row.limit.meaning), "meaning");
		db = database(t, &row, cases[i].change);
		memset(&got, 0xee, sizeof(got));
		err = read_back(db, t, &got);
		if (err != cases[i].err)
			fail_msg("%s: %d", cases[i].change, err);
		/* nothing that would be freed twice, or leak (the sanitizer watches) */
		row__clear(t, &got);
		sqlite3_close(db);
	}
}

static void known_bits_come_back(void **state)
{
	struct proc_sample row = {.known = 1U << PROC_SWAP | 1U << PROC_THREADS}, got;
	sqlite3 *db;

	for (int i = 0; i < _PROC_VALUE_MAX; i++)
		row.value[i] = 100 + (uint64_t)i;
	db = database(&row_tables[ROWS_PROC], &row, "SELECT 1");
	assert_int_equal(read_back(db, &row_tables[ROWS_PROC], &got), 0);
	assert_int_equal(got.known, row.known);
	assert_int_equal(got.value[PROC_SWAP], 100 + PROC_SWAP);
	assert_int_equal(got.value[PROC_RSS], 0);
	assert_false(got.end.ended);
	sqlite3_close(db);
}

static int text_type(const char *comm)
{
	struct proc_sample row = {0};
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	int type;

	memcpy(row.comm, comm, strlen(comm));
	db = database(&row_tables[ROWS_PROC], &row, "SELECT 1");
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT comm FROM proc", -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	type = sqlite3_column_type(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return type;
}

/* Other tools read TEXT as UTF-8. */
static void text_is_utf8_or_a_blob(void **state)
{
	assert_int_equal(text_type("plain"), SQLITE_TEXT);
	assert_int_equal(text_type(""), SQLITE_TEXT);
	assert_int_equal(text_type("caf\xc3\xa9"), SQLITE_TEXT);
	assert_int_equal(text_type("\xef\xbf\xbd"), SQLITE_TEXT);
	assert_int_equal(text_type("caf\xe9"), SQLITE_BLOB);
	assert_int_equal(text_type("\xc0\xaf"), SQLITE_BLOB);
	assert_int_equal(text_type("caf\xc3"), SQLITE_BLOB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_that_cannot_be),
		cmocka_unit_test(known_bits_come_back),
		cmocka_unit_test(text_is_utf8_or_a_blob),
	};

	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
