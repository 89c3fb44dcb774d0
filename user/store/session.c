/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/session.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "store/db.h"
#include "store/pending.h"
#include "store/row.h"
#include "store/schema.h"
#include "store/state.h"

#define CHECKPOINT_NS 30000000000ULL
/* What power loss can cost beside the tick being written: ticks that come faster do not wait for
 * the disk one by one. */
#define SYNC_NS 4000000000ULL

struct session {
	int dirfd; /* the files are opened through it; SQLite opens -wal again when it likes */
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *rollback, *page_count;
	sqlite3_stmt *tick, *text, *state, *rows[N_ROW_TABLES];
	uint64_t max_bytes, page_size;
	uint64_t checkpoint_at, sync_at; /* CLOCK_BOOTTIME of the ticks */
	bool syncs;			 /* each commit waits for the disk */
	struct session_state s, stored;
	bool bound_hit;
	bool has_pending;
	struct tick pending; /* what lost ticks carried, newest rows */
};

static int begin(struct session *s)
{
	return db__run(s->begin);
}

/* Whatever went wrong, the connection is ready for the next tick. SQLite has
 * rolled back by itself after some errors. */
static void rollback(struct session *s)
{
	for (size_t i = 0; i < N_ROW_TABLES; i++)
		sqlite3_reset(s->rows[i]);
	sqlite3_reset(s->tick);
	sqlite3_reset(s->text);
	sqlite3_reset(s->state);
	sqlite3_reset(s->page_count);
	sqlite3_reset(s->commit);
	if (!sqlite3_get_autocommit(s->db))
		db__run(s->rollback);
}

static int write_rows(struct session *s, enum row_table table, const struct tick *t,
		      struct row_sum *sum)
{
	const struct table *tab = &row_tables[table];
	sqlite3_stmt *st = s->rows[table];

	for (size_t i = 0; i < schema__n_rows(tab, t); i++) {
		const void *row = schema__row(tab, t, i);
		int err = db__errno(s->db, row__intern(s->text, tab, row));

		if (!err)
			err = db__errno(s->db, sqlite3_bind_int64(st, 1, (int64_t)t->seq));
		if (!err)
			err = row__bind(st, 2, tab, row, sum);
		if (!err)
			err = db__run(st);
		if (err)
			return err;
	}
	return 0;
}

static int write_checksummed(sqlite3_stmt *st, const struct table *t, struct row_sum sum)
{
	int err = db__errno(sqlite3_db_handle(st),
			    sqlite3_bind_int64(st, (int)t->n_columns + 1, (int64_t)sum.h));

	return err ? err : db__run(st);
}

static int write_state(struct session *s)
{
	struct row_sum unused = ROW_SUM_INIT;
	int err = row__bind(s->state, 1, &state_table, &s->s, &unused);

	return err ? err : db__run(s->state);
}

static bool is_over_bound(struct session *s)
{
	bool over = sqlite3_step(s->page_count) == SQLITE_ROW &&
		    (uint64_t)sqlite3_column_int64(s->page_count, 0) * s->page_size > s->max_bytes;

	sqlite3_reset(s->page_count);
	return over;
}

static int write_in_transaction(struct session *s, const struct tick *t)
{
	struct row_sum sum = ROW_SUM_INIT;
	int err = row__bind(s->tick, 1, &tick_table, t, &sum);

	for (enum row_table i = 0; i < N_ROW_TABLES && !err; i++)
		err = write_rows(s, i, t, &sum);
	if (!err)
		err = write_checksummed(s->tick, &tick_table, sum);
	if (!err && memcmp(&s->s, &s->stored, sizeof(s->s)))
		err = write_state(s);
	return err;
}

/* Sets *ret_over when the tick would not fit; it is not written then. */
static int write_tick(struct session *s, const struct tick *t, bool bounded, bool *ret_over)
{
	int err = begin(s);

	*ret_over = false;
	if (!err)
		err = write_in_transaction(s, t);
	if (!err && bounded && s->max_bytes)
		*ret_over = is_over_bound(s);
	if (!err && !*ret_over)
		err = db__run(s->commit);
	if (!err && !*ret_over) {
		s->stored = s->s;
		return 0;
	}
	rollback(s);
	return err;
}

/* Alone in its transaction: for when there is no tick to go with it. */
static int save_state(struct session *s)
{
	int err = begin(s);

	if (!err)
		err = write_state(s);
	if (!err)
		err = db__run(s->commit);
	if (err)
		rollback(s);
	else
		s->stored = s->s;
	return err;
}

/* Failing is no loss: the WAL keeps what could not be copied. */
static void checkpoint(struct session *s, uint64_t now)
{
	if (now < s->checkpoint_at)
		return;
	s->checkpoint_at = now + CHECKPOINT_NS;
	if (sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL))
		log_debug("session: checkpoint: %s", sqlite3_errmsg(s->db));
}

static int keep_for_later(struct session *s, const struct tick *t)
{
	s->has_pending = true;
	return pending__merge(&s->pending, t, &s->s.rows_lost);
}

static void clear_pending(struct session *s)
{
	tick__clear(&s->pending);
	s->has_pending = false;
}

/* Failing costs safety from power loss, not the tick. */
static void choose_sync(struct session *s, uint64_t now)
{
	bool sync = now >= s->sync_at;

	if (sync)
		s->sync_at = now + SYNC_NS;
	if (sync != s->syncs && !db__sync_commits(s->db, sync))
		s->syncs = sync;
}

int session__write(struct session *s, const struct tick *t)
{
	bool had_pending = s->has_pending, over = false;
	int err = 0;

	if (s->s.complete)
		return -EINVAL;
	choose_sync(s, t->mono_ns);
	if (had_pending || s->bound_hit)
		keep_for_later(s, t);
	if (!s->bound_hit) {
		err = write_tick(s, had_pending ? &s->pending : t, true, &over);
		if (!err && !over) {
			clear_pending(s);
			checkpoint(s, t->mono_ns);
			return 0;
		}
		if (!had_pending)
			keep_for_later(s, t);
	}
	if (err) {
		s->s.ticks_lost++;
		return err;
	}
	s->s.ticks_over_bound++;
	/* Now, since the file must say so when the run does not come to its end. */
	if (!s->bound_hit)
		save_state(s);
	s->bound_hit = true;
	return 0;
}

int session__finish(struct session *s)
{
	bool over;
	int err = 0;

	if (s->s.complete)
		return 0;
	if (s->has_pending)
		err = write_tick(s, &s->pending, false, &over);
	if (s->has_pending && !err)
		clear_pending(s);
	s->s.complete = true;
	if (!err)
		err = save_state(s);
	if (err) {
		s->s.complete = false;
		return err;
	}
	/* One file, for attaching to a bug. A reader that is in the way leaves us with the
	 * file and its -wal, which are as good. */
	if (db__exec(s->db, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE"))
		log_debug("session: %s", sqlite3_errmsg(s->db));
	return 0;
}

int session__limits(const struct session *s, struct limits *l)
{
	return state__limits(&s->s, l);
}

void session__close(struct session *s)
{
	sqlite3_stmt **single[] = {&s->begin, &s->commit, &s->rollback, &s->page_count,
				   &s->tick,  &s->text,	  &s->state};

	if (!s)
		return;
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		sqlite3_finalize(*single[i]);
	for (size_t i = 0; i < N_ROW_TABLES; i++)
		sqlite3_finalize(s->rows[i]);
	sqlite3_close(s->db);
	tick__free(&s->pending);
	if (s->dirfd >= 0)
		close(s->dirfd);
	free(s);
}

/* --- creating --- */

static int create_table(sqlite3 *db, const struct table *t)
{
	struct strbuf sql = {0};
	int err;

	schema__create_sql(&sql, t);
	err = sql.failed ? -ENOMEM : db__exec(db, sql.s);
	strbuf_free(&sql);
	return err;
}

static int create_tables(sqlite3 *db)
{
	static const struct table *const single[] = {&run_table, &state_table, &tick_table};
	char version[64];
	int err;

	snprintf(version, sizeof(version), "INSERT INTO format VALUES(%d)", SESSION_FORMAT);
	err = db__exec(db, schema_format_sql);
	if (!err)
		err = db__exec(db, version);
	if (!err)
		err = db__exec(db, schema_text_sql);
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]) && !err; i++)
		err = create_table(db, single[i]);
	for (size_t i = 0; i < N_ROW_TABLES && !err; i++)
		err = create_table(db, &row_tables[i]);
	return err;
}

static int insert_run(sqlite3 *db, const struct run_info *info)
{
	struct row_sum sum = ROW_SUM_INIT;
	struct strbuf sql = {0};
	sqlite3_stmt *st = NULL;
	int err;

	schema__insert_sql(&sql, &run_table);
	err = db__prepare(db, &sql, &st);
	if (!err)
		err = row__bind(st, 1, &run_table, info, &sum);
	if (!err)
		err = write_checksummed(st, &run_table, sum);
	sqlite3_finalize(st);
	return err;
}

static int prepare(sqlite3 *db, const char *text, sqlite3_stmt **ret)
{
	struct strbuf sql = {0};

	strbuf_addf(&sql, "%s", text);
	return db__prepare(db, &sql, ret);
}

static int prepare_insert(sqlite3 *db, const struct table *t, sqlite3_stmt **ret)
{
	struct strbuf sql = {0};

	schema__insert_sql(&sql, t);
	return db__prepare(db, &sql, ret);
}

static int prepare_all(struct session *s)
{
	const struct {
		const char *sql;
		sqlite3_stmt **st;
	} fixed[] = {
		/* IMMEDIATE: a lock that cannot be had is known before anything is written. */
		{"BEGIN IMMEDIATE", &s->begin},
		{"COMMIT", &s->commit},
		{"ROLLBACK", &s->rollback},
		{"PRAGMA page_count", &s->page_count},
		{"INSERT OR IGNORE INTO text(value) VALUES(?1)", &s->text},
	};
	struct strbuf state = {0};
	int err = 0;

	schema__replace_sql(&state, &state_table);
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) && !err; i++)
		err = prepare(s->db, fixed[i].sql, fixed[i].st);
	for (size_t i = 0; i < N_ROW_TABLES && !err; i++)
		err = prepare_insert(s->db, &row_tables[i], &s->rows[i]);
	if (!err)
		err = prepare_insert(s->db, &tick_table, &s->tick);
	if (!err)
		err = db__prepare(s->db, &state, &s->state);
	strbuf_free(&state);
	return err;
}

static int read_page_size(struct session *s)
{
	sqlite3_stmt *st = NULL;
	int err = prepare(s->db, "PRAGMA page_size", &st);

	if (!err && sqlite3_step(st) == SQLITE_ROW)
		s->page_size = (uint64_t)sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return err ? err : s->page_size ? 0 : -EIO;
}

static int fill_new(struct session *s, const struct run_info *info)
{
	int err = db__exec(s->db, "BEGIN IMMEDIATE");

	if (!err)
		err = create_tables(s->db);
	if (!err)
		err = prepare_all(s);
	if (!err)
		err = insert_run(s->db, info);
	if (!err)
		err = write_state(s);
	if (!err)
		err = db__exec(s->db, "COMMIT");
	return err ? err : read_page_size(s);
}

int session__create(int dirfd, const char *name, const struct run_info *info, uint64_t max_bytes,
		    struct session **ret)
{
	struct session *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->max_bytes = max_bytes;
	s->dirfd = openat(dirfd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	err = s->dirfd < 0 ? -errno : db__create(s->dirfd, name, &s->db);
	if (err) {
		session__close(s);
		return err;
	}
	err = fill_new(s, info);
	if (err) {
		int dir = TAKE_FD(s->dirfd);

		session__close(s);
		db__remove(dir, name);
		close(dir);
		return err;
	}
	*ret = s;
	return 0;
}
