/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/alert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyze/alert_find.h"
#include "model/key.h"

#define NS_PER_S 1000000000ull
#define NS_PER_TICK (NS_PER_S / 100) /* of start_ticks: USER_HZ */

/* A program that starts takes what it needs: growth is counted from this age on. */
#define SETTLED_NS (60 * NS_PER_S)

struct active {
	struct hmap_key key;
	struct alert told;
	bool seen; /* at the moment that is looked at */
};

struct alerts {
	uint64_t threshold[_ALERT_KIND_MAX];
	VEC(struct active) active;
	VEC(struct alert_base) bases, next_bases; /* ordered by pid */
	bool has_first_used;
	uint64_t first_used;
	uint64_t n_suppressed;
	VEC(struct proc_id) zombies, next_zombies; /* of the last two moments, ordered by pid */
	uint64_t kills_ahead;			   /* named and not counted yet */
};

struct alert_finder {
	struct alerts *a;
	const struct moment *m;
	enum alert_kind kind;
	struct alert_list *out;
	int err;
};

int alert_kind_find(const char *name, enum alert_kind *ret)
{
	for (int i = 0; i < _ALERT_KIND_MAX; i++)
		if (!strcmp(alert_kind_names[i], name)) {
			*ret = i;
			return 0;
		}
	return -ENOENT;
}

int alerts__new(const uint64_t thresholds[_ALERT_KIND_MAX], struct alerts **ret)
{
	struct alerts *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	memcpy(a->threshold, thresholds, sizeof(a->threshold));
	*ret = a;
	return 0;
}

void alerts__free(struct alerts *a)
{
	if (!a)
		return;
	vec_free(&a->active);
	vec_free(&a->bases);
	vec_free(&a->next_bases);
	vec_free(&a->zombies);
	vec_free(&a->next_zombies);
	free(a);
}

uint64_t alert_threshold(const struct alert_finder *f)
{
	return f->a->threshold[f->kind];
}

static uint64_t clear_level(const struct alert_finder *f)
{
	uint64_t threshold = alert_threshold(f), slack = alert_defs[f->kind].slack;

	return threshold > slack ? threshold - slack : threshold;
}

bool alert_is_near(const struct alert_finder *f, uint64_t value)
{
	return value > clear_level(f);
}

int alert_first_used(const struct alert_finder *f, uint64_t *ret)
{
	if (!f->a->has_first_used)
		return -ENOENT;
	*ret = f->a->first_used;
	return 0;
}

static int compare_base(const void *key, const void *elem)
{
	const struct proc_id *id = key;
	const struct alert_base *base = elem;

	return (id->pid > base->id.pid) - (id->pid < base->id.pid);
}

static const struct alert_base *find_base(const struct alerts *a, struct proc_id id)
{
	const struct alert_base *base =
		a->bases.n ? bsearch(&id, a->bases.v, a->bases.n, sizeof(*a->bases.v), compare_base)
			   : NULL;

	return base && proc_id_equal(base->id, id) ? base : NULL;
}

const struct alert_base *alert_process_base(const struct alert_finder *f, struct proc_id id)
{
	const struct alert_base *base = find_base(f->a, id);

	return base && base->settled ? base : NULL;
}

bool alert_is_lasting_zombie(const struct alert_finder *f, struct proc_id id)
{
	vec_for_each(z, &f->a->zombies)
		if (proc_id_equal(*z, id))
			return true;
	return false;
}

static int remember_zombies(struct alerts *a, const struct moment *m)
{
	typeof(a->zombies) swap = a->zombies;
	int err = 0;

	if (!m->n_procs)
		return 0;
	a->next_zombies.n = 0;
	for (size_t i = 0; !err && i < m->n_procs; i++)
		if (m->procs[i].state == 'Z')
			err = vec_push(&a->next_zombies, m->procs[i].id);
	if (err)
		return err;
	a->zombies = a->next_zombies;
	a->next_zombies = swap;
	return 0;
}

uint64_t alert_unnamed_kills(struct alert_finder *f, uint64_t counted, uint64_t named)
{
	uint64_t known = f->a->kills_ahead + named;

	f->a->kills_ahead = known > counted ? known - counted : 0;
	return counted > known ? counted - known : 0;
}

/* FNV-1a, 64 bits. */
struct hmap_key alert_name_key(const char *a, uint64_t b)
{
	uint64_t h = 0xcbf29ce484222325ull;

	for (; *a; a++)
		h = (h ^ (unsigned char)*a) * 0x100000001b3ull;
	return (struct hmap_key){{h, b, 1}};
}

static struct active *find_active(struct alerts *a, enum alert_kind kind, struct hmap_key key)
{
	vec_for_each(it, &a->active)
		if (it->told.kind == kind && !memcmp(&it->key, &key, sizeof(key)))
			return it;
	return NULL;
}

static void tell(struct alert_finder *f, const struct alert *alert)
{
	if (!f->err)
		f->err = vec_push(f->out, *alert);
}

static struct alert make_alert(const struct alert_finder *f, const struct alert_found *found)
{
	struct alert alert = {
		.time_ns = f->m->tick->time_ns,
		.kind = f->kind,
		.unit = alert_defs[f->kind].unit,
		.id = found->id,
		.value = found->value,
		.threshold = alert_threshold(f),
	};

	snprintf(alert.subject, sizeof(alert.subject), "%s", found->subject ?: "");
	snprintf(alert.message, sizeof(alert.message), "%s", found->message);
	return alert;
}

static void raise_alert(struct alert_finder *f, const struct alert_found *found)
{
	struct active active = {.key = found->key, .told = make_alert(f, found), .seen = true};

	if (found->value <= alert_threshold(f))
		return;
	if (alert_defs[f->kind].event) {
		tell(f, &active.told);
		return;
	}
	if (f->a->active.n >= ALERTS_MAX) {
		f->a->n_suppressed++;
		return;
	}
	if (!f->err)
		f->err = vec_push(&f->a->active, active);
	tell(f, &active.told);
}

static bool is_worse(const struct alert_def *def, uint64_t told, uint64_t value)
{
	uint64_t share = (uint64_t)((double)told * (double)def->step_percent / 100);
	uint64_t step = share > def->step ? share : def->step;

	return value > told && value - told >= step;
}

void alert_candidate(struct alert_finder *f, const struct alert_found *found)
{
	struct active *active;

	if (!alert_is_near(f, found->value))
		return;
	active = find_active(f->a, f->kind, found->key);
	if (!active) {
		raise_alert(f, found);
		return;
	}
	active->seen = true;
	if (!is_worse(&alert_defs[f->kind], active->told.value, found->value))
		return;
	active->told = make_alert(f, found);
	active->told.state = ALERT_CHANGED;
	tell(f, &active->told);
}

void alert_withdraw(struct alert_finder *f, const struct alert_found *found)
{
	struct active *active = find_active(f->a, f->kind, found->key);
	struct alert *told = active ? &active->told : NULL;

	if (!active)
		return;
	told->state = ALERT_WITHDRAWN;
	told->time_ns = f->m->tick->time_ns;
	snprintf(told->message, sizeof(told->message), "%s", found->message);
	tell(f, told);
	*active = f->a->active.v[--f->a->active.n];
}

/* Those of this kind that were not found any more. */
static void clear_gone(struct alert_finder *f)
{
	struct alerts *a = f->a;
	size_t kept = 0;

	for (size_t i = 0; i < a->active.n; i++) {
		struct active *it = &a->active.v[i];

		if (it->told.kind != f->kind || it->seen) {
			it->seen = false;
			a->active.v[kept++] = *it;
			continue;
		}
		it->told.state = ALERT_CLEARED;
		it->told.time_ns = f->m->tick->time_ns;
		tell(f, &it->told);
	}
	a->active.n = kept;
}

static bool has_settled(const struct proc_sample *p, uint64_t mono_ns)
{
	uint64_t start_ns = p->id.start_ticks * NS_PER_TICK;

	/* A captured tree may be of a machine that was up for longer than this one. */
	return mono_ns < start_ns || mono_ns - start_ns >= SETTLED_NS;
}

/* Those that are here now, with what they began with. */
static int update_bases(struct alerts *a, const struct moment *m)
{
	int err = 0;

	if (!m->n_procs)
		return 0;
	a->next_bases.n = 0;
	for (size_t i = 0; !err && i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];
		const struct alert_base *old = find_base(a, p->id);
		struct alert_base base = {.id = p->id};

		if (old && old->settled)
			base = *old;
		else if (proc_growing_bytes(p, &base.bytes))
			continue;
		else
			base.settled = has_settled(p, m->tick->mono_ns);
		err = vec_push(&a->next_bases, base);
	}
	if (!err) {
		typeof(a->bases) swap = a->bases;

		a->bases = a->next_bases;
		a->next_bases = swap;
	}
	return err;
}

int alerts__judge(struct alerts *a, const struct moment *m, struct alert_list *ret)
{
	struct alert_finder f = {.a = a, .m = m, .out = ret};
	uint64_t total;
	int err = update_bases(a, m);

	ret->n = 0;
	if (!a->has_first_used && !moment__used(m, &a->first_used, &total))
		a->has_first_used = true;
	for (int kind = 0; !err && kind < _ALERT_KIND_MAX; kind++) {
		f.kind = kind;
		if (alert_defs[kind].look(&f, m))
			clear_gone(&f);
		err = f.err;
	}
	return err ? err : remember_zombies(a, m);
}

int alerts__limits(const struct alerts *a, struct limits *l)
{
	if (!a->n_suppressed)
		return 0;
	return limits__set(l, "alerts_suppressed", a->n_suppressed,
			   "alerts not told: at most %d are kept in force at a time", ALERTS_MAX);
}

void alerts__in_force(const struct alerts *a, uint32_t ret[_ALERT_KIND_MAX])
{
	memset(ret, 0, _ALERT_KIND_MAX * sizeof(*ret));
	vec_for_each(it, &a->active)
		ret[it->told.kind]++;
}
