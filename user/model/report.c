/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/report.h"

#include "model/report_analysis.h"

void report__free(struct report *r)
{
	if (!r)
		return;
	vec_for_each(p, &r->processes)
		free((char *)p->cgroup);
	vec_for_each(path, &r->paths)
		free(path->frames.v);
	vec_free(&r->paths);
	vec_free(&r->path_totals);
	vec_free(&r->kernel_classes);
	vec_free(&r->kernel_modules);
	strings__free(&r->strings);
	vec_for_each(c, &r->containers)
		free(c->path);
	vec_free(&r->containers);
	vec_free(&r->slab_caches);
	vec_free(&r->growers);
	vec_free(&r->head);
	vec_free(&r->processes);
	vec_free(&r->left_behind);
	vec_for_each(c, &r->removed_cgroups)
		free(c->path);
	vec_free(&r->removed_cgroups);
	vec_free(&r->other_owners);
	vec_free(&r->ledger);
	vec_free(&r->hidden);
	vec_free(&r->unclassified);
	report_analysis__free(r->analysis);
	vec_free(&r->events);
	vec_free(&r->alerts);
	limits__free(&r->limits);
	free(r);
}

bool report_path__is_of_line(const struct report_path *p, enum ledger_line line)
{
	if (!p->class)
		return false;
	return p->line == line || p->line_more == line ||
	       (p->line == LEDGER_KERNEL_PAGES && line == LEDGER_UNNAMED);
}
