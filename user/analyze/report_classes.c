/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report_classes.h"

#include <string.h>

#include "analyze/report_math.h"

static struct report_kernel_class *class_of(struct report *r, const struct report_path *p)
{
	struct report_kernel_class fresh = {.name = p->class, .line = p->line};

	vec_for_each(c, &r->kernel_classes)
		if (!strcmp(c->name, p->class))
			return c;
	return vec_push(&r->kernel_classes, fresh) ? NULL
						   : &r->kernel_classes.v[r->kernel_classes.n - 1];
}

static void add_line(const struct report *r, enum ledger_line line, struct report_kernel_class *c)
{
	vec_for_each(l, &r->ledger) {
		if (l->line != line)
			continue;
		c->line_known = true;
		c->line_delta = add_sat(c->line_delta, (int64_t)(l->end - l->start));
	}
}

/* What no counter names is in the line of those who took it, or in nobody's. */
static void reconcile(const struct report *r, enum ledger_line more, struct report_kernel_class *c)
{
	add_line(r, c->line, c);
	if (more != c->line)
		add_line(r, more, c);
	vec_for_each(other, &r->kernel_classes)
		if (other->line == c->line) {
			c->line_bytes = add_sat_u64(c->line_bytes, other->live_bytes);
			c->line_error = add_errors(c->line_error, other->error_bytes);
		}
}

static enum ledger_line more_of(const struct report *r, const struct report_kernel_class *c)
{
	if (c->line == LEDGER_KERNEL_PAGES)
		return LEDGER_UNNAMED;
	vec_for_each(p, &r->paths)
		if (p->class && !strcmp(p->class, c->name))
			return p->line_more;
	return c->line;
}

static int compare(const void *a, const void *b)
{
	const struct report_kernel_class *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->live_bytes != y->live_bytes)
		return x->live_bytes < y->live_bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

int report_classes__add(struct report *r)
{
	vec_for_each(p, &r->paths) {
		struct report_kernel_class *c;

		if (!p->class || !p->live_bytes)
			continue;
		c = class_of(r, p);
		if (!c)
			return -ENOMEM;
		c->live_bytes = add_sat_u64(c->live_bytes, p->live_bytes);
		c->error_bytes = add_errors(c->error_bytes, p->error_bytes);
		c->samples = add_sat_u64(c->samples, p->samples);
	}
	vec_for_each(c, &r->kernel_classes)
		reconcile(r, more_of(r, c), c);
	if (r->kernel_classes.n)
		qsort(r->kernel_classes.v, r->kernel_classes.n, sizeof(*r->kernel_classes.v),
		      compare);
	return 0;
}
