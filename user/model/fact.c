/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/fact.h"

#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "base/vec.h"

int facts__add(struct facts *f, const char *kind, const char *name, const char *value)
{
	struct fact fact = {0};

	snprintf(fact.kind, sizeof(fact.kind), "%s", kind);
	snprintf(fact.name, sizeof(fact.name), "%s", name);
	snprintf(fact.value, sizeof(fact.value), "%s", value);
	return vec_push(f, fact);
}

const struct fact *facts__find(const struct facts *f, const char *kind, const char *name)
{
	for (size_t i = f->n; i--;)
		if (!strcmp(f->v[i].kind, kind) && !strcmp(f->v[i].name, name))
			return &f->v[i];
	return NULL;
}

int facts__keep(struct facts *f, const struct facts *from, uint64_t *dropped)
{
	for (size_t i = 0; i < from->n; i++) {
		if (f->n >= FACTS_MAX)
			(*dropped)++;
		else if (vec_push(f, from->v[i]))
			return -ENOMEM;
	}
	return 0;
}

uint32_t facts__own_pid(const struct facts *f)
{
	const struct fact *pid = facts__find(f, "self", "pid");
	struct cursor text = {pid ? pid->value : "", pid ? pid->value + strlen(pid->value) : ""};
	uint64_t n;

	return cursor_u64(&text, &n) || n > UINT32_MAX ? 0 : (uint32_t)n;
}
