/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/boot_sessions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analyze/boots.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "sink/log.h"
#include "store/session.h"

#define PREFIX "boot-"
#define STAMP_LEN 15 /* YYYYMMDD_HHMMSS */
#define QUIET_S 600
#define ENTRIES_MAX 100000

/* "boot-STAMP" and then one of our own endings: everything else in there is somebody's. */
static bool is_ours(const char *name, char stamp[static BOOT_STAMP_SIZE])
{
	static const char *const endings[] = {".db", ".db-wal", ".db-shm", ".db-journal"};
	const char *at = name + strlen(PREFIX), *end;
	char log[64];

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || strlen(at) <= STAMP_LEN)
		return false;
	for (int i = 0; i < STAMP_LEN; i++)
		if (i == 8 ? at[i] != '_' : at[i] < '0' || at[i] > '9')
			return false;
	end = at + STAMP_LEN;
	snprintf(stamp, BOOT_STAMP_SIZE, "%.*s", STAMP_LEN, at);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (!strcmp(end, endings[i]))
			return true;
	for (size_t i = 0; i < boot_log_family.n; i++) {
		int len = snprintf(log, sizeof(log), "_%s.log", boot_log_family.sinks[i]->name);

		if (!strncmp(end, log, (size_t)len) && (!end[len] || !strcmp(end + len, ".1")))
			return true;
	}
	return false;
}

static int add_file(struct boot_sessions *l, const char *stamp, const struct stat *st)
{
	struct boot_session *s = NULL;
	struct boot_session new = {0};

	vec_for_each(it, l)
		if (!strcmp(it->stamp, stamp))
			s = it;
	if (!s) {
		snprintf(new.stamp, sizeof(new.stamp), "%s", stamp);
		if (vec_push(l, new))
			return -ENOMEM;
		s = &l->v[l->n - 1];
	}
	s->bytes += (uint64_t)st->st_size;
	if ((uint64_t)st->st_mtime > s->changed_s)
		s->changed_s = (uint64_t)st->st_mtime;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	return strcmp(((const struct boot_session *)b)->stamp,
		      ((const struct boot_session *)a)->stamp);
}

/* Calls back for each file of ours. */
static int each_file(int dirfd,
		     int (*file)(void *arg, const char *name, const char *stamp,
				 const struct stat *st),
		     void *arg)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int err = open_dir_at(dirfd, ".", &dir);
	char stamp[BOOT_STAMP_SIZE];
	struct dirent *e;
	struct stat st;

	for (int i = 0; !err && i < ENTRIES_MAX && (e = readdir(dir)); i++)
		if (is_ours(e->d_name, stamp) &&
		    !fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
			err = file(arg, e->d_name, stamp, &st);
	return err;
}

static int list_file(void *arg, const char *name, const char *stamp, const struct stat *st)
{
	(void)name;
	return add_file(arg, stamp, st);
}

int boot_sessions__list(int dirfd, struct boot_sessions *ret)
{
	int err;

	*ret = (struct boot_sessions){0};
	err = each_file(dirfd, list_file, ret);
	if (err)
		vec_free(ret);
	else if (ret->n)
		qsort(ret->v, ret->n, sizeof(*ret->v), newest_first);
	return err;
}

struct removal {
	int dirfd;
	const char *stamp;
};

static int remove_file(void *arg, const char *name, const char *stamp, const struct stat *st)
{
	const struct removal *r = arg;

	(void)st;
	if (!strcmp(stamp, r->stamp) && unlinkat(r->dirfd, name, 0))
		log_debug_errno(errno, "%s", name);
	return 0;
}

/* The own one first, whatever the clock said when the others were made. */
static void own_first(struct boot_sessions *l, const char *own)
{
	for (size_t i = 1; i < l->n; i++) {
		struct boot_session s = l->v[i];

		if (strcmp(s.stamp, own) != 0)
			continue;
		memmove(&l->v[1], &l->v[0], i * sizeof(s));
		l->v[0] = s;
	}
}

int boot_sessions__retain(int dirfd, const char *own, uint32_t keep, uint64_t max_bytes)
{
	struct boot_sessions l;
	VEC(uint64_t) bytes = {0};
	int n_removed = 0, err = boot_sessions__list(dirfd, &l);
	uint64_t now_s = (uint64_t)time(NULL);
	size_t n_kept;

	if (err)
		return err;
	own_first(&l, own);
	vec_for_each(s, &l)
		if (!err)
			err = vec_push(&bytes, s->bytes);
	n_kept = err ? l.n : boots__retain(bytes.v, bytes.n, keep, max_bytes);
	for (size_t i = n_kept; i < l.n; i++) {
		struct removal r = {dirfd, l.v[i].stamp};

		if (!strcmp(l.v[i].stamp, own) || l.v[i].changed_s + QUIET_S > now_s)
			continue;
		each_file(dirfd, remove_file, &r);
		n_removed++;
	}
	vec_free(&bytes);
	vec_free(&l);
	return err ? err : n_removed;
}

/* --- what a session says of its boot --- */

static int compare_unit(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int boot_run__add_units(struct boot_run *r, const struct facts *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const char *name = f->v[i].name;
		char *copy;

		if (strcmp(f->v[i].kind, "unit") != 0)
			continue;
		if (r->units.n &&
		    bsearch(&name, r->units.v, r->units.n, sizeof(*r->units.v), compare_unit))
			continue;
		copy = strdup(name);
		if (!copy || vec_push(&r->units, copy)) {
			free(copy);
			return -ENOMEM;
		}
		/* Those of one reading come together; names come twice only between readings. */
		if (i + 1 == f->n || strcmp(f->v[i + 1].kind, "unit") != 0)
			qsort(r->units.v, r->units.n, sizeof(*r->units.v), compare_unit);
	}
	return 0;
}

static int take_info(void *arg, const struct run_info *info)
{
	struct boot_run *r = arg;

	if (strcmp(info->mode, "boot") != 0)
		return -EINVAL;
	snprintf(r->boot_id, sizeof(r->boot_id), "%s", info->boot_id);
	snprintf(r->kernel, sizeof(r->kernel), "%s", info->kernel);
	r->mem_total = info->mem_total;
	return 0;
}

static int take_tick(void *arg, const struct tick *t)
{
	struct boot_run *r = arg;
	struct boot_point p = {.uptime_ns = t->mono_ns};
	uint64_t total;
	int err = boot_run__add_units(r, &t->facts);

	for (size_t i = 0; i < t->facts.n; i++)
		if (!strcmp(t->facts.v[i].kind, "packages"))
			snprintf(r->packages, sizeof(r->packages), "%s", t->facts.v[i].value);
	if (!err && !meminfo_used(t->meminfo.v, t->meminfo.n, &p.used, &total))
		err = vec_push(&r->points, p);
	return err;
}

int boot_session__load(const char *dir, const char *stamp, struct boot_run *ret)
{
	struct boot_run r = {0};
	const struct session_reader reader = {take_info, take_tick, &r};
	char path[1200];
	int err;

	snprintf(r.stamp, sizeof(r.stamp), "%s", stamp);
	snprintf(path, sizeof(path), "%s/" PREFIX "%s.db", dir, stamp);
	err = session__replay(path, &reader);
	if (err == -EBADMSG && r.points.n)
		err = 0;
	if (err)
		boot_run__free(&r);
	else
		*ret = r;
	return err;
}
