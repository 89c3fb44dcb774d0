/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/oom.h"

#include <string.h>

/* The two sources are read one after the other: a kill between is in the second one now and in the
 * first one at the next reading. No pid is used again so soon. */
#define SAME_NS 60000000000ull

static bool was_told(const struct oom_kills *l, uint32_t pid, uint64_t mono_ns)
{
	uint32_t n = l->n_told < OOM_KILLS_REMEMBERED ? l->n_told : OOM_KILLS_REMEMBERED;

	for (uint32_t i = 0; i < n; i++)
		if (l->told[i].pid == pid && mono_ns - l->told[i].mono_ns < SAME_NS)
			return true;
	return false;
}

static void complete(struct oom_kill *to, const struct oom_kill *from)
{
	if (!to->has_comm && from->has_comm) {
		memcpy(to->comm, from->comm, sizeof(to->comm));
		to->has_comm = true;
	}
	if (!to->in_log && from->in_log) {
		to->in_log = true;
		to->in_cgroup = from->in_cgroup;
	}
	if (!to->has_anon && from->has_anon) {
		to->has_anon = true;
		to->anon = from->anon;
	}
	if (!to->time_ns)
		to->time_ns = from->time_ns;
	if (!to->asker_pid && from->asker_pid) {
		to->asker_pid = from->asker_pid;
		memcpy(to->asker_comm, from->asker_comm, sizeof(to->asker_comm));
	}
}

int oom_kills__add(struct oom_kills *l, const struct oom_kill *k, uint64_t mono_ns)
{
	vec_for_each(have, l) {
		if (have->pid != k->pid)
			continue;
		complete(have, k);
		return 0;
	}
	return was_told(l, k->pid, mono_ns) ? 0 : vec_push(l, *k);
}

void oom_kills__done(struct oom_kills *l, uint64_t mono_ns)
{
	vec_for_each(k, l) {
		uint32_t at = l->n_told++ % OOM_KILLS_REMEMBERED;

		l->told[at].pid = k->pid;
		l->told[at].mono_ns = mono_ns;
	}
	l->n = 0;
}

void oom_kills__free(struct oom_kills *l)
{
	vec_free(l);
}
