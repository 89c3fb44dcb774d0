/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The OOM killer: who was ended, where, and what had grown. */
#include <stdio.h>
#include <string.h>

#include "analyze/alert_find.h"
#include "base/str.h"

#define MESSAGE_SIZE sizeof(((struct alert *)0)->message)

/* Of a storm the first are named; the report's events have them all. */
#define NAMED_MAX 8

/* What grew by less is no cause. */
#define GROWTH_MIN (4ull << 20)

static uint64_t kills_in(const struct cgroup_sample *c)
{
	return c->known & 1u << CGROUP_EVENT_OOM_KILL ? c->value[CGROUP_EVENT_OOM_KILL] : 0;
}

static const struct cgroup_sample *find_cgroup(const struct cgroup_list *l, size_t hint,
					       const char *path)
{
	if (hint < l->n && !strcmp(l->v[hint].path, path))
		return &l->v[hint];
	vec_for_each(c, l)
		if (!strcmp(c->path, path))
			return c;
	return NULL;
}

static bool is_within(const char *path, const char *above)
{
	size_t len = strlen(above);

	return len == 1 || (!strncmp(path, above, len) && path[len] == '/');
}

static bool is_of_machine(const struct oom_kill *k)
{
	return k->in_log && !k->in_cgroup;
}

/* Kills that may have been at a cgroup's limit. */
static uint64_t kills_at_limits(const struct moment *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < m->n_kills; i++)
		n += !is_of_machine(&m->kills[i]);
	return n;
}

/* The one cgroup that counted all the kills since the moment before: kills count in those above,
 * too (v2), so the innermost. NULL: none, or several, some of which may be gone again. */
static const struct cgroup_sample *find_scene(const struct moment *m)
{
	const struct cgroup_list *now = &m->system->cgroups;
	const struct cgroup_sample *scene = NULL;
	uint64_t n = 0;

	if (!m->before || m->system->err[SYSTEM_CGROUPS] || m->before->err[SYSTEM_CGROUPS])
		return NULL;
	for (size_t i = 0; i < now->n; i++) {
		const struct cgroup_sample *c = &now->v[i];
		const struct cgroup_sample *was = find_cgroup(&m->before->cgroups, i, c->path);

		if (!kills_in(c) || (was && kills_in(was) >= kills_in(c)))
			continue;
		if (scene && !is_within(c->path, scene->path))
			return NULL;
		scene = c;
		n = kills_in(c) - (was ? kills_in(was) : 0);
	}
	return n == kills_at_limits(m) ? scene : NULL;
}

static const struct proc_history *find_history(const struct moment *m, uint32_t pid)
{
	for (size_t i = m->history ? m->history->procs.n : 0; i--;)
		if (m->history->procs.v[i]->last.id.pid == pid)
			return m->history->procs.v[i];
	return NULL;
}

static uint64_t growth_of(const struct proc_history *h)
{
	uint64_t first, last;

	if (proc_growing_bytes(&h->first, &first) || proc_growing_bytes(&h->last, &last))
		return 0;
	return last > first ? last - first : 0;
}

/* Whoever grew most since the run began, other than the victim. */
static const struct proc_history *find_grower(const struct moment *m,
					      const struct proc_history *but)
{
	const struct proc_history *best = NULL;

	for (size_t i = 0; m->history && i < m->history->procs.n; i++) {
		const struct proc_history *h = m->history->procs.v[i];

		if (h != but && growth_of(h) >= GROWTH_MIN &&
		    (!best || growth_of(h) > growth_of(best)))
			best = h;
	}
	return best;
}

static void add_where(struct strbuf *b, const struct oom_kill *k, const struct cgroup_sample *scene)
{
	char shown[96];

	if (is_of_machine(k))
		strbuf_addf(b, " in the machine");
	else if (scene)
		strbuf_addf(
			b, " in %s",
			safe_text(shown, sizeof(shown),
				  scene->container.name[0] ? scene->container.name : scene->path,
				  sizeof(scene->container.name)));
	else if (k->in_log)
		strbuf_addf(b, " in its cgroup");
}

/* Beside a kill at a cgroup's limit what others in the machine did is not to be told: it is no
 * reason. */
static void add_growers(struct strbuf *b, const struct moment *m, const struct oom_kill *k)
{
	const struct proc_history *victim = find_history(m, k->pid);
	const struct proc_history *grower = is_of_machine(k) ? find_grower(m, victim) : NULL;
	char bytes[HUMAN_BYTES_SIZE], comm[ALERT_COMM_SIZE];

	if (victim && growth_of(victim) >= GROWTH_MIN)
		strbuf_addf(b, "; it had grown by %s", human_bytes(bytes, growth_of(victim)));
	if (grower)
		strbuf_addf(b, "; grew most beside it: %s (pid %u), by %s",
			    alert_comm(comm, grower->last.comm), grower->last.id.pid,
			    human_bytes(bytes, growth_of(grower)));
}

static void tell_kill(struct alert_finder *f, const struct moment *m, const struct oom_kill *k,
		      const struct cgroup_sample *scene)
{
	char comm[ALERT_COMM_SIZE], asker[ALERT_COMM_SIZE], bytes[HUMAN_BYTES_SIZE];
	char subject[COMM_SIZE + 1];
	struct strbuf b = {};
	struct alert_found found = {.id.pid = k->pid, .subject = subject, .value = m->n_kills};

	snprintf(subject, sizeof(subject), "%.*s", COMM_SIZE, k->comm);
	strbuf_addf(&b, "the %s %s (pid %u) for lack of memory",
		    k->in_log ? "kernel killed" : "OOM killer chose",
		    k->has_comm ? alert_comm(comm, k->comm) : "?", k->pid);
	add_where(&b, k, scene);
	if (k->has_anon)
		strbuf_addf(&b, "; it had %s of its own", human_bytes(bytes, k->anon));
	add_growers(&b, m, k);
	if (k->asker_pid && k->asker_pid != k->pid)
		strbuf_addf(&b, "; %s (pid %u) had asked for more",
			    alert_comm(asker, k->asker_comm), k->asker_pid);
	found.message = b.s;
	if (b.s)
		alert_candidate(f, &found);
	strbuf_free(&b);
}

/* Each kill is news of its own: nothing is kept in force, nothing cleared. Those that the kernel
 * counted and nobody named come in one. */
bool alert_look_oom_kill(struct alert_finder *f, const struct moment *m)
{
	const struct cgroup_sample *scene = m->n_kills ? find_scene(m) : NULL;
	struct alert_found found = {};
	char text[MESSAGE_SIZE];
	uint64_t counted = 0;

	for (size_t i = 0; i < m->n_kills && i < NAMED_MAX; i++)
		tell_kill(f, m, &m->kills[i], scene);
	if (m->before && !m->before->err[SYSTEM_VMSTAT] && !m->system->err[SYSTEM_VMSTAT])
		counters__delta(&m->before->vmstat, &m->system->vmstat, "oom_kill", &counted);
	found.value = alert_unnamed_kills(f, counted, m->n_kills);
	if (m->n_kills > NAMED_MAX)
		found.value += m->n_kills - NAMED_MAX;
	if (!found.value)
		return true;
	snprintf(text, sizeof(text), "the kernel killed %llu%s process%s for lack of memory",
		 (unsigned long long)found.value, m->n_kills ? " more" : "",
		 found.value == 1 ? "" : "es");
	found.message = text;
	alert_candidate(f, &found);
	return true;
}
