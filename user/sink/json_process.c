/* SPDX-License-Identifier: GPL-2.0-or-later */
/* processes[] of the JSON report, and what other rows share with it. */
#include "sink/json_part.h"

#include <string.h>
#include <sys/wait.h>

#include "base/when.h"
#include "sink/json_verdict.h"

#define NS_PER_TICK                                                                                \
	10000000ULL /* start_ticks count 1/100 s (USER_HZ) on every architecture here              \
		     */

void json_add_time(struct json_object *o, const char *name, uint64_t time_ns)
{
	char text[UTC_TIME_SIZE];

	if (time_ns)
		json_add_string(o, name, utc_time(text, time_ns), sizeof(text));
}

void json_add_id(struct json_object *o, const struct report *r, struct proc_id id)
{
	uint64_t since_boot;

	if (!id.pid && !id.start_ticks)
		return;
	json_add_u64(o, "pid", id.pid);
	if (r->boot_ns && !__builtin_mul_overflow(id.start_ticks, NS_PER_TICK, &since_boot))
		json_add_time(o, "start_time", r->boot_ns + since_boot);
	json_add_u64(o, "start_ticks", id.start_ticks);
}

void json_add_status(struct json_object *o, int status)
{
	if (WIFSIGNALED(status))
		json_add_u64(o, "signal", (uint64_t)WTERMSIG(status));
	else
		json_add_u64(o, "exit_status", (uint64_t)WEXITSTATUS(status));
}

static void add_span(struct json_object *o, const char *name, const struct span *s)
{
	struct json_object *span;

	if (!s->known)
		return;
	span = json_new();
	json_add_u64(span, "start", s->start);
	json_add_u64(span, "end", s->end);
	json_add_i64(span, "delta", span_delta(*s));
	if (s->approx)
		json_add_bool(span, "approx", true);
	json_add(o, name, span);
}

static const char *const page_members[_PAGE_CLASS_MAX] = {
	[PAGES_USER] = "user_page_bytes",
	[PAGES_FILE] = "file_page_bytes",
	[PAGES_KERNEL] = "kernel_page_bytes",
};

void json_add_live(struct json_object *o, const char *name, const int64_t live[_PAGE_CLASS_MAX])
{
	struct json_object *pages = json_new();

	for (int i = 0; i < _PAGE_CLASS_MAX; i++)
		json_add_i64(pages, page_members[i], live[i]);
	json_add(o, name, pages);
}

/* What was traced object by object, or block by block, and is held now. */
static void add_traced(struct json_object *held, const struct report *r, struct proc_id id)
{
	static const char *const members[_PATH_DOMAIN_MAX] = {
		[PATH_SLAB] = "slab_bytes",
		[PATH_HEAP] = "heap_block_bytes",
	};

	vec_for_each(t, &r->path_totals)
		if (members[t->domain] && proc_id_equal(t->id, id))
			json_add_u64(held, members[t->domain], t->estimate_bytes - t->exit_bytes);
}

static void add_attributed(struct json_object *o, const struct report *r,
			   const struct report_process *p)
{
	struct json_object *held = json_new();

	for (int i = 0; p->attributed.known && i < _PAGE_CLASS_MAX; i++)
		json_add_i64(held, page_members[i], p->attributed.live[i]);
	if (p->has_mapped) {
		json_add_u64(held, "mmap_bytes", p->mapped.mmap);
		json_add_u64(held, "brk_bytes", p->mapped.brk);
		json_add_u64(held, "mapped_before_bytes", p->mapped.before);
		json_add_u64(held, "mapped_unseen_bytes", p->mapped.unseen);
	}
	add_traced(held, r, p->id);
	json_add(o, "attributed", held);
}

void json_add_taken(struct json_object *o, const uint64_t taken[_PAGE_CLASS_MAX])
{
	struct json_object *pages = json_new();

	for (int i = 0; i < _PAGE_CLASS_MAX; i++)
		json_add_u64(pages, page_members[i], taken[i]);
	json_add(o, "taken", pages);
}

static void add_ownership(struct json_object *o, const struct ownership_sample *s)
{
	struct json_object *ownership = json_new();

	json_add_u64(ownership, "present_bytes", s->present);
	json_add_u64(ownership, "own_bytes", s->own);
	json_add_u64(ownership, "kin_bytes", s->kin);
	json_add_u64(ownership, "other_bytes", s->other);
	json_add_u64(ownership, "unowned_bytes", s->unowned);
	json_add(o, "ownership", ownership);
}

static void add_end(struct json_object *o, const struct proc_end *end)
{
	struct json_object *e;

	if (!end->ended)
		return;
	e = json_new();
	json_add_time(e, "time", end->time_ns);
	if (end->status_known)
		json_add_status(e, end->status);
	json_add(o, "end", e);
}

static void add_role(struct json_object *o, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *role;
	} roles[] = {{PROC_TARGET, "target"}, {PROC_FOLLOWED, "child"}, {PROC_KTHREAD, "kthread"}};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (!(flags & roles[i].flag))
			continue;
		json_add_string(o, "role", roles[i].role, 16);
		return;
	}
}

static void add_growth(struct json_object *o, const struct report_process *p)
{
	if (p->growth_known)
		json_add_i64(o, "growth_bytes", p->growth_bytes);
	if (p->growth_known && p->growth_approx)
		json_add_bool(o, "growth_approx", true);
	if (p->rate_known)
		json_add_rounded(o, "rate_bytes_per_hour", p->rate_bytes_per_hour);
	json_add_seconds(o, "seen_s", p->seen_ns);
}

static void write_process(struct json_writer *w, const struct report *r,
			  const struct report_process *p)
{
	struct json_object *o = json_new();

	json_add_id(o, r, p->id);
	json_add_u64(o, "ppid", p->ppid);
	json_add_u64(o, "uid", p->uid);
	json_add_string(o, "comm", p->comm, sizeof(p->comm));
	if (p->cgroup)
		json_add_string(o, "cgroup", p->cgroup, strlen(p->cgroup));
	add_role(o, p->flags);
	if (p->flags & PROC_EXECED)
		json_add_bool(o, "execed", true);
	for (int i = 0; i < _PROC_VALUE_MAX; i++)
		add_span(o, proc_value_names[i], &p->value[i]);
	add_span(o, "pss_bytes", &p->pss);
	add_span(o, "uss_bytes", &p->uss);
	add_growth(o, p);
	if (p->attributed.known || p->has_mapped)
		add_attributed(o, r, p);
	if (p->attributed.known)
		json_add_taken(o, p->attributed.taken);
	if (p->has_ownership)
		add_ownership(o, &p->ownership);
	add_end(o, &p->end);
	json_add_verdict(o, &p->verdict);
	json_row(w, o);
}

void json_processes(struct json_writer *w, const struct report *r)
{
	json_array_begin(w, "processes");
	vec_for_each(p, &r->processes)
		write_process(w, r, p);
	json_array_end(w);
}
