/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/code_history.h"

#include <string.h>

/* Of a path; then every other one goes, and the moment looked back at is less exact. */
#define POINTS_MAX 512

static int add_module(struct code_history *c, const struct code_module *m)
{
	struct code_module copy = *m;

	if (m->id != c->modules.n + 1) {
		c->n_strays++;
		return 0;
	}
	copy.name = (char *)strings__keep(&c->strings, m->name);
	copy.build_id = (char *)strings__keep(&c->strings, m->build_id);
	if ((m->name && !copy.name) || (m->build_id && !copy.build_id))
		return -ENOMEM;
	return vec_push(&c->modules, copy);
}

/* A caller comes before what it calls, so no chain of them has a ring. */
static int add_node(struct code_history *c, const struct code_node *n)
{
	if (n->id == c->nodes.n + 1 && n->parent < n->id)
		return vec_push(&c->nodes, *n);
	c->n_strays++;
	return 0;
}

static struct hmap_key symbol_key(uint32_t module, uint64_t addr, uint32_t depth)
{
	return (struct hmap_key){{module, addr, depth}};
}

int code_history__add_symbol(struct code_history *c, const struct code_symbol *s)
{
	struct hmap_key key = symbol_key(s->module, s->addr, s->depth);
	struct code_symbol copy = *s;
	uint32_t i;
	int err;

	copy.function = (char *)strings__keep(&c->strings, s->function);
	copy.file = (char *)strings__keep(&c->strings, s->file);
	if ((s->function && !copy.function) || (s->file && !copy.file))
		return -ENOMEM;
	if (hmap_get(&c->symbol_index, key, &i)) {
		c->symbols.v[i] = copy;
		return 0;
	}
	err = vec_push(&c->symbols, copy);
	return err ? err : hmap_put(&c->symbol_index, key, c->symbols.n - 1);
}

/* Those before the moment looked back at go, but for the last of them. */
static int add_point(struct code_history *c, struct path_history *p, uint64_t now_ns)
{
	size_t first = 0, n = 0;

	if (!c->since_ns)
		return 0;
	while (first + 1 < p->points.n && p->points.v[first + 1].mono_ns + c->since_ns <= now_ns)
		first++;
	if (first) {
		p->points.n -= first;
		memmove(p->points.v, p->points.v + first, p->points.n * sizeof(*p->points.v));
	}
	if (p->points.n >= POINTS_MAX) {
		for (size_t i = 0; i < p->points.n; i += 2)
			p->points.v[n++] = p->points.v[i];
		p->points.n = n;
	}
	return vec_push(&p->points, (struct path_point){now_ns, path_held(&p->last)});
}

static int add_path(struct code_history *c, const struct path_sample *s, uint64_t now_ns)
{
	struct path_history *p;

	if (!s->id || s->id > c->paths.n + 1 || s->leaf > c->nodes.n) {
		c->n_strays++;
		return 0;
	}
	if (s->id == c->paths.n + 1) {
		struct path_history fresh = {.start = now_ns == c->first_ns ? path_held(s) : 0};
		int err = vec_push(&c->paths, fresh);

		if (err)
			return err;
	}
	p = &c->paths.v[s->id - 1];
	if (s->taken > p->last.taken)
		p->taken_ns = now_ns;
	p->last = *s;
	return add_point(c, p, now_ns);
}

static int keep(struct code_history *c, const char *s, const char **ret)
{
	*ret = s && *s ? strings__keep(&c->strings, s) : NULL;
	return s && *s && !*ret ? -ENOMEM : 0;
}

static int add_cgroup(struct code_history *c, const struct path_cgroup *g)
{
	struct path_place place = {.charged = g->charged, .runtime = g->runtime};
	int err;

	if (!g->id || g->id > c->paths.n) {
		c->n_strays++;
		return 0;
	}
	err = keep(c, g->cgroup, &place.cgroup);
	err = err ?: keep(c, g->name, &place.name);
	err = err ?: keep(c, g->container, &place.id);
	c->paths.v[g->id - 1].place = place;
	return err;
}

static void add_ages(struct code_history *c, const struct path_ages *a)
{
	if (!a->id || a->id > c->paths.n || a->begin_ns >= a->end_ns) {
		c->n_strays++;
		return;
	}
	c->paths.v[a->id - 1].ages = *a;
	if (a->end_ns > c->ages_end_ns)
		c->ages_end_ns = a->end_ns;
}

static void halve_track(struct code_history *c)
{
	c->track.n /= 2;
	c->track.stride *= 2;
	for (uint32_t i = 0; i < c->track.n; i++) {
		c->track.at_ns[i] = c->track.at_ns[2 * i];
		vec_for_each(p, &c->paths)
			p->track_kib[i] = p->track_kib[2 * i];
	}
}

static uint32_t to_kib(uint64_t bytes)
{
	return bytes >> 10 > UINT32_MAX ? UINT32_MAX : (uint32_t)(bytes >> 10);
}

static void track(struct code_history *c, uint64_t now_ns)
{
	struct track_moments *m = &c->track;

	m->stride = m->stride ?: 1;
	m->last_ns = now_ns;
	if (m->n_ticks++ % m->stride)
		return;
	/* this tick's number is a multiple of the doubled stride, too */
	if (m->n == TRACK_MOMENTS)
		halve_track(c);
	m->at_ns[m->n] = now_ns;
	vec_for_each(p, &c->paths)
		p->track_kib[m->n] = to_kib(path_held(&p->last));
	m->n++;
}

int code_history__add(struct code_history *c, const struct tick *t)
{
	int err = 0;

	if (!c->first_ns)
		c->first_ns = t->mono_ns;
	vec_for_each(m, &t->modules)
		err = err ?: add_module(c, m);
	vec_for_each(n, &t->nodes)
		err = err ?: add_node(c, n);
	vec_for_each(s, &t->symbols)
		err = err ?: code_history__add_symbol(c, s);
	vec_for_each(p, &t->paths)
		err = err ?: add_path(c, p, t->mono_ns);
	vec_for_each(g, &t->path_cgroups)
		err = err ?: add_cgroup(c, g);
	vec_for_each(a, &t->ages)
		add_ages(c, a);
	vec_for_each(s, &t->sampling) {
		c->sampling = *s;
		c->sampled = true;
	}
	if (!err)
		track(c, t->mono_ns);
	return err;
}

void code_history__free(struct code_history *c)
{
	vec_for_each(p, &c->paths)
		vec_free(&p->points);
	vec_free(&c->paths);
	vec_free(&c->modules);
	vec_free(&c->nodes);
	vec_free(&c->symbols);
	hmap_free(&c->symbol_index);
	strings__free(&c->strings);
}

const struct code_module *code_history__module(const struct code_history *c, uint32_t id)
{
	return id && id <= c->modules.n ? &c->modules.v[id - 1] : NULL;
}

const struct code_node *code_history__node(const struct code_history *c, uint32_t id)
{
	return id && id <= c->nodes.n ? &c->nodes.v[id - 1] : NULL;
}

const struct code_symbol *code_history__symbol(const struct code_history *c,
					       const struct code_node *n, uint32_t depth)
{
	uint32_t i;

	if (!hmap_get(&c->symbol_index, symbol_key(n->module, n->addr, depth), &i))
		return NULL;
	return &c->symbols.v[i];
}

uint64_t code_history__base(const struct code_history *c, const struct path_history *p,
			    uint64_t end_ns)
{
	uint64_t base = 0;

	if (!c->since_ns || end_ns - c->first_ns <= c->since_ns)
		return p->start;
	vec_for_each(point, &p->points)
		if (point->mono_ns + c->since_ns <= end_ns)
			base = point->held;
	return base;
}

void code_history__add_ages(const struct code_history *c, const struct path_history *p,
			    uint64_t to[static PATH_EPOCHS])
{
	if (!p->ages.id || p->ages.end_ns != c->ages_end_ns)
		return;
	for (int i = 0; i < PATH_EPOCHS; i++)
		if (__builtin_add_overflow(to[i], p->ages.live[i], &to[i]))
			to[i] = UINT64_MAX;
}
