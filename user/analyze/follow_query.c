/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "analyze/follow_state.h"
#include "analyze/follow_values.h"
#include "base/cleanup.h"

size_t follow__n_subjects(const struct follow *f)
{
	return f->subjects.n;
}

const struct follow_subject *follow__subject(const struct follow *f, size_t i)
{
	return f->subjects.v[i];
}

const struct follow_subject *follow__find_process(const struct follow *f, struct proc_id id)
{
	return follow_find(f, follow_process_key(id));
}

const struct follow_subject *follow__find_cgroup(const struct follow *f, const char *path)
{
	struct hmap_key key = name_key(path, 0);

	key.w[2] = FOLLOW_CGROUP;
	return follow_find(f, key);
}

const struct follow_subject *follow__find_slab(const struct follow *f, const char *cache)
{
	struct hmap_key key = name_key(cache, 0);

	key.w[2] = FOLLOW_SLAB;
	return follow_find(f, key);
}

const struct book_entry *follow__entry(const struct follow *f, const struct follow_slot *slot)
{
	return slot->handle == BOOK_NONE ? NULL : book__entry(f->book, slot->handle);
}

enum follow_series follow_series_of(const struct follow_subject *s, unsigned int slot)
{
	static const enum follow_series single[_FOLLOW_KIND_MAX] = {
		[FOLLOW_CGROUP] = FOLLOW_CGROUP_USE,
		[FOLLOW_SLAB] = FOLLOW_SLAB_PAGES,
		[FOLLOW_LEDGER] = FOLLOW_LEDGER_LINE,
	};

	return s->kind == FOLLOW_PROCESS ? (enum follow_series)slot : single[s->kind];
}

int follow__each_alarm(const struct follow *f,
		       int (*each)(void *arg, const struct follow_alarm *alarm), void *arg)
{
	int err = 0;

	vec_for_each(it, &f->subjects) {
		const struct follow_subject *s = *it;

		for (unsigned int i = 0; i < s->n_slots && s->live && !err; i++) {
			const struct book_entry *e = follow__entry(f, &s->slot[i]);
			struct follow_alarm alarm = {.subject = s,
						     .series = follow_series_of(s, i)};
			double unit = follow_series_defs[alarm.series].is_count
					      ? 1 / VERDICT_COUNT_KB
					      : 1024;

			if (!e || (!e->series.alarm.on && !e->series.alarm.withdrawn))
				continue;
			alarm.is_withdrawn = !e->series.alarm.on;
			alarm.rate_unknown = e->rate_unknown;
			alarm.bytes_per_hour = (double)e->rate_kb_h * unit;
			alarm.probability = (double)e->probability;
			err = each(arg, &alarm);
		}
		if (err)
			return err;
	}
	return 0;
}

void follow__stats(const struct follow *f, struct book_stats *ret)
{
	book__stats(f->book, ret);
}

uint64_t follow__n_values(const struct follow *f)
{
	uint64_t n = 0;

	vec_for_each(s, &f->subjects)
		for (unsigned int i = 0; i < (*s)->n_slots; i++)
			n += (*s)->slot[i].known || (*s)->slot[i].handle != BOOK_NONE;
	return n;
}

int follow__limits(const struct follow *f, struct limits *l)
{
	int err = 0;

	if (f->series_left_out)
		err = limits__set(l, "series_left_out", f->series_left_out,
				  "values that changed but have no verdict: %d series are followed "
				  "at most",
				  FOLLOW_SERIES_MAX);
	if (!err && f->subjects_left_out)
		err = limits__set(l, "series_subjects_left_out", f->subjects_left_out,
				  "processes, cgroups and caches beyond %d that have no verdict",
				  FOLLOW_SUBJECTS_MAX);
	if (!err && f->ended_dropped)
		err = limits__set(l, "series_of_ended_dropped", f->ended_dropped,
				  "series of ended processes and cgroups that gave way to others: "
				  "those have no verdict (of what was asked for, leaks go last)");
	return err;
}

int follow__available(const struct follow *f, uint64_t *ret_bytes)
{
	if (!f->has_available)
		return -ENOENT;
	*ret_bytes = f->available;
	return 0;
}

int follow__cgroup_room(const struct follow *f, const char *path, uint64_t *ret_bytes,
			const char **ret_path)
{
	_cleanup_free_ char *up = strdup(path);
	int err = -ENOENT;

	while (up && *up) {
		const struct follow_subject *s = follow__find_cgroup(f, up);
		char *slash = strrchr(up, '/');
		uint64_t room;

		if (s && s->live && s->cgroup && !follow_cgroup_room(s->cgroup, &room) &&
		    (err || room < *ret_bytes)) {
			*ret_bytes = room;
			*ret_path = s->name;
			err = 0;
		}
		if (!slash)
			break;
		*slash = '\0';
	}
	return err;
}
