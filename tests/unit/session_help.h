/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing sessions in a directory of their own and comparing what is read back. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "samples.h"
#include "store/schema.h"
#include "store/session.h"

#define NAME "s.db"

/* A directory of its own for each test. */
struct place {
	char path[64];
	int fd;
};

static inline void remove_dir(const char *path)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", path);
	assert_int_equal(system(command), 0);
}

static inline int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	put(p->path, sizeof(p->path), "/tmp/memtrace-session-XXXXXX");
	assert_non_null(mkdtemp(p->path));
	p->fd = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->fd >= 0);
	*state = p;
	return 0;
}

static inline int teardown(void **state)
{
	struct place *p = *state;

	close(p->fd);
	remove_dir(p->path);
	free(p);
	return 0;
}

static inline void path_of(const struct place *p, const char *suffix, char path[static 128])
{
	snprintf(path, 128, "%s/%s%s", p->path, NAME, suffix);
}

static inline bool exists(const struct place *p, const char *suffix)
{
	char path[128];
	struct stat st;

	path_of(p, suffix, path);
	return lstat(path, &st) == 0;
}
/* --- comparing --- */

#define SAME(a, b, member) ((a)->member == (b)->member)
#define SAME_TEXT(a, b, member) (!strncmp((a)->member, (b)->member, sizeof((a)->member)))

static inline bool same_proc(const struct proc_sample *a, const struct proc_sample *b)
{
	for (int i = 0; i < _PROC_VALUE_MAX; i++)
		if (((a->known >> i) & 1) && a->value[i] != b->value[i])
			return false;
	if (!a->cgroup != !b->cgroup || (a->cgroup && strcmp(a->cgroup, b->cgroup)))
		return false;
	return proc_id_equal(a->id, b->id) && SAME(a, b, ppid) && SAME(a, b, uid) &&
	       SAME_TEXT(a, b, comm) && SAME(a, b, state) && SAME(a, b, flags) &&
	       SAME(a, b, known) && SAME(a, b, approx) && SAME(a, b, end.ended) &&
	       SAME(a, b, end.status_known) && SAME(a, b, end.status) && SAME(a, b, end.time_ns);
}

static inline bool same_owner(const struct owner_sample *a, const struct owner_sample *b)
{
	return SAME(a, b, owner) && SAME(a, b, kind) && proc_id_equal(a->id, b->id) &&
	       proc_id_equal(a->parent, b->parent) && SAME_TEXT(a, b, comm) && SAME(a, b, dead) &&
	       SAME(a, b, exit_ns) && SAME(a, b, has_exit_status) && SAME(a, b, exit_status) &&
	       SAME(a, b, has_exit_rss) && SAME(a, b, exit_anon) && SAME(a, b, exit_file) &&
	       SAME(a, b, exit_swap) && SAME(a, b, exit_shmem) &&
	       !memcmp(a->live, b->live, sizeof(a->live)) &&
	       !memcmp(a->taken, b->taken, sizeof(a->taken)) && SAME(a, b, members) &&
	       SAME(a, b, residue.known) && SAME(a, b, residue.inherited) &&
	       SAME(a, b, residue.shmem) && SAME(a, b, residue.file) && SAME(a, b, residue.kernel);
}

static inline bool same_smaps(const struct smaps_sample *a, const struct smaps_sample *b)
{
	return proc_id_equal(a->id, b->id) && SAME(a, b, rss) && SAME(a, b, pss) &&
	       SAME(a, b, pss_anon) && SAME(a, b, pss_file) && SAME(a, b, pss_shmem) &&
	       SAME(a, b, private_clean) && SAME(a, b, private_dirty) && SAME(a, b, swap) &&
	       SAME(a, b, swap_pss) && SAME(a, b, anon_huge);
}

static inline bool same_ownership(const struct ownership_sample *a,
				  const struct ownership_sample *b)
{
	return proc_id_equal(a->id, b->id) && SAME(a, b, present) && SAME(a, b, own) &&
	       SAME(a, b, kin) && SAME(a, b, other) && SAME(a, b, unowned);
}

static inline bool same_mapped(const struct mapped_sample *a, const struct mapped_sample *b)
{
	return proc_id_equal(a->id, b->id) && SAME(a, b, mmap) && SAME(a, b, brk) &&
	       SAME(a, b, before) && SAME(a, b, unseen);
}

static inline bool same_slab(const struct slab_sample *a, const struct slab_sample *b)
{
	return SAME_TEXT(a, b, name) && SAME(a, b, gone) && SAME(a, b, reclaim_known) &&
	       SAME(a, b, is_reclaimable) && SAME(a, b, bytes) && SAME(a, b, active_objects) &&
	       SAME(a, b, object_size);
}

static inline bool same_cgroup_row(const struct cgroup_row *a, const struct cgroup_row *b)
{
	for (int i = 0; i < _CGROUP_VALUE_MAX; i++)
		if (((a->known >> i) & 1) && a->value[i] != b->value[i])
			return false;
	return !strcmp(a->path ?: "", b->path ?: "") && SAME(a, b, gone) && SAME(a, b, runtime) &&
	       SAME_TEXT(a, b, name) && SAME(a, b, known);
}

static inline bool same_meminfo(const struct meminfo_line *a, const struct meminfo_line *b)
{
	return SAME_TEXT(a, b, name) && SAME(a, b, bytes) && SAME(a, b, is_count);
}

static inline bool same_event(const struct event *a, const struct event *b)
{
	return SAME(a, b, time_ns) && SAME(a, b, kind) && proc_id_equal(a->id, b->id) &&
	       SAME_TEXT(a, b, text);
}

static inline bool same_fact(const struct fact *a, const struct fact *b)
{
	return SAME_TEXT(a, b, kind) && SAME_TEXT(a, b, name) && SAME_TEXT(a, b, value);
}

static inline bool same_limit(const struct limit *a, const struct limit *b)
{
	return SAME_TEXT(a, b, kind) && SAME(a, b, count) && SAME_TEXT(a, b, meaning);
}

static inline bool same_hidden(const struct hidden_sample *a, const struct hidden_sample *b)
{
	return SAME(a, b, kind) && SAME(a, b, certainty) && proc_id_equal(a->id, b->id) &&
	       SAME(a, b, is_left) && SAME(a, b, bytes) && SAME(a, b, count) &&
	       SAME_TEXT(a, b, comm) && SAME_TEXT(a, b, name);
}

#define SAME_VEC(a, b, member, same)                                                               \
	({                                                                                         \
		bool _same = (a)->member.n == (b)->member.n;                                       \
		for (size_t _i = 0; _same && _i < (a)->member.n; _i++)                             \
			_same = same(&(a)->member.v[_i], &(b)->member.v[_i]);                      \
		_same;                                                                             \
	})

/* Column by column: padding and what follows a string's end differ. */
static inline bool same_row(const struct table *table, const char *a, const char *b)
{
	static const size_t sizes[_COLUMN_KIND_MAX] = {
		[COLUMN_U32] = 4,  [COLUMN_U64] = 8,  [COLUMN_I64] = 8,
		[COLUMN_BOOL] = 1, [COLUMN_ENUM] = 4, [COLUMN_LETTER] = 1,
	};

	for (size_t i = 0; i < table->n_columns; i++) {
		const struct column *c = &table->columns[i];

		if (c->kind == COLUMN_CHARS ? strncmp(a + c->offset, b + c->offset, c->size)
					    : memcmp(a + c->offset, b + c->offset, sizes[c->kind]))
			return false;
		if (c->when == WHEN_BOOL && *(a + c->flag) != *(b + c->flag))
			return false;
	}
	return true;
}

static inline bool same_tables(const struct tick *a, const struct tick *b)
{
	for (int i = ROWS_ALERT; i < N_ROW_TABLES; i++) {
		const struct table *t = &row_tables[i];

		if (schema__n_rows(t, a) != schema__n_rows(t, b))
			return false;
		for (size_t row = 0; row < schema__n_rows(t, a); row++)
			if (!same_row(t, schema__row(t, a, row), schema__row(t, b, row)))
				return false;
	}
	return true;
}

static inline bool same_but_limits(const struct tick *a, const struct tick *b)
{
	return SAME(a, b, seq) && SAME(a, b, time_ns) && SAME(a, b, mono_ns) &&
	       SAME(a, b, n_procs) && SAME(a, b, self.cpu_ns) && SAME(a, b, self.bpf_ns_known) &&
	       SAME(a, b, self.bpf_ns) && SAME(a, b, self.rss_bytes) &&
	       SAME(a, b, self.map_bytes) && SAME(a, b, self.events) &&
	       SAME_VEC(a, b, meminfo, same_meminfo) && SAME_VEC(a, b, machine, same_meminfo) &&
	       SAME_VEC(a, b, hidden, same_hidden) && SAME_VEC(a, b, procs, same_proc) &&
	       SAME_VEC(a, b, owners, same_owner) && SAME_VEC(a, b, smaps, same_smaps) &&
	       SAME_VEC(a, b, ownership, same_ownership) && SAME_VEC(a, b, mapped, same_mapped) &&
	       SAME_VEC(a, b, slabs, same_slab) && SAME_VEC(a, b, cgroups, same_cgroup_row) &&
	       SAME_VEC(a, b, events, same_event) && SAME_VEC(a, b, facts, same_fact) &&
	       same_tables(a, b);
}

/* --- writing and reading back --- */

static inline struct session *create(const struct place *p, uint64_t max_bytes)
{
	struct run_info info = sample_info();
	struct session *s = NULL;

	assert_int_equal(session__create(p->fd, NAME, &info, max_bytes, &s), 0);
	return s;
}

static inline int write_one(struct session *s, uint64_t seq)
{
	struct tick t = {0};
	int err;

	sample_tick(&t, seq);
	err = session__write(s, &t);
	tick__free(&t);
	return err;
}

static inline void write_file(const struct place *p, uint64_t n_ticks)
{
	struct session *s = create(p, 0);

	for (uint64_t i = 0; i < n_ticks; i++)
		assert_int_equal(write_one(s, i), 0);
	assert_int_equal(session__finish(s), 0);
	session__close(s);
}

/* What a replay gave. */
struct seen {
	size_t n_infos, n_ticks;
	bool info_ok, all_ok; /* as sample_info() and sample_tick() have it */
	uint64_t last_seq;
	struct limits limits; /* of the last tick */
	struct tick last;
	bool keep_last;
	int stop_with; /* at the second tick */
};

static inline int see_info(void *arg, const struct run_info *info)
{
	struct seen *seen = arg;
	struct run_info want = sample_info();

	seen->n_infos++;
	seen->info_ok = SAME_TEXT(info, &want, mode) && SAME_TEXT(info, &want, kernel) &&
			SAME_TEXT(info, &want, arch) && SAME_TEXT(info, &want, boot_id) &&
			SAME_TEXT(info, &want, version) && SAME_TEXT(info, &want, host) &&
			SAME_TEXT(info, &want, target) && SAME(info, &want, mem_total) &&
			SAME(info, &want, page_size) && SAME(info, &want, interval_ns) &&
			SAME(info, &want, duration_ns) && SAME(info, &want, bpf);
	return 0;
}

static inline int see_tick(void *arg, const struct tick *t)
{
	struct seen *seen = arg;
	struct tick want = {0};

	assert_true(!seen->n_ticks || t->seq > seen->last_seq);
	sample_tick(&want, t->seq);
	seen->all_ok &= same_but_limits(t, &want);
	for (size_t i = 0; i < want.limits.n; i++)
		seen->all_ok &= t->limits.n > i && same_limit(&t->limits.v[i], &want.limits.v[i]);
	tick__free(&want);
	seen->n_ticks++;
	seen->last_seq = t->seq;
	limits__free(&seen->limits);
	assert_int_equal(limits__merge(&seen->limits, &t->limits), 0);
	return seen->n_ticks == 2 ? seen->stop_with : 0;
}

static inline int replay_path(const char *path, struct seen *seen)
{
	struct session_reader reader = {see_info, see_tick, seen};
	int stop_with = seen->stop_with;

	limits__free(&seen->limits);
	*seen = (struct seen){.all_ok = true, .stop_with = stop_with};
	return session__replay(path, &reader);
}

static inline int replay(const struct place *p, struct seen *seen)
{
	char path[128];

	path_of(p, "", path);
	return replay_path(path, seen);
}
static inline void run_in_child(void (*test)(const struct place *p), const struct place *p)
{
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		signal(SIGXFSZ, SIG_IGN);
		test(p);
		fflush(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}
/* For use in children, where cmocka's asserts cannot be caught. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_exit(2);                                                                  \
		}                                                                                  \
	} while (0)
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
