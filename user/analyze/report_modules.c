/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report_modules.h"

#include <string.h>

#include "analyze/report_math.h"

/* Which domains tell it: slab objects lie in kernel pages, and large ones are pages. */
struct told {
	bool pages, objects;
};

static struct told told_of(const struct report *r)
{
	struct told told = {};

	vec_for_each(p, &r->paths) {
		told.pages |= p->domain == PATH_KERNEL;
		told.objects |= p->domain == PATH_SLAB;
	}
	return told;
}

static bool is_slab(const struct report_path *p)
{
	return p->domain == PATH_SLAB || p->line == LEDGER_SLAB_UNRECLAIMABLE;
}

static bool counts(const struct report_path *p, struct told told)
{
	if (!p->driver || !p->live_bytes)
		return false;
	if (p->domain == PATH_SLAB)
		return !told.pages || strcmp(p->what, "kmalloc of whole pages");
	return !told.objects || !is_slab(p);
}

static struct report_kernel_module *module_of(struct report *r, const char *name)
{
	struct report_kernel_module fresh = {.name = name};

	vec_for_each(m, &r->kernel_modules)
		if (!strcmp(m->name, name))
			return m;
	return vec_push(&r->kernel_modules, fresh) ? NULL
						   : &r->kernel_modules.v[r->kernel_modules.n - 1];
}

static int compare(const void *a, const void *b)
{
	const struct report_kernel_module *x = a, *y = b;

	if (x->live_bytes != y->live_bytes)
		return x->live_bytes < y->live_bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

int report_modules__add(struct report *r)
{
	struct told told = told_of(r);

	vec_for_each(p, &r->paths) {
		struct report_kernel_module *m;

		if (!counts(p, told))
			continue;
		m = module_of(r, p->driver);
		if (!m)
			return -ENOMEM;
		m->live_bytes = add_sat_u64(m->live_bytes, p->live_bytes);
		m->slab_bytes = add_sat_u64(m->slab_bytes, is_slab(p) ? p->live_bytes : 0);
		m->error_bytes = add_errors(m->error_bytes, p->error_bytes);
		m->samples = add_sat_u64(m->samples, p->samples);
		m->paths++;
	}
	if (r->kernel_modules.n)
		qsort(r->kernel_modules.v, r->kernel_modules.n, sizeof(*r->kernel_modules.v),
		      compare);
	return 0;
}
