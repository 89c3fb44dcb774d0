/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/spawn.h"

#define CHOSEN (PROC_TARGET | PROC_FOLLOWED)

/* For how many updates one that is gone can still be named as somebody's parent. */
#define MISSED_MAX 2

/* Which pids are chosen, inexactly: a clear bit spares the search for a parent that is not. */
#define FILTER_BITS 4096

struct link {
	struct proc_id child, parent;
};

struct target_set {
	struct target_spec spec;
	VEC(struct target) members; /* ordered by compare_targets() when no update runs */
	size_t n_sorted;	    /* members in order; those after it were added by this update */
	VEC(struct link) links;
	VEC(uint32_t) cgroup;
	bool bound; /* the first update is done */
	uint64_t filter[FILTER_BITS / 64];
};

int target_set__new(const struct target_spec *spec, struct target_set **ret)
{
	struct target_set *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->spec = *spec;
	*ret = s;
	return 0;
}

void target_set__free(struct target_set *s)
{
	if (!s)
		return;
	vec_free(&s->members);
	vec_free(&s->links);
	vec_free(&s->cgroup);
	free(s);
}

int target_set__set_cgroup(struct target_set *s, const uint32_t *pids, size_t n_pids)
{
	if (vec_reserve(&s->cgroup, n_pids))
		return -ENOMEM;
	if (n_pids)
		memcpy(s->cgroup.v, pids, n_pids * sizeof(*pids));
	s->cgroup.n = n_pids;
	return 0;
}

int target_set__learn(struct target_set *s, struct proc_id child, struct proc_id parent)
{
	if (s->spec.no_follow || !parent.pid)
		return 0;
	return vec_push(&s->links, (struct link){child, parent});
}

/* --- searching ---------------------------------------------------------------------------------*/

static int compare_ids(struct proc_id a, struct proc_id b)
{
	if (a.pid != b.pid)
		return a.pid < b.pid ? -1 : 1;
	return a.start_ticks < b.start_ticks ? -1 : a.start_ticks > b.start_ticks;
}

static int compare_targets(const void *a, const void *b)
{
	return compare_ids(((const struct target *)a)->id, ((const struct target *)b)->id);
}

static int compare_pids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int compare_samples(const void *a, const void *b)
{
	return compare_pids(&((const struct proc_sample *)a)->id.pid,
			    &((const struct proc_sample *)b)->id.pid);
}

static struct proc_sample *find_sample(const struct task_list *l, uint32_t pid)
{
	struct proc_sample key = {.id.pid = pid};

	return l->n ? bsearch(&key, l->v, l->n, sizeof(*l->v), compare_samples) : NULL;
}

static bool is_member(const struct target_set *s, struct proc_id id)
{
	struct target key = {.id = id};

	return s->n_sorted &&
	       bsearch(&key, s->members.v, s->n_sorted, sizeof(key), compare_targets);
}

static void sort_members(struct target_set *s)
{
	if (s->n_sorted < s->members.n)
		qsort(s->members.v, s->members.n, sizeof(*s->members.v), compare_targets);
	s->n_sorted = s->members.n;
}

/* --- events ------------------------------------------------------------------------------------*/

static int add_event(struct tick *t, enum event_kind kind, struct proc_id id, const char *text)
{
	struct event e = {.time_ns = t->time_ns, .kind = kind, .id = id};

	snprintf(e.text, sizeof(e.text), "%s", text);
	return vec_push(&t->events, e);
}

/* A comm need not be terminated. */
#define COMM_FMT "%.*s"
#define COMM_ARG(comm) (int)strnlen(comm, COMM_SIZE), (comm)

static int tell_started(struct tick *t, const struct target_set *s, const struct proc_sample *p)
{
	char text[sizeof(((struct event *)0)->text)];

	if (p->id.pid == s->spec.command_pid)
		snprintf(text, sizeof(text), "the command runs as pid %u", p->id.pid);
	else
		snprintf(text, sizeof(text), "pid %u (" COMM_FMT ") is a target from now on",
			 p->id.pid, COMM_ARG(p->comm));
	return add_event(t, EVENT_TARGET_STARTED, p->id, text);
}

static int tell_exited(struct tick *t, const struct target *m, bool is_zombie)
{
	char text[sizeof(((struct event *)0)->text)];

	snprintf(text, sizeof(text), "pid %u (" COMM_FMT ") exited%s", m->id.pid, COMM_ARG(m->comm),
		 is_zombie ? ", its parent has not collected it yet" : "");
	return add_event(t, EVENT_TARGET_EXITED, m->id, text);
}

/* A changed name alone may be an exec or prctl(PR_SET_NAME): nobody saw which. */
static int tell_exec(struct tick *t, const struct target *m, const struct proc_sample *p)
{
	char text[sizeof(((struct event *)0)->text)];
	bool renamed = memcmp(m->comm, p->comm, COMM_SIZE) != 0;

	if (!(p->flags & PROC_EXECED))
		snprintf(text, sizeof(text),
			 "pid %u is called " COMM_FMT " now, was " COMM_FMT
			 ": another program, or another name",
			 p->id.pid, COMM_ARG(p->comm), COMM_ARG(m->comm));
	else if (renamed)
		snprintf(text, sizeof(text), "pid %u executes " COMM_FMT " now, was " COMM_FMT,
			 p->id.pid, COMM_ARG(p->comm), COMM_ARG(m->comm));
	else
		snprintf(text, sizeof(text), "pid %u (" COMM_FMT ") executes a program anew",
			 p->id.pid, COMM_ARG(p->comm));
	return add_event(t, EVENT_TARGET_EXEC, p->id, text);
}

static int tell_reused(struct tick *t, const struct target *m, const struct proc_sample *p)
{
	char text[sizeof(((struct event *)0)->text)];

	snprintf(text, sizeof(text),
		 "pid %u is another process now (" COMM_FMT "), not the target (" COMM_FMT
		 "), which is gone",
		 p->id.pid, COMM_ARG(p->comm), COMM_ARG(m->comm));
	return add_event(t, EVENT_PID_REUSED, p->id, text);
}

/* --- choosing ----------------------------------------------------------------------------------*/

/* A main thread that ended shows as a zombie while its other threads run on. */
static bool is_over(const struct proc_sample *p)
{
	bool threads_known = p->known & (1u << PROC_THREADS);

	if (p->end.ended)
		return true;
	if (p->state != 'Z' && p->state != 'X')
		return false;
	return !threads_known || p->value[PROC_THREADS] <= 1;
}

static bool matches_comm(const struct target_spec *spec, const struct proc_sample *p)
{
	return spec->comm && !strncmp(spec->comm, p->comm, COMM_SIZE - 1);
}

static bool is_in_cgroup(const struct target_set *s, uint32_t pid)
{
	return s->cgroup.n && bsearch(&pid, s->cgroup.v, s->cgroup.n, sizeof(pid), compare_pids);
}

/* By what can become true later, too. */
static bool is_described(const struct target_set *s, const struct proc_sample *p)
{
	return p->id.pid != s->spec.self_pid &&
	       (matches_comm(&s->spec, p) || is_in_cgroup(s, p->id.pid));
}

static bool is_named(const struct target_set *s, uint32_t pid)
{
	if (s->bound)
		return false;
	for (size_t i = 0; i < s->spec.n_pids; i++)
		if (s->spec.pids[i] == pid)
			return true;
	return pid && pid == s->spec.command_pid;
}

static void add_to_filter(struct target_set *s, uint32_t pid)
{
	s->filter[pid % FILTER_BITS / 64] |= 1ull << (pid % 64);
}

static bool may_be_chosen(const struct target_set *s, uint32_t pid)
{
	return s->filter[pid % FILTER_BITS / 64] & (1ull << (pid % 64));
}

static int choose(struct target_set *s, struct proc_sample *p, uint32_t flag, bool keep)
{
	struct target m = {.id = p->id, .flags = flag, .alive = true, .seen = true, .keep = keep};

	memcpy(m.comm, p->comm, COMM_SIZE);
	if (vec_push(&s->members, m))
		return -ENOMEM;
	p->flags |= flag;
	add_to_filter(s, p->id.pid);
	return 0;
}

static int choose_targets(struct target_set *s, struct task_list *l, struct tick *t)
{
	for (size_t i = 0; i < l->n; i++) {
		struct proc_sample *p = &l->v[i];
		bool named = is_named(s, p->id.pid);

		if ((p->flags & CHOSEN) || is_over(p) || !(named || is_described(s, p)))
			continue;
		if (choose(s, p, PROC_TARGET, named))
			return -ENOMEM;
		if ((s->bound || p->id.pid == s->spec.command_pid) && tell_started(t, s, p))
			return -ENOMEM;
	}
	return 0;
}

/* The kernel never makes a process's parent younger than it: such a pair was read across a reuse.
 */
static bool has_chosen_parent(const struct task_list *l, const struct proc_sample *p)
{
	const struct proc_sample *parent = find_sample(l, p->ppid);

	return parent && (parent->flags & CHOSEN) && parent->id.start_ticks <= p->id.start_ticks;
}

static int follow_ppids(struct target_set *s, struct task_list *l, bool *changed)
{
	for (size_t i = 0; i < l->n; i++) {
		struct proc_sample *p = &l->v[i];

		if (!may_be_chosen(s, p->ppid) || (p->flags & (CHOSEN | PROC_KTHREAD)) ||
		    p->id.pid == s->spec.self_pid || is_over(p) || !has_chosen_parent(l, p))
			continue;
		if (choose(s, p, PROC_FOLLOWED, false))
			return -ENOMEM;
		*changed = true;
	}
	return 0;
}

static int follow_link(struct target_set *s, struct task_list *l, struct proc_id child)
{
	struct proc_sample *p = find_sample(l, child.pid);
	struct target unseen = {.id = child, .flags = PROC_FOLLOWED};

	if (!p || !proc_id_equal(p->id, child) || is_over(p))
		return vec_push(&s->members, unseen);
	return choose(s, p, PROC_FOLLOWED, false);
}

static int compare_links(const void *a, const void *b)
{
	return compare_ids(((const struct link *)a)->child, ((const struct link *)b)->child);
}

static void sort_unique_links(struct target_set *s)
{
	size_t n = 0;

	if (s->links.n)
		qsort(s->links.v, s->links.n, sizeof(*s->links.v), compare_links);
	for (size_t i = 0; i < s->links.n; i++)
		if (!n || compare_links(&s->links.v[n - 1], &s->links.v[i]))
			s->links.v[n++] = s->links.v[i];
	s->links.n = n;
}

static bool is_news(const struct target_set *s, const struct link *link)
{
	return is_member(s, link->parent) && !is_member(s, link->child) &&
	       link->child.pid != s->spec.self_pid;
}

static bool has_news(const struct target_set *s)
{
	vec_for_each(link, &s->links)
		if (is_news(s, link))
			return true;
	return false;
}

/* Most links are other people's, every time: they are not worth sorting. */
static int follow_links(struct target_set *s, struct task_list *l, bool *changed)
{
	if (!has_news(s))
		return 0;
	sort_unique_links(s); /* so that nobody is added twice before members are sorted again */
	vec_for_each(link, &s->links)
		if (is_news(s, link) && follow_link(s, l, link->child))
			return -ENOMEM;
	sort_members(s);
	*changed = true;
	return 0;
}

/* Until nothing changes: a child may have a lower pid than its parent, and links any order. */
static int follow(struct target_set *s, struct task_list *l)
{
	bool changed = true;

	while (changed && !s->spec.no_follow) {
		changed = false;
		if (follow_ppids(s, l, &changed))
			return -ENOMEM;
		sort_members(s);
		if (follow_links(s, l, &changed))
			return -ENOMEM;
	}
	s->links.n = 0;
	return 0;
}

/* --- what became of those chosen before --------------------------------------------------------*/

static int end_member(struct target *m, bool is_zombie, struct tick *t)
{
	if (!m->alive)
		return 0;
	m->alive = false;
	m->n_missed = 0;
	return m->flags & PROC_TARGET ? tell_exited(t, m, is_zombie) : 0;
}

static int meet_member(const struct target_set *s, struct target *m, struct proc_sample *p,
		       struct tick *t)
{
	bool changed = (p->flags & PROC_EXECED) || memcmp(m->comm, p->comm, COMM_SIZE);
	/* The child that waits to become COMMAND: that exec is its start, which was told. */
	bool waited = !strncmp(m->comm, SPAWN_COMM, COMM_SIZE);
	int err = 0;

	p->flags |= m->flags;
	if (is_over(p))
		return end_member(m, true, t);
	if ((m->flags & PROC_FOLLOWED) && is_described(s, p)) {
		m->flags = PROC_TARGET;
		p->flags = (p->flags & ~CHOSEN) | PROC_TARGET;
		err = tell_started(t, s, p);
	} else if (changed && m->seen && !waited && (m->flags & PROC_TARGET)) {
		err = tell_exec(t, m, p);
	}
	memcpy(m->comm, p->comm, COMM_SIZE);
	m->alive = m->seen = true;
	m->n_missed = 0;
	return err;
}

static int miss_member(struct target *m, const struct proc_sample *same_pid, struct tick *t)
{
	int err = end_member(m, false, t);

	m->n_missed++;
	if (err || !same_pid || !(m->flags & PROC_TARGET) ||
	    m->reused_by == same_pid->id.start_ticks)
		return err;
	m->reused_by = same_pid->id.start_ticks;
	return tell_reused(t, m, same_pid);
}

static int review_members(struct target_set *s, struct task_list *l, struct tick *t)
{
	size_t at = 0;

	memset(s->filter, 0, sizeof(s->filter));
	vec_for_each(m, &s->members) {
		struct proc_sample *p = NULL;
		int err;

		while (at < l->n && l->v[at].id.pid < m->id.pid)
			at++;
		if (at < l->n && l->v[at].id.pid == m->id.pid)
			p = &l->v[at];
		if (p && proc_id_equal(p->id, m->id)) {
			add_to_filter(s, m->id.pid);
			err = meet_member(s, m, p, t);
		} else {
			err = miss_member(m, p, t);
		}
		if (err)
			return err;
	}
	return 0;
}

static void forget_gone(struct target_set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->members.n; i++) {
		const struct target *m = &s->members.v[i];

		if (m->keep || m->n_missed <= MISSED_MAX)
			s->members.v[n++] = *m;
	}
	s->members.n = s->n_sorted = n;
}

static int update(struct target_set *s, struct task_list *l, struct tick *t)
{
	int err = review_members(s, l, t);

	if (!err)
		err = choose_targets(s, l, t);
	sort_members(s);
	if (!err)
		err = follow(s, l);
	sort_members(s);
	return err;
}

int target_set__update(struct target_set *s, struct task_list *list, struct tick *t)
{
	int err;

	for (size_t i = 0; i < list->n; i++)
		list->v[i].flags &= ~(uint32_t)CHOSEN;
	err = update(s, list, t);
	forget_gone(s);
	if (!err)
		s->bound = true;
	return err;
}

size_t target_set__alive(const struct target_set *s, uint32_t flags)
{
	size_t n = 0;

	vec_for_each(m, &s->members)
		n += m->alive && (m->flags & flags);
	return n;
}

int target_set__each(const struct target_set *s, int (*fn)(void *arg, const struct target *t),
		     void *arg)
{
	int err = 0;

	for (size_t i = 0; i < s->members.n && !err; i++)
		err = fn(arg, &s->members.v[i]);
	return err;
}
