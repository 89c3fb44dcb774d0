/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a session back. Each table is read once, in the order of writing,
 * beside the ticks: no index is needed, memory is bounded by one tick, and a
 * page that cannot be read costs what comes after it in its table alone. A
 * tick counts as read when its checksum is right.
 */
#include "store/session.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "store/db.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/state.h"

/* What one tick can hold at most, against files that are out for our memory:
 * four times the processes that a kernel's largest pid_max allows would not
 * be believed either. */
#define TICK_ROWS_MAX (1U << 20)
#define TICK_TEXT_MAX (64U << 20)

struct table_reader {
	const struct table *t;
	sqlite3_stmt *st;
	bool has_row;
	int64_t rowid; /* of that row; each one must be above the last: pages can form loops */
	uint64_t tick;
};

struct replay {
	sqlite3 *db;
	struct table_reader ticks, rows[N_ROW_TABLES];
	struct tick cur, held; /* held: read and not yet given out, it may be the last */
	bool has_held;
	uint64_t n_damaged;
	struct session_state state;
	int64_t format;
	int err; /* what the result will be when nothing worse happens: -EBADMSG, -EIO */
};

/* --- one table --- */

static void damaged(struct replay *r, int err)
{
	if (!r->err)
		r->err = err ? err : -EBADMSG;
}

/* 0 with has_row set or not, or -ENOMEM. */
static int advance(struct replay *r, struct table_reader *t)
{
	int64_t last = t->rowid;
	bool first = !t->has_row;
	int rc, err;

	t->has_row = false;
	rc = sqlite3_step(t->st);
	if (rc == SQLITE_DONE)
		return 0;
	err = db__errno(r->db, rc);
	if (err == -ENOMEM)
		return err;
	t->rowid = err ? 0 : sqlite3_column_int64(t->st, 0);
	if (err || (!first && t->rowid <= last)) {
		log_debug("session: table %s: %s", t->t->name, sqlite3_errmsg(r->db));
		damaged(r, err);
		return 0;
	}
	t->tick = (uint64_t)sqlite3_column_int64(t->st, t == &r->ticks ? 0 : 1);
	t->has_row = true;
	return 0;
}

static int open_table(struct replay *r, const struct table *t, struct table_reader *ret)
{
	struct strbuf sql = {0};
	int err;

	ret->t = t;
	schema__select_sql(&sql, t);
	err = db__prepare(r->db, &sql, &ret->st);
	return err ? err : advance(r, ret);
}

/* --- ticks --- */

/* Reads the rows of r->cur's tick. Skips what belongs to ticks before it,
 * which were damaged or are gone. 0, -EBADMSG or -ENOMEM. */
static int read_rows(struct replay *r, struct table_reader *t, struct row_sum *sum,
		     size_t *text_bytes)
{
	_cleanup_free_ void *row = malloc(t->t->row_size);
	int err = row ? 0 : -ENOMEM, bad = 0;

	while (!err && t->has_row && t->tick < r->cur.seq) {
		damaged(r, -EBADMSG);
		err = advance(r, t);
	}
	for (size_t n = 0; !err && t->has_row && t->tick == r->cur.seq; n++) {
		if (!bad && (n >= TICK_ROWS_MAX || *text_bytes > TICK_TEXT_MAX))
			bad = -EBADMSG;
		if (!bad)
			bad = row__read(t->st, 2, t->t, row, sum, text_bytes);
		if (!bad && schema__push(t->t, &r->cur, row)) {
			row__clear(t->t, row);
			bad = -ENOMEM;
		}
		err = bad == -ENOMEM ? bad : advance(r, t);
	}
	return err ? err : bad;
}

/* The tick row that stands: 0, -EBADMSG when it or a row of it is damaged, or -ENOMEM. */
static int read_tick(struct replay *r)
{
	struct row_sum sum = ROW_SUM_INIT;
	struct tick row;
	size_t text_bytes = 0;
	int64_t checksum;
	int err = row__read(r->ticks.st, 1, &tick_table, &row, &sum, &text_bytes);

	if (err)
		return err;
	r->cur.seq = row.seq;
	r->cur.time_ns = row.time_ns;
	r->cur.mono_ns = row.mono_ns;
	r->cur.n_procs = row.n_procs;
	r->cur.self = row.self;
	checksum = sqlite3_column_int64(r->ticks.st, 1 + (int)tick_table.n_columns);
	for (size_t i = 0; i < N_ROW_TABLES && !err; i++)
		err = read_rows(r, &r->rows[i], &sum, &text_bytes);
	return err ? err : (uint64_t)checksum == sum.h ? 0 : -EBADMSG;
}

static int give_held(struct replay *r, const struct session_reader *reader)
{
	int err = r->has_held && reader->tick ? reader->tick(reader->arg, &r->held) : 0;

	r->has_held = false;
	return err;
}

static void hold_current(struct replay *r)
{
	struct tick empty = r->held;

	r->held = r->cur;
	r->cur = empty;
	r->has_held = true;
}

/* What the file says about itself goes with the last tick, as all limits do. */
static int add_limits(struct replay *r)
{
	int err = state__limits(&r->state, &r->held.limits);

	if (!err && !r->state.complete)
		err = limits__set(
			&r->held.limits, "session_unfinished", 0,
			"the session file has no end mark: its writer was killed or still "
			"runs, and what came after the last sample is not in it");
	if (!err && r->n_damaged)
		err = limits__set(&r->held.limits, "session_ticks_damaged", r->n_damaged,
				  "damaged samples in the session file, left out: what changed in "
				  "them only is missing, and processes that ended in them seem to "
				  "live on");
	return err;
}

static int replay_ticks(struct replay *r, const struct session_reader *reader)
{
	int err = 0;

	while (r->ticks.has_row && !err) {
		tick__clear(&r->cur);
		err = read_tick(r);
		if (err == -EBADMSG) {
			damaged(r, err);
			r->n_damaged++;
			err = 0;
		} else if (!err) {
			err = give_held(r, reader);
			hold_current(r);
		}
		if (!err)
			err = advance(r, &r->ticks);
	}
	/* Rows whose tick is gone */
	for (size_t i = 0; i < N_ROW_TABLES; i++)
		if (r->rows[i].has_row)
			damaged(r, -EBADMSG);
	if (!err && r->has_held)
		err = add_limits(r);
	return err ? err : give_held(r, reader);
}

/* --- the file --- */

/* The table of this name was created by exactly this text: a file may bring
 * views, virtual tables or columns that compute instead. */
static int check_table(sqlite3 *db, const char *name, const char *sql)
{
	struct strbuf select = {0};
	sqlite3_stmt *st = NULL;
	const char *text;
	int rc, err;

	strbuf_addf(&select,
		    "SELECT sql FROM sqlite_master WHERE name = '%s' AND type = 'table' "
		    "AND rootpage > 0",
		    name);
	err = db__prepare(db, &select, &st);
	rc = err ? SQLITE_DONE : sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(st, 0);
		err = !text || strcmp(text, sql) || sqlite3_step(st) != SQLITE_DONE ? -EBADMSG : 0;
	} else if (!err) {
		err = rc == SQLITE_DONE ? -EBADMSG : db__errno(db, rc);
	}
	sqlite3_finalize(st);
	return err;
}

static int check_described(sqlite3 *db, const struct table *t)
{
	struct strbuf sql = {0};
	int err;

	schema__create_sql(&sql, t);
	err = sql.failed ? -ENOMEM : check_table(db, t->name, sql.s);
	strbuf_free(&sql);
	return err;
}

static int check_format(sqlite3 *db, int64_t *ret)
{
	struct strbuf select = {0};
	sqlite3_stmt *st = NULL;
	int err = check_table(db, "format", schema_format_sql);
	int64_t version = 0;

	if (err)
		return err;
	strbuf_addf(&select, "SELECT version FROM format LIMIT 1");
	err = db__prepare(db, &select, &st);
	if (!err && sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	if (err)
		return err;
	*ret = version;
	return version > SESSION_FORMAT ? -EPROTONOSUPPORT : version > 0 ? 0 : -EBADMSG;
}

static bool has_table(const struct replay *r, const struct table *t)
{
	return t->since <= r->format;
}

static int check_schema(struct replay *r)
{
	static const struct table *const single[] = {&run_table, &state_table, &tick_table};
	sqlite3 *db = r->db;
	int err = check_format(db, &r->format);

	if (!err)
		err = check_table(db, "text", schema_text_sql);
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]) && !err; i++)
		err = check_described(db, single[i]);
	for (size_t i = 0; i < N_ROW_TABLES && !err; i++)
		if (has_table(r, &row_tables[i]))
			err = check_described(db, &row_tables[i]);
	return err;
}

/* The one row of a table into *row, which is zero when it cannot be read:
 * -EBADMSG then, or -ENOMEM. */
static int read_single(struct replay *r, const struct table *t, void *row)
{
	struct table_reader reader = {0};
	struct row_sum sum = ROW_SUM_INIT;
	size_t text_bytes = 0;
	int err = open_table(r, t, &reader);

	memset(row, 0, t->row_size);
	if (!err)
		err = reader.has_row ? row__read(reader.st, 1, t, row, &sum, &text_bytes)
				     : -EBADMSG;
	if (!err && t == &run_table &&
	    sqlite3_column_int64(reader.st, 1 + (int)t->n_columns) != (int64_t)sum.h) {
		memset(row, 0, t->row_size);
		err = -EBADMSG;
	}
	sqlite3_finalize(reader.st);
	return err;
}

static int replay_file(struct replay *r, const struct session_reader *reader)
{
	struct run_info info;
	int err = read_single(r, &run_table, &info);

	if (err == -ENOMEM)
		return err;
	if (err)
		damaged(r, err);
	err = read_single(r, &state_table, &r->state);
	if (err == -ENOMEM)
		return err;
	if (err) {
		damaged(r, err);
		r->state.complete = true; /* not known to be incomplete */
	}
	err = open_table(r, &tick_table, &r->ticks);
	for (size_t i = 0; i < N_ROW_TABLES && !err; i++) {
		r->rows[i].t = &row_tables[i];
		if (has_table(r, &row_tables[i]))
			err = open_table(r, &row_tables[i], &r->rows[i]);
	}
	if (!err && reader->info)
		err = reader->info(reader->arg, &info);
	return err ? err : replay_ticks(r, reader);
}

int session__replay(const char *path, const struct session_reader *reader)
{
	struct replay r = {0};
	int err = db__open(path, &r.db);

	if (err)
		return err;
	err = check_schema(&r);
	db__trust_structure(r.db);
	if (!err)
		err = replay_file(&r, reader);

	sqlite3_finalize(r.ticks.st);
	for (size_t i = 0; i < N_ROW_TABLES; i++)
		sqlite3_finalize(r.rows[i].st);
	tick__free(&r.cur);
	tick__free(&r.held);
	sqlite3_close(r.db);
	return err ? err : r.err;
}
