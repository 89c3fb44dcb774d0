/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/limit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/vec.h"

static struct limit *find(const struct limits *l, const char *kind)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strncmp(l->v[i].kind, kind, LIMIT_KIND_SIZE - 1))
			return &l->v[i];
	return NULL;
}

const struct limit *limits__find(const struct limits *l, const char *kind)
{
	return find(l, kind);
}

static int set(struct limits *l, const struct limit *entry)
{
	struct limit *old = find(l, entry->kind);

	if (!old)
		return vec_push(l, *entry);
	*old = *entry;
	return 0;
}

int limits__set(struct limits *l, const char *kind, uint64_t count, const char *fmt, ...)
{
	struct limit entry = {.count = count};
	va_list args;

	snprintf(entry.kind, sizeof(entry.kind), "%s", kind);
	va_start(args, fmt);
	vsnprintf(entry.meaning, sizeof(entry.meaning), fmt, args);
	va_end(args);
	return set(l, &entry);
}

int limits__set_counts(struct limits *l, const struct limit_count *v, size_t n)
{
	int err = 0;

	for (size_t i = 0; !err && i < n; i++)
		if (v[i].count)
			err = limits__set(l, v[i].kind, v[i].count, "%s", v[i].meaning);
	return err;
}

int limits__merge(struct limits *l, const struct limits *from)
{
	for (size_t i = 0; i < from->n; i++) {
		int err = set(l, &from->v[i]);

		if (err)
			return err;
	}
	return 0;
}

void limits__free(struct limits *l)
{
	vec_free(l);
}
