/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What --analyze adds to memtrace.report/1. As there: absent is not known,
 * sizes are bytes, names are raw text.
 *
 *   analysis.complete          false: the run ended before its last look, what follows is
 *                              that of its start
 *   analysis.parts[]           .part .skipped, .error when it could not be read
 *   look_first[]               most urgent first
 *     .kind .urgency           "growth" "fds" "sysv" "zombies" … (report_analysis.h); 0 … 1000
 *     .pid .reason .next       what to type next
 *   top_consumers[]            by RSS, alive at the end
 *     .pid .start_ticks .ppid .uid .comm .cgroup
 *     .rss_bytes .anon_bytes … .threads   at the end
 *     .first_by[]              "rss" "pss" "uss" "anon" "swap" "vsz": among the first by these
 *     .pss_bytes .uss_bytes .shared_bytes .private_permille   of smaps, where it was read
 *     .attributed .taken       as in processes[]
 *     .mappings[]              smaps by class
 *       .class .count .size_bytes .rss_bytes .rss_start_bytes .pss_bytes
 *       .private_dirty_bytes .private_clean_bytes .shared_dirty_bytes .shared_clean_bytes
 *       .swap_bytes .swap_pss_bytes .huge_bytes
 *       .largest_bytes .largest_name
 *   zombies[]                  oldest first
 *     .pid .start_ticks .ppid .uid .comm
 *     .since .since_exact      when it ended; not exact: when it was first seen dead
 *     .parent                  .pid .comm .state .zombies .wchan .syscall .sigchld
 *   open_files[]               of those that stand out
 *     .pid .start_ticks .comm .open .limit .deleted .deleted_bytes
 *     .change                  since it was first seen
 *     .by_kind.(file …)        .by_kind_start the same at the start
 *     .groups[]                .kind .what .count, .new since an earlier look
 *   fd_leaks[]                 of those: opened more and gave none back
 *     .pid .comm .open .limit .change .rate_per_hour .what
 *   shared_memory[]            .kind: "sysv" "posix" "memfd" "tmpfs" "anonymous" "mount"
 *     sysv                     .id .key .mode .size_bytes .rss_bytes .swap_bytes .attached
 *                              .owner_uid .creator_pid .creator_uid .creator_alive
 *                              .creator_comm .last_pid .orphan .removed .new .created
 *     mount (a tmpfs)          .path .type .size_bytes .used_bytes .used_delta_bytes .inodes
 *     others                   .name .deleted .allocated_bytes .size_bytes (mapped_bytes when
 *                              only a mapping told) .holders[] (.pid .comm .fds .mapped)
 *       .unheld                in /dev/shm, and nobody was seen to hold it: the skipped of
 *                              analysis.parts[] "shm" were not looked at
 */
#include "sink/json_analysis.h"

#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "model/report_analysis.h"

#define NS_PER_S 1000000000ULL

static void add_word(struct json_object *o, const char *name, const char *word)
{
	json_add_string(o, name, word, strlen(word));
}

static void add_id(struct json_object *o, struct proc_id id)
{
	json_add_u64(o, "pid", id.pid);
	if (id.start_ticks)
		json_add_u64(o, "start_ticks", id.start_ticks);
}

static void add_comm(struct json_object *o, const char *name, const char comm[static COMM_SIZE])
{
	json_add_string(o, name, comm, COMM_SIZE);
}

static void add_time(struct json_object *o, const char *name, uint64_t time_ns)
{
	char text[UTC_TIME_SIZE];

	if (time_ns)
		add_word(o, name, utc_time(text, time_ns));
}

static const char *word_of(const char *const *names, unsigned int max, unsigned int i)
{
	return i < max ? names[i] : "unknown";
}

static void push(struct json_object *array, struct json_object *o)
{
	if (json_object_array_add(array, o))
		json_object_put(o);
}

/* --- the look itself --- */

static void write_state(struct json_writer *w, const struct report *r)
{
	const struct report_analysis *a = r->analysis;
	struct json_object *o = json_new(), *outer = json_new(), *parts = json_object_new_array();

	json_add_bool(o, "complete", a->known);
	vec_for_each(note, &a->now.notes) {
		struct json_object *part = json_new();

		add_word(part, "part",
			 word_of(analysis_part_names, _ANALYSIS_PART_MAX, note->part));
		json_add_u64(part, "skipped", note->n_skipped);
		if (note->error)
			add_word(part, "error", strerror((int)note->error));
		push(parts, part);
	}
	json_add(o, "parts", parts);
	json_add(outer, "analysis", o);
	json_members(w, outer);
}

static void write_looks(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "look_first");
	vec_for_each(look, &r->analysis->looks) {
		struct json_object *o = json_new();

		add_word(o, "kind", word_of(look_kind_names, _LOOK_KIND_MAX, look->kind));
		json_add_u64(o, "urgency", look->urgency);
		if (look->id.pid)
			add_id(o, look->id);
		json_add_string(o, "reason", look->reason, sizeof(look->reason));
		json_add_string(o, "next", look->next, sizeof(look->next));
		json_row(w, o);
	}
	json_array_end(w);
}

/* --- consumers --- */

static uint64_t rss_before(const struct report_analysis *a, const struct report_consumer *c,
			   enum mapping_class class)
{
	for (size_t i = 0; i < c->n_before; i++)
		if (a->before.mappings.v[c->first_before + i].class == class)
			return a->before.mappings.v[c->first_before + i].rss;
	return 0;
}

static struct json_object *mapping_object(const struct report_analysis *a,
					  const struct report_consumer *c,
					  const struct mapping_sample *m)
{
	struct json_object *o = json_new();

	add_word(o, "class", word_of(mapping_class_names, _MAPPING_CLASS_MAX, m->class));
	json_add_u64(o, "count", m->n);
	json_add_u64(o, "size_bytes", m->size);
	json_add_u64(o, "rss_bytes", m->rss);
	if (c->before_known)
		json_add_u64(o, "rss_start_bytes", rss_before(a, c, m->class));
	json_add_u64(o, "pss_bytes", m->pss);
	json_add_u64(o, "private_dirty_bytes", m->private_dirty);
	json_add_u64(o, "private_clean_bytes", m->private_clean);
	json_add_u64(o, "shared_dirty_bytes", m->shared_dirty);
	json_add_u64(o, "shared_clean_bytes", m->shared_clean);
	json_add_u64(o, "swap_bytes", m->swap);
	json_add_u64(o, "swap_pss_bytes", m->swap_pss);
	json_add_u64(o, "huge_bytes", m->huge);
	json_add_u64(o, "largest_bytes", m->largest);
	if (*m->name)
		json_add_string(o, "largest_name", m->name, sizeof(m->name));
	return o;
}

static void add_smaps(struct json_object *o, const struct report_analysis *a,
		      const struct report_consumer *c)
{
	const struct mapping_sample *s = &c->sum;
	uint64_t private_bytes = s->private_clean + s->private_dirty;
	struct json_object *array;

	if (!c->mappings_known)
		return;
	json_add_u64(o, "pss_bytes", s->pss);
	json_add_u64(o, "uss_bytes", private_bytes);
	json_add_u64(o, "shared_bytes", s->shared_clean + s->shared_dirty);
	if (s->rss)
		json_add_u64(o, "private_permille",
			     (uint64_t)(1000.0 * (double)private_bytes / (double)s->rss));
	array = json_object_new_array();
	for (size_t i = 0; i < c->n_mappings; i++)
		push(array, mapping_object(a, c, &a->now.mappings.v[c->first_mapping + i]));
	json_add(o, "mappings", array);
}

static void add_pages(struct json_object *o, const struct attributed *a)
{
	static const char *const names[_PAGE_CLASS_MAX] = {
		[PAGES_USER] = "user_page_bytes",
		[PAGES_FILE] = "file_page_bytes",
		[PAGES_KERNEL] = "kernel_page_bytes",
	};
	struct json_object *live, *taken;

	if (!a->known)
		return;
	live = json_new();
	taken = json_new();
	for (int i = 0; i < _PAGE_CLASS_MAX; i++) {
		json_add_i64(live, names[i], a->live[i]);
		json_add_u64(taken, names[i], a->taken[i]);
	}
	json_add(o, "attributed", live);
	json_add(o, "taken", taken);
}

static void write_consumers(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "top_consumers");
	vec_for_each(c, &r->analysis->consumers) {
		struct json_object *o = json_new(), *first = json_object_new_array();

		add_id(o, c->id);
		json_add_u64(o, "ppid", c->ppid);
		json_add_u64(o, "uid", c->uid);
		add_comm(o, "comm", c->comm);
		if (c->cgroup)
			add_word(o, "cgroup", c->cgroup);
		for (int i = 0; i < _PROC_VALUE_MAX; i++)
			if (c->last.known & 1u << i)
				json_add_u64(o, proc_value_names[i], c->last.value[i]);
		for (int i = 0; i < _CONSUMER_RANK_MAX; i++)
			if (c->leads & 1u << i)
				push(first, json_string(consumer_rank_names[i], 16));
		json_add(o, "first_by", first);
		add_smaps(o, r->analysis, c);
		add_pages(o, &c->attributed);
		json_row(w, o);
	}
	json_array_end(w);
}

/* --- zombies --- */

static const char *const sigchld_names[_SIGCHLD_MAX] = {
	[SIGCHLD_UNKNOWN] = "unknown", [SIGCHLD_DEFAULT] = "default", [SIGCHLD_HANDLED] = "handled",
	[SIGCHLD_IGNORED] = "ignored", [SIGCHLD_BLOCKED] = "blocked",
};

static struct json_object *parent_object(const struct zombie_parent *p)
{
	struct json_object *o = json_new();
	char state[2] = {p->state, '\0'};

	add_id(o, p->id);
	json_add_u64(o, "zombies", p->n_zombies);
	if (*p->comm)
		add_comm(o, "comm", p->comm);
	if (p->state)
		json_add_string(o, "state", state, sizeof(state));
	if (*p->wchan)
		json_add_string(o, "wchan", p->wchan, sizeof(p->wchan));
	if (*p->syscall)
		json_add_string(o, "syscall", p->syscall, sizeof(p->syscall));
	if (p->sigchld != SIGCHLD_UNKNOWN)
		add_word(o, "sigchld", word_of(sigchld_names, _SIGCHLD_MAX, p->sigchld));
	return o;
}

static void write_zombies(struct json_writer *w, const struct report *r)
{
	const struct analysis *a = &r->analysis->now;

	json_array_begin(w, "zombies");
	vec_for_each(z, &a->zombies) {
		struct json_object *o = json_new();

		add_id(o, z->id);
		json_add_u64(o, "ppid", z->ppid);
		json_add_u64(o, "uid", z->uid);
		add_comm(o, "comm", z->comm);
		add_time(o, "since", z->since_ns);
		json_add_bool(o, "since_exact", z->since_exact);
		vec_for_each(p, &a->parents)
			if (p->id.pid == z->ppid)
				json_add(o, "parent", parent_object(p));
		json_row(w, o);
	}
	json_array_end(w);
}

/* --- open files --- */

static const char *const fd_members[_FD_KIND_MAX] = {
	[FD_FILE] = "file",	[FD_SHM] = "shared_memory", [FD_DEVICE] = "device",
	[FD_SOCKET] = "socket", [FD_PIPE] = "pipe",	    [FD_EVENT] = "event",
	[FD_EPOLL] = "epoll",	[FD_BPF] = "bpf",	    [FD_OTHER] = "other",
};

static uint64_t add_kinds(struct json_object *o, const char *name, const struct fd_sample *s)
{
	struct json_object *kinds = json_new();
	uint64_t n = 0;

	for (int i = 0; i < _FD_KIND_MAX; i++) {
		json_add_u64(kinds, fd_members[i], s->count[i]);
		n += s->count[i];
	}
	json_add(o, name, kinds);
	return n;
}

static struct json_object *group_object(const struct fd_group *g)
{
	struct json_object *o = json_new();

	add_word(o, "kind", word_of(fd_members, _FD_KIND_MAX, g->kind));
	json_add_string(o, "what", g->what, sizeof(g->what));
	json_add_u64(o, "count", g->count);
	if (g->fresh_known)
		json_add_u64(o, "new", g->fresh);
	return o;
}

static void write_files(struct json_writer *w, const struct report *r)
{
	const struct report_analysis *a = r->analysis;

	json_array_begin(w, "open_files");
	vec_for_each(f, &a->files) {
		struct json_object *o = json_new(), *groups = json_object_new_array();

		add_id(o, f->now.id);
		add_comm(o, "comm", f->now.comm);
		json_add_u64(o, "open", add_kinds(o, "by_kind", &f->now));
		if (f->before_known)
			add_kinds(o, "by_kind_start", &f->before);
		if (f->now.limit_known && f->now.limit != UINT64_MAX)
			json_add_u64(o, "limit", f->now.limit);
		if (f->fds.known)
			json_add_i64(o, "change", span_delta(f->fds));
		json_add_u64(o, "deleted", f->now.n_deleted);
		json_add_u64(o, "deleted_bytes", f->now.deleted_bytes);
		for (size_t i = 0; i < f->n_groups; i++)
			push(groups, group_object(&a->now.fd_groups.v[f->first_group + i]));
		json_add(o, "groups", groups);
		json_row(w, o);
	}
	json_array_end(w);
}

static void write_leaks(struct json_writer *w, const struct report *r)
{
	const struct report_analysis *a = r->analysis;

	json_array_begin(w, "fd_leaks");
	vec_for_each(f, &a->files) {
		struct json_object *o;

		if (!f->grows)
			continue;
		o = json_new();
		add_id(o, f->now.id);
		add_comm(o, "comm", f->now.comm);
		json_add_u64(o, "open", f->fds.end);
		json_add_i64(o, "change", span_delta(f->fds));
		if (f->now.limit_known && f->now.limit != UINT64_MAX)
			json_add_u64(o, "limit", f->now.limit);
		if (f->seen_ns >= NS_PER_S)
			json_add_rounded(o, "rate_per_hour",
					 (double)span_delta(f->fds) * 3600e9 / (double)f->seen_ns);
		if (f->n_groups)
			json_add_string(o, "what", a->now.fd_groups.v[f->first_group].what,
					sizeof(a->now.fd_groups.v->what));
		json_row(w, o);
	}
	json_array_end(w);
}

/* --- shared memory --- */

static struct json_object *segment_object(const struct report_segment *s)
{
	struct json_object *o = json_new();

	add_word(o, "kind", "sysv");
	json_add_u64(o, "id", s->s.id);
	json_add_i64(o, "key", s->s.key);
	json_add_u64(o, "mode", s->s.mode);
	json_add_u64(o, "size_bytes", s->s.size);
	json_add_u64(o, "rss_bytes", s->s.rss);
	json_add_u64(o, "swap_bytes", s->s.swap);
	json_add_u64(o, "attached", s->s.n_attached);
	json_add_u64(o, "owner_uid", s->s.uid);
	json_add_u64(o, "creator_pid", s->s.creator);
	json_add_u64(o, "creator_uid", s->s.creator_uid);
	if (s->creator != CREATOR_UNKNOWN)
		json_add_bool(o, "creator_alive", s->creator == CREATOR_ALIVE);
	if (s->creator == CREATOR_ALIVE)
		add_comm(o, "creator_comm", s->comm);
	if (s->s.last_user)
		json_add_u64(o, "last_pid", s->s.last_user);
	json_add_bool(o, "orphan", s->is_orphan);
	json_add_bool(o, "removed", s->s.is_removed);
	json_add_bool(o, "new", s->is_new);
	if (s->s.changed_s < UINT64_MAX / NS_PER_S)
		add_time(o, "created", s->s.changed_s * NS_PER_S);
	return o;
}

static struct json_object *shm_object(const struct report_analysis *a, const struct report_shm *s)
{
	struct json_object *o = json_new(), *holders = json_object_new_array();

	add_word(o, "kind", word_of(shm_kind_names, _SHM_KIND_MAX, s->file.kind));
	json_add_string(o, "name", s->file.name, sizeof(s->file.name));
	json_add_bool(o, "deleted", s->file.is_deleted);
	json_add_bool(o, "unheld", s->is_unheld);
	if (s->file.size_known)
		json_add_u64(o, "allocated_bytes", s->file.allocated);
	json_add_u64(o, s->file.size_known ? "size_bytes" : "mapped_bytes", s->file.size);
	for (size_t i = 0; i < s->n_holders; i++) {
		const struct shm_holder *h = &a->now.holders.v[s->first_holder + i];
		struct json_object *holder = json_new();

		add_id(holder, h->id);
		add_comm(holder, "comm", h->comm);
		json_add_u64(holder, "fds", h->n_fds);
		json_add_bool(holder, "mapped", h->is_mapped);
		push(holders, holder);
	}
	json_add(o, "holders", holders);
	return o;
}

static struct json_object *mount_object(const struct report_tmpfs *t)
{
	const struct tmpfs_mount *m = &t->mount;
	struct json_object *o = json_new();

	add_word(o, "kind", "mount");
	json_add_string(o, "path", m->path, sizeof(m->path));
	json_add_string(o, "type", m->type, sizeof(m->type));
	if (!m->use_known)
		return o;
	if (m->size)
		json_add_u64(o, "size_bytes", m->size);
	json_add_u64(o, "used_bytes", m->used);
	json_add_u64(o, "inodes", m->n_inodes);
	if (t->before_known)
		json_add_i64(o, "used_delta_bytes", (int64_t)(m->used - t->used_before));
	return o;
}

static void write_shared(struct json_writer *w, const struct report *r)
{
	const struct report_analysis *a = r->analysis;

	json_array_begin(w, "shared_memory");
	vec_for_each(s, &a->segments)
		json_row(w, segment_object(s));
	vec_for_each(s, &a->shm)
		if (s->file.kind != SHM_SEGMENT)
			json_row(w, shm_object(a, s));
	vec_for_each(t, &a->tmpfs)
		json_row(w, mount_object(t));
	json_array_end(w);
}

void json_analysis(struct json_writer *w, const struct report *r)
{
	static void (*const parts[])(struct json_writer *, const struct report *) = {
		write_state, write_looks, write_consumers, write_zombies,
		write_files, write_leaks, write_shared,
	};

	for (size_t i = 0; r->analysis && i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](w, r);
}
