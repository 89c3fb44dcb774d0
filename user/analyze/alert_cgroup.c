/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cgroups: near their limit, and waiting for memory. */
#include <stdio.h>
#include <string.h>

#include "analyze/alert_find.h"
#include "base/str.h"

#define MESSAGE_SIZE sizeof(((struct alert *)0)->message)
#define NAME_SIZE 96

static const char *name_of(const struct cgroup_sample *c)
{
	return c->container.name[0] && !c->container.inner ? c->container.name : c->path;
}

static char *shown(char dst[static NAME_SIZE], const struct cgroup_sample *c)
{
	const char *name = name_of(c);

	return safe_text(dst, NAME_SIZE, name, strlen(name));
}

static bool is_named(const struct cgroup_sample *c)
{
	return c->container.runtime != RUNTIME_NONE && !c->container.inner;
}

/* What the kernel would reclaim first does not count, where that is known. */
static uint64_t working_set(const struct cgroup_sample *c)
{
	uint64_t bytes = c->value[CGROUP_CURRENT];

	cgroup_working_set(c, &bytes);
	return bytes;
}

/* Percent of the limit that is in force for c: its own, or a tighter one above. */
static uint64_t used_percent(const struct cgroup_sample *c)
{
	const uint32_t needed = 1u << CGROUP_CURRENT | 1u << CGROUP_EFFECTIVE_MAX;

	if ((c->known & needed) != needed || !c->value[CGROUP_EFFECTIVE_MAX])
		return 0;
	return alert_percent(working_set(c), c->value[CGROUP_EFFECTIVE_MAX]);
}

/* Is it told by a container or service that alone fills this limit? */
static bool is_explained(struct alert_finder *f, const struct cgroup_list *l, size_t limiter)
{
	for (size_t i = 0; i < l->n; i++)
		if (i != limiter && is_named(&l->v[i]) && l->v[i].limiter == limiter &&
		    alert_is_near(f, used_percent(&l->v[i])))
			return true;
	return false;
}

/* One that has no limit of its own is no news beside the one above that has it, unless it is a
 * container or service, which people know by name. */
static bool is_candidate(struct alert_finder *f, const struct cgroup_list *l, size_t i)
{
	const struct cgroup_sample *c = &l->v[i];

	if (!alert_is_near(f, used_percent(c)))
		return false;
	return c->limiter == i ? !is_explained(f, l, i) : is_named(c);
}

bool alert_look_cgroup(struct alert_finder *f, const struct moment *m)
{
	const struct cgroup_list *l = &m->system->cgroups;

	if (m->system->err[SYSTEM_CGROUPS])
		return false;
	for (size_t i = 0; i < l->n; i++) {
		const struct cgroup_sample *c = &l->v[i];
		char text[MESSAGE_SIZE], name[NAME_SIZE], whose[NAME_SIZE];
		char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];
		struct alert_found found = {.subject = name_of(c), .message = text};
		bool own = c->limiter == i;

		if (!is_candidate(f, l, i))
			continue;
		found.value = used_percent(c);
		found.key = alert_name_key(c->path, 0);
		snprintf(text, sizeof(text),
			 "%s uses %s of %s limit %s%s%s (%llu %%), inactive page cache not counted",
			 shown(name, c), human_bytes(a, working_set(c)), own ? "its" : "the",
			 human_bytes(b, c->value[CGROUP_EFFECTIVE_MAX]), own ? "" : " of ",
			 own ? "" : shown(whose, &l->v[c->limiter]),
			 (unsigned long long)found.value);
		alert_candidate(f, &found);
	}
	return true;
}

bool alert_look_cgroup_psi(struct alert_finder *f, const struct moment *m)
{
	const struct cgroup_list *l = &m->system->cgroups;
	bool any = false;

	if (m->system->err[SYSTEM_CGROUPS])
		return false;
	for (size_t i = 0; i < l->n; i++) {
		const struct cgroup_sample *c = &l->v[i];
		const struct psi_line *some = &c->memory_psi.some;
		char text[MESSAGE_SIZE], name[NAME_SIZE];
		struct alert_found found = {.subject = name_of(c), .message = text};

		if (!is_named(c) || !some->known)
			continue;
		any = true;
		found.value = some->avg60 / 100;
		found.key = alert_name_key(c->path, 0);
		snprintf(text, sizeof(text),
			 "tasks of %s waited for memory %u.%02u %% of the last minute (PSI some "
			 "avg60)",
			 shown(name, c), some->avg60 / 100, some->avg60 % 100);
		alert_candidate(f, &found);
	}
	return any || m->system->cgroups.mode != CGROUP_MODE_V1;
}
