/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/feature.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const feature_state_names[] = {
	[FEATURE_WORKS] = "works",
	[FEATURE_DEGRADED] = "degraded",
	[FEATURE_MISSING] = "missing",
};

static struct feature *find(const struct features *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].name, name))
			return &f->v[i];
	return NULL;
}

const struct feature *features__find(const struct features *f, const char *name)
{
	return find(f, name);
}

int features__set(struct features *f, const char *name, enum feature_state state, const char *fix,
		  const char *fmt, ...)
{
	struct feature entry = {.name = name, .state = state}, *old = find(f, name);
	va_list args;

	snprintf(entry.fix, sizeof(entry.fix), "%s", fix ? fix : "");
	va_start(args, fmt);
	vsnprintf(entry.detail, sizeof(entry.detail), fmt, args);
	va_end(args);
	if (!old)
		return vec_push(f, entry);
	*old = entry;
	return 0;
}

void features__free(struct features *f)
{
	vec_free(f);
}
