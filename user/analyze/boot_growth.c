/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/boot_growth.h"

#include <stdio.h>
#include <string.h>

#include "model/key.h"

#define NS_PER_S 1000000000ull
#define NS_PER_TICK (NS_PER_S / 100) /* of start_ticks: USER_HZ */

/* As the alerts have it: growth of a process counts from this age on. */
#define SETTLED_NS (60 * NS_PER_S)

/* What ended and grew less than this is forgotten when there are too many. */
#define GROWERS_MAX 32768
#define FORGET_BYTES (1 << 20)

/* Less is not worth a line of a ranked list. */
#define RANK_MIN_BYTES (64 << 10)

/* meminfo lines whose growth nobody's process explains, and what they stand beside. */
static const char *const lines[] = {
	"AnonPages",  "Shmem",	       "SUnreclaim",  "SReclaimable", "KernelStack",
	"PageTables", "SecPageTables", "VmallocUsed", "Percpu",	      "Cached",
};

/* --- who --- */

struct seen {
	enum grower_kind kind;
	struct hmap_key key;
	struct proc_id id;
	const char *name;
	size_t name_size;
	bool own;
	uint64_t bytes;
	enum boot_phase phase;
	uint64_t passed_ns;
};

static int begin(struct boot_growth *g, const struct seen *s)
{
	struct grower grower = {.key = s->key,
				.kind = s->kind,
				.id = s->id,
				.first = s->bytes,
				.last = s->bytes,
				.own = s->own,
				.alive = true};
	size_t n = strnlen(s->name, s->name_size);
	int err;

	if (n >= sizeof(grower.name))
		n = sizeof(grower.name) - 1;
	memcpy(grower.name, s->name, n);
	err = vec_push(&g->v, grower);
	return err ? err : hmap_put(&g->index, s->key, (uint32_t)(g->v.n - 1));
}

static int take(struct boot_growth *g, const struct seen *s)
{
	struct phase_growth *p;
	struct grower *grower;
	uint32_t i;

	if (!hmap_get(&g->index, s->key, &i))
		return begin(g, s);
	grower = &g->v.v[i];
	p = &grower->phase[s->phase];
	p->ns += s->passed_ns;
	p->bytes += (int64_t)(s->bytes - grower->last);
	p->n++;
	p->n_grew += s->bytes > grower->last;
	grower->last = s->bytes;
	grower->alive = true;
	return 0;
}

static int take_processes(struct boot_growth *g, const struct moment *m)
{
	int err = 0;

	for (size_t i = 0; !err && i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];
		uint64_t start_ns = p->id.start_ticks * NS_PER_TICK;
		struct seen s = {
			.kind = GROWER_PROCESS,
			.key = proc_key(p->id),
			.id = p->id,
			.name = p->comm,
			.name_size = COMM_SIZE,
			.own = p->id.pid == m->info->pid,
			.phase = m->boot->phase,
			.passed_ns = m->passed_ns,
		};

		s.key.w[2] = GROWER_PROCESS;
		if (p->flags & PROC_KTHREAD || proc_growing_bytes(p, &s.bytes))
			continue;
		if (m->tick->mono_ns >= start_ns && m->tick->mono_ns - start_ns < SETTLED_NS)
			s.phase = PHASE_WARM_UP;
		err = take(g, &s);
	}
	return err;
}

static uint64_t value_or_none(const struct cgroup_sample *c, enum cgroup_value value)
{
	return c->known & 1u << value ? c->value[value] : 0;
}

static uint64_t without(uint64_t all, uint64_t part)
{
	return all > part ? all - part : 0;
}

/*
 * What is neither page cache nor reclaimable slab, which go when they must. By its parts, where the
 * kernel tells them all: what is charged goes up and down with what each CPU charged in advance, 64
 * pages at a time.
 */
static bool group_bytes(const struct cgroup_sample *c, uint64_t *ret)
{
	const uint32_t parts = 1u << CGROUP_ANON | 1u << CGROUP_KERNEL;
	const uint32_t split = 1u << CGROUP_CURRENT | 1u << CGROUP_FILE;
	uint64_t cache = value_or_none(c, CGROUP_SLAB_RECLAIMABLE);
	uint64_t shmem = value_or_none(c, CGROUP_SHMEM);

	if ((c->known & parts) == parts) {
		*ret = c->value[CGROUP_ANON] + shmem + without(c->value[CGROUP_KERNEL], cache) +
		       value_or_none(c, CGROUP_SOCK);
		return true;
	}
	if ((c->known & split) != split)
		return false;
	*ret = without(c->value[CGROUP_CURRENT], without(c->value[CGROUP_FILE], shmem) + cache);
	return true;
}

static int take_groups(struct boot_growth *g, const struct moment *m)
{
	int err = 0;

	for (size_t i = 0; !err && i < m->system->cgroups.n; i++) {
		const struct cgroup_sample *c = &m->system->cgroups.v[i];
		struct seen s = {
			.kind = GROWER_GROUP,
			.name = c->container.name,
			.name_size = sizeof(c->container.name),
			.phase = m->boot->phase,
			.passed_ns = m->passed_ns,
		};

		if (c->container.runtime == RUNTIME_NONE || c->container.inner || !c->path ||
		    !group_bytes(c, &s.bytes))
			continue;
		s.own = !strcmp(c->container.name, BOOT_UNIT);
		s.key = name_key(c->path, GROWER_GROUP);
		err = take(g, &s);
	}
	return err;
}

static int take_slabs(struct boot_growth *g, const struct moment *m)
{
	int err = 0;

	vec_for_each(c, &m->system->slabs) {
		struct seen s = {
			.kind = GROWER_SLAB,
			.key = name_key(c->name, GROWER_SLAB),
			.name = c->name,
			.name_size = sizeof(c->name),
			.bytes = c->slabs * c->pages_per_slab * m->info->page_size,
			.phase = m->boot->phase,
			.passed_ns = m->passed_ns,
		};

		if (!err)
			err = take(g, &s);
	}
	return err;
}

static int take_lines(struct boot_growth *g, const struct moment *m)
{
	uint64_t used, total;
	struct seen s = {
		.kind = GROWER_LINE,
		.key = name_key("used", GROWER_LINE),
		.name = "used",
		.name_size = 5,
		.phase = m->boot->phase,
		.passed_ns = m->passed_ns,
	};
	int err = 0;

	if (!moment__used(m, &used, &total)) {
		s.bytes = used;
		err = take(g, &s);
	}
	for (size_t i = 0; !err && i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (moment__meminfo(m, lines[i], &s.bytes))
			continue;
		s.key = name_key(lines[i], GROWER_LINE);
		s.name = lines[i];
		s.name_size = strlen(lines[i]) + 1;
		err = take(g, &s);
	}
	return err;
}

static int64_t growth_of(const struct grower *g)
{
	return (int64_t)(g->last - g->first);
}

/* Those that are gone and did not matter. */
static int forget(struct boot_growth *g)
{
	size_t kept = 0;
	int err = 0;

	if (g->v.n < GROWERS_MAX)
		return 0;
	hmap_clear(&g->index);
	for (size_t i = 0; i < g->v.n && !err; i++) {
		struct grower *it = &g->v.v[i];

		if (it->kind == GROWER_PROCESS && !it->alive && growth_of(it) < FORGET_BYTES) {
			g->n_dropped++;
			continue;
		}
		err = hmap_put(&g->index, it->key, (uint32_t)kept);
		g->v.v[kept++] = *it;
	}
	g->v.n = kept;
	return err;
}

/* --- intervals --- */

static const struct grower *line_of(const struct boot_growth *g, const char *name)
{
	uint32_t i;

	return hmap_get(&g->index, name_key(name, GROWER_LINE), &i) ? &g->v.v[i] : NULL;
}

/* A kind of event says more than none, and of two kinds the more serious priority. */
static bool is_graver(const struct log_event *a, const struct log_event *b)
{
	if ((a->kind != CRITICAL_NONE) != (b->kind != CRITICAL_NONE))
		return a->kind != CRITICAL_NONE;
	return a->priority < b->priority;
}

static void take_events(struct boot_growth *g, const struct moment *m, struct growth_interval *i)
{
	for (size_t e = 0; e < m->boot->n_events; e++) {
		const struct log_event *event = &m->boot->events[e];

		if (g->has_last)
			g->n_critical[event->kind]++;
		else
			g->n_critical_before[event->kind]++;
		if (!i->n_events++ || is_graver(event, &i->event))
			i->event = *event;
	}
}

static void keep_interval(struct boot_growth *g, const struct growth_interval *i)
{
	size_t at = g->n_top;

	if (i->used <= 0)
		return;
	while (at && g->top[at - 1].used < i->used)
		at--;
	if (at == GROWTH_INTERVALS)
		return;
	if (g->n_top < GROWTH_INTERVALS)
		g->n_top++;
	memmove(&g->top[at + 1], &g->top[at], (g->n_top - 1 - at) * sizeof(g->top[0]));
	g->top[at] = *i;
}

static void take_phase(struct boot_growth *g, const struct moment *m)
{
	enum boot_phase phase = m->boot->phase;

	g->phase_ns[phase] += m->passed_ns;
	g->n_intervals[phase]++;
	for (int part = 0; part < _ACTIVITY_PART_MAX; part++)
		g->busy[part] += m->boot->busy >> part & 1;
	if (phase != PHASE_IDLE) {
		g->window_ns = 0;
		return;
	}
	g->n_windows += !g->window_ns;
	g->window_ns += m->passed_ns;
	if (g->window_ns > g->longest_ns)
		g->longest_ns = g->window_ns;
}

/* Who grew most since the moment before: to be asked before the new values are taken. */
static void most_grown(const struct boot_growth *g, const struct moment *m,
		       struct growth_interval *ret)
{
	for (size_t i = 0; i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];
		struct hmap_key key = proc_key(p->id);
		uint64_t bytes, before = 0;
		uint32_t at;

		key.w[2] = GROWER_PROCESS;
		if (p->flags & PROC_KTHREAD || proc_growing_bytes(p, &bytes))
			continue;
		if (hmap_get(&g->index, key, &at))
			before = g->v.v[at].last;
		if (bytes <= before || (int64_t)(bytes - before) <= ret->comm_bytes)
			continue;
		ret->id = p->id;
		memcpy(ret->comm, p->comm, COMM_SIZE);
		ret->comm_bytes = (int64_t)(bytes - before);
	}
}

int boot_growth__add(struct boot_growth *g, const struct moment *m)
{
	struct growth_interval i = {
		.start_ns = g->last_ns,
		.end_ns = m->tick->time_ns,
		.phase = m->boot->phase,
		.busy = m->boot->busy,
	};
	const struct grower *used = line_of(g, "used");
	uint64_t before = used ? used->last : 0;
	bool first = !g->has_last;
	int err = forget(g);

	if (!first)
		most_grown(g, m, &i);
	vec_for_each(it, &g->v)
		it->alive = false;
	if (!err)
		err = take_lines(g, m);
	if (!err)
		err = take_processes(g, m);
	if (!err)
		err = take_groups(g, m);
	if (!err)
		err = take_slabs(g, m);
	if (err)
		return err;
	take_events(g, m, &i);
	used = line_of(g, "used");
	if (!first && used)
		i.used = (int64_t)(used->last - before);
	if (!first) {
		take_phase(g, m);
		keep_interval(g, &i);
	}
	g->last_ns = m->tick->time_ns;
	g->has_last = true;
	return 0;
}

/* --- reading it --- */

bool phase_growth_is_steady(const struct phase_growth *p)
{
	return p->bytes >= STEADY_MIN_BYTES && p->n >= STEADY_MIN_INTERVALS &&
	       p->n_grew * 2 >= p->n;
}

void boot_growth__rank(const struct boot_growth *g, enum boot_phase phase, struct boot_rank *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < g->v.n; i++) {
		int64_t bytes = g->v.v[i].phase[phase].bytes;
		size_t at = ret->n;

		if (g->v.v[i].kind == GROWER_LINE || bytes < RANK_MIN_BYTES)
			continue;
		while (at && g->v.v[ret->v[at - 1]].phase[phase].bytes < bytes)
			at--;
		if (at == BOOT_RANK_MAX)
			continue;
		if (ret->n < BOOT_RANK_MAX)
			ret->n++;
		memmove(&ret->v[at + 1], &ret->v[at], (ret->n - 1 - at) * sizeof(ret->v[0]));
		ret->v[at] = (uint32_t)i;
	}
}

/* Most of what it took while idle went when there was work: a buffer, no leak. */
static bool gave_back(const struct grower *g)
{
	static const enum boot_phase others[] = {PHASE_LOAD, PHASE_UNKNOWN};
	int64_t back = 0;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (g->phase[others[i]].bytes < 0)
			back -= g->phase[others[i]].bytes;
	return back > g->phase[PHASE_IDLE].bytes / 2;
}

size_t boot_growth__steady(const struct boot_growth *g, const struct boot_rank *idle,
			   uint32_t ret[static BOOT_RANK_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < idle->n; i++) {
		const struct grower *it = &g->v.v[idle->v[i]];

		/* What we take for what we keep is told with our cost. */
		if (!it->own && phase_growth_is_steady(&it->phase[PHASE_IDLE]) && !gave_back(it))
			ret[n++] = idle->v[i];
	}
	return n;
}
