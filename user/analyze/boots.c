/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/boots.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_S 1000000000ull
#define NS_PER_MIN (60 * NS_PER_S)

static const unsigned int marks_min[] = {1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120};

/* Memory used at this time after boot: between the two samples around it. */
static bool used_at(const struct boot_run *r, uint64_t uptime_ns, uint64_t *ret)
{
	for (size_t i = 0; i < r->points.n; i++) {
		const struct boot_point *b = &r->points.v[i], *a = b - 1;
		double share;

		if (b->uptime_ns < uptime_ns)
			continue;
		if (b->uptime_ns == uptime_ns) {
			*ret = b->used;
			return true;
		}
		if (!i)
			return false; /* not followed yet */
		share = (double)(uptime_ns - a->uptime_ns) / (double)(b->uptime_ns - a->uptime_ns);
		*ret = (uint64_t)((double)a->used + share * ((double)b->used - (double)a->used));
		return true;
	}
	return false;
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int add_mark(const struct boot_run *now, const struct boot_run *const *before, size_t n,
		    uint64_t uptime_ns, struct boot_comparison *c)
{
	struct boot_mark mark = {.uptime_ns = uptime_ns};
	VEC(uint64_t) values = {0};
	uint64_t used;
	int err = 0;

	if (!used_at(now, uptime_ns, &mark.now))
		return 0;
	for (size_t i = 0; !err && i < n; i++)
		if (used_at(before[i], uptime_ns, &used))
			err = vec_push(&values, used);
	if (!err && values.n) {
		qsort(values.v, values.n, sizeof(*values.v), compare_u64);
		mark.n = (unsigned int)values.n;
		mark.min = values.v[0];
		mark.max = values.v[values.n - 1];
		mark.median = values.n % 2
				      ? values.v[values.n / 2]
				      : values.v[values.n / 2 - 1] / 2 + values.v[values.n / 2] / 2;
	}
	vec_free(&values);
	return err ? err : mark.n ? vec_push(&c->marks, mark) : 0;
}

/* How far both this boot and at least one before it were followed. */
static uint64_t common_end(const struct boot_run *now, const struct boot_run *const *before,
			   size_t n)
{
	uint64_t end = 0, own = now->points.n ? now->points.v[now->points.n - 1].uptime_ns : 0;

	for (size_t i = 0; i < n; i++) {
		const struct boot_run *b = before[i];
		uint64_t theirs = b->points.n ? b->points.v[b->points.n - 1].uptime_ns : 0;

		if (theirs > end)
			end = theirs;
	}
	return end < own ? end : own;
}

static int compare_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_unit(const struct boot_run *r, char *name)
{
	return r->units.n &&
	       bsearch(&name, r->units.v, r->units.n, sizeof(*r->units.v), compare_name);
}

/* Scopes, and units made for one purpose and one time, are new at each boot. */
static bool is_lasting(const char *name)
{
	static const char *const passing[] = {"run-", "user@", "user-runtime-dir@", "session-",
					      BOOT_UNIT};
	const char *dot = strrchr(name, '.');

	if (!dot || (strcmp(dot, ".service") && strcmp(dot, ".timer") && strcmp(dot, ".socket")))
		return false;
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (!strncmp(name, passing[i], strlen(passing[i])))
			return false;
	return true;
}

static void compare_units(const struct boot_run *now, const struct boot_run *const *before,
			  size_t n, struct boot_comparison *c)
{
	size_t with_units = 0;

	for (size_t i = 0; i < n; i++)
		with_units += before[i]->units.n > 0;
	if (!with_units || !now->units.n)
		return; /* of one side nothing is known */
	vec_for_each(unit, &now->units) {
		bool known = !is_lasting(*unit);

		for (size_t i = 0; !known && i < n; i++)
			known = has_unit(before[i], *unit);
		if (!known && c->n_new++ < BOOT_NAMES_MAX)
			c->new_units[c->n_new - 1] = *unit;
	}
	/* Gone is what the boot before this one had; it may have ended earlier in others. */
	vec_for_each(unit, &before[0]->units)
		if (is_lasting(*unit) && !has_unit(now, *unit) && c->n_gone++ < BOOT_NAMES_MAX)
			c->gone_units[c->n_gone - 1] = *unit;
}

int boots__compare(const struct boot_run *now, const struct boot_run *const *before, size_t n,
		   struct boot_comparison *ret)
{
	uint64_t end = common_end(now, before, n);
	int err = 0;

	*ret = (struct boot_comparison){.n_boots = (unsigned int)n};
	if (!n)
		return 0;
	for (size_t i = 0; !err && i < sizeof(marks_min) / sizeof(marks_min[0]); i++)
		if (marks_min[i] * NS_PER_MIN < end)
			err = add_mark(now, before, n, marks_min[i] * NS_PER_MIN, ret);
	if (!err && end)
		err = add_mark(now, before, n, end, ret);
	if (strcmp(now->kernel, before[0]->kernel))
		snprintf(ret->kernel, sizeof(ret->kernel), "%s", before[0]->kernel);
	if (*now->packages && *before[0]->packages && strcmp(now->packages, before[0]->packages))
		snprintf(ret->packages, sizeof(ret->packages), "%s", before[0]->packages);
	if (now->mem_total != before[0]->mem_total)
		ret->mem_total = before[0]->mem_total;
	compare_units(now, before, n, ret);
	return err;
}

void boot_comparison__free(struct boot_comparison *c)
{
	vec_free(&c->marks);
}

size_t boots__retain(const uint64_t *bytes, size_t n, size_t keep, uint64_t max_bytes)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		sum += bytes[i];
		if (i && ((keep && i >= keep) || (max_bytes && sum > max_bytes)))
			break;
	}
	return i;
}
