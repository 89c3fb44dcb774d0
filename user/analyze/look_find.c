/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to look at, a function a kind; the table is at the end. */
#include "analyze/look_find.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyze/report_math.h"
#include "base/str.h"
#include "base/when.h"
#include "model/moment.h"

#define NS_PER_S 1000000000ULL
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_HOUR (3600.0 * 1e9)
#define MIB (1ULL << 20)

/* Less growth than this is not worth anybody's night. */
#define GROWTH_MIN MIB
/* A zombie that was there for less may just be about to be reaped. */
#define ZOMBIE_MIN_NS (1 * NS_PER_S)
/* What exited processes left. */
#define LEFT_MIN (32 * MIB)
#define SHM_MIN MIB

const char *look_name(char dst[static LOOK_NAME_SIZE], const char comm[static COMM_SIZE],
		      uint32_t pid)
{
	snprintf(dst, LOOK_NAME_SIZE, "%.*s (pid %u)", COMM_SIZE - 1, *comm ? comm : "?", pid);
	return dst;
}

uint64_t look_available(const struct looker *x)
{
	return x->r->available.known ? x->r->available.end : 0;
}

/* --- who grows --- */

int look_growth_of(const struct looker *x, const struct proc_history *p, uint64_t *ret,
		   uint64_t *ret_seen_ns)
{
	uint64_t before, now, peak = p->peak[PROC_ANON];
	uint64_t seen = x->h->end_mono_ns > p->first_ns ? x->h->end_mono_ns - p->first_ns : 0;

	if (p->last.end.ended || p->last.state == 'Z' || p->last.flags & PROC_KTHREAD ||
	    p->last.id.pid == x->self || proc_growing_bytes(&p->first, &before) ||
	    proc_growing_bytes(&p->last, &now) || now < before || now - before < GROWTH_MIN)
		return -ENOENT;
	/* What started a moment ago takes what it needs to run. */
	if (seen < NS_PER_S || (seen < x->r->duration_ns / 2 && seen < NS_PER_MIN))
		return -ENOENT;
	/* Half of what it took has been given back: it breathes. */
	if (p->last.known & 1u << PROC_ANON && peak > p->first.value[PROC_ANON] &&
	    p->last.value[PROC_ANON] <
		    p->first.value[PROC_ANON] + (peak - p->first.value[PROC_ANON]) / 2)
		return -ENOENT;
	*ret = now - before;
	*ret_seen_ns = seen;
	return 0;
}

/* "anon +100 MiB, shmem +2.0 MiB" */
static void say_kinds(char *dst, size_t size, const struct proc_history *p)
{
	static const struct {
		enum proc_value value;
		const char *name;
	} kinds[] = {{PROC_ANON, "anon"}, {PROC_SHMEM, "shmem"}, {PROC_SWAP, "swap"}};
	size_t len = 0;

	*dst = '\0';
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int64_t delta =
			(int64_t)(p->last.value[kinds[i].value] - p->first.value[kinds[i].value]);
		char bytes[HUMAN_BYTES_SIZE];

		if (!(p->ever_known & 1u << kinds[i].value) || magnitude(delta) < GROWTH_MIN / 4 ||
		    len >= size)
			continue;
		len += (size_t)snprintf(dst + len, size - len, "%s%s %s", len ? ", " : "",
					kinds[i].name, human_delta(bytes, delta));
	}
}

static void add_growth(struct looker *x, const struct proc_history *p, uint64_t grown,
		       uint64_t seen_ns)
{
	double per_s = (double)grown * 1e9 / (double)seen_ns;
	double left_s = look_available(x) ? (double)look_available(x) / per_s : 0;
	struct report_look look = {.kind = LOOK_GROWTH, .id = p->last.id, .weight = grown};
	char name[LOOK_NAME_SIZE], bytes[HUMAN_BYTES_SIZE], rate[HUMAN_BYTES_SIZE], kinds[80];
	char hour[HUMAN_BYTES_SIZE], seen[HUMAN_DURATION_SIZE], left[HUMAN_DURATION_SIZE];
	int n;

	look.urgency = growth_urgency(left_s);
	say_kinds(kinds, sizeof(kinds), p);
	n = snprintf(look.reason, sizeof(look.reason), "%s grew by %s in %s: %s/min, %s/h (%s)",
		     look_name(name, p->last.comm, p->last.id.pid), human_bytes(bytes, grown),
		     human_duration(seen, seen_ns),
		     human_bytes(rate, (uint64_t)to_int64(per_s * 60)),
		     human_bytes(hour, (uint64_t)to_int64(per_s * 3600)), *kinds ? kinds : "rss");
	if (left_s > 0 && left_s < 30 * 86400.0)
		snprintf(look.reason + n, sizeof(look.reason) - (size_t)n,
			 "; at this rate what is available lasts %s",
			 human_duration(left, (uint64_t)(left_s * 1e9)));
	snprintf(look.next, sizeof(look.next), "memtrace --pid %u --duration 10m", p->last.id.pid);
	look_add(x, &look);
}

static void find_growth(struct looker *x)
{
	uint64_t grown, seen_ns;

	vec_for_each(p, &x->h->procs)
		if (!look_growth_of(x, *p, &grown, &seen_ns))
			add_growth(x, *p, grown, seen_ns);
}

/* --- open files --- */

static void say_groups(const struct looker *x, const struct report_files *f, char *dst, size_t size)
{
	const struct analysis *a = &x->r->analysis->now;
	size_t len = 0;

	*dst = '\0';
	for (size_t i = 0; i < f->n_groups && i < 2 && len < size; i++) {
		const struct fd_group *g = &a->fd_groups.v[f->first_group + i];
		uint64_t n = g->fresh_known ? g->fresh : g->count;

		if (!n)
			break;
		len += (size_t)snprintf(dst + len, size - len, "%s%llu of %.90s", len ? ", " : "",
					(unsigned long long)n, g->what);
	}
}

static void add_files(struct looker *x, const struct report_files *f, uint64_t used)
{
	struct report_look look = {.kind = LOOK_FDS, .id = f->now.id, .weight = used};
	int64_t grown = f->grows ? span_delta(f->fds) : 0;
	double per_hour =
		f->seen_ns >= NS_PER_S ? (double)grown * NS_PER_HOUR / (double)f->seen_ns : 0;
	char name[LOOK_NAME_SIZE], groups[220], seen[HUMAN_DURATION_SIZE], limit[64] = "";
	bool limited = f->now.limit_known && f->now.limit != UINT64_MAX;
	int n = 0;

	look.urgency = fds_urgency(used, limited ? f->now.limit : 0, per_hour);
	if (!look.urgency)
		return;
	if (limited)
		snprintf(limit, sizeof(limit), ", limit %llu", (unsigned long long)f->now.limit);
	n = snprintf(look.reason, sizeof(look.reason), "%s has %llu files open%s",
		     look_name(name, f->now.comm, f->now.id.pid), (unsigned long long)used, limit);
	if (grown)
		n += snprintf(look.reason + n, sizeof(look.reason) - (size_t)n,
			      ", %lld more than %s ago", (long long)grown,
			      human_duration(seen, f->seen_ns));
	say_groups(x, f, groups, sizeof(groups));
	if (*groups)
		snprintf(look.reason + n, sizeof(look.reason) - (size_t)n, ": %.200s", groups);
	snprintf(look.next, sizeof(look.next), "ls -l /proc/%u/fd | tail -20", f->now.id.pid);
	look_add(x, &look);
}

static void find_files(struct looker *x)
{
	vec_for_each(f, &x->r->analysis->files) {
		uint64_t used = 0;

		for (int i = 0; i < _FD_KIND_MAX; i++)
			used = add_sat_u64(used, f->now.count[i]);
		add_files(x, f, used);
	}
}

/* --- memory that nobody uses --- */

static void find_segments(struct looker *x)
{
	struct report_look look = {.kind = LOOK_SEGMENTS};
	const struct report_segment *most = NULL;
	uint64_t n = 0, size = 0, held = 0;
	char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE], c[HUMAN_BYTES_SIZE], who[LOOK_NAME_SIZE];

	vec_for_each(s, &x->r->analysis->segments) {
		if (!s->is_orphan)
			continue;
		most = most ? most : s; /* by size */
		n++;
		size = add_sat_u64(size, s->s.size);
		held = add_sat_u64(held, add_sat_u64(s->s.rss, s->s.swap));
	}
	if (!most)
		return;
	look.urgency = idle_urgency(held, x->r->info.mem_total);
	look.weight = held;
	if (most->creator == CREATOR_ALIVE)
		look_name(who, most->comm, most->s.creator);
	else
		snprintf(who, sizeof(who), "pid %u%s", most->s.creator,
			 most->creator == CREATOR_GONE ? ", which is gone" : "");
	snprintf(look.reason, sizeof(look.reason),
		 "%llu System V segment%s nobody is attached to, %s (%s of it in memory or swap)%s "
		 "id "
		 "%u, %s, of uid %u, made by %s",
		 (unsigned long long)n, n == 1 ? "" : "s", human_bytes(a, size),
		 human_bytes(b, held), n == 1 ? ":" : "; largest:", most->s.id,
		 human_bytes(c, most->s.size), most->s.uid, who);
	snprintf(look.next, sizeof(look.next), "ipcs -m -i %u; once nobody needs it: ipcrm -m %u",
		 most->s.id, most->s.id);
	look_add(x, &look);
}

static void find_shm(struct looker *x)
{
	const struct analysis_note *note = analysis__note(&x->r->analysis->now, PART_SHM);
	struct report_look look = {.kind = LOOK_SHM};
	const struct report_shm *most = NULL;
	char unseen[64] = "";
	uint64_t n = 0, held = 0;
	char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];

	vec_for_each(s, &x->r->analysis->shm) {
		if (!s->is_unheld)
			continue;
		most = most ? most : s;
		n++;
		held = add_sat_u64(held, s->file.allocated);
	}
	if (!most || held < SHM_MIN)
		return;
	look.urgency = idle_urgency(held, x->r->info.mem_total) - 30;
	look.weight = held;
	if (note && note->n_skipped)
		snprintf(unseen, sizeof(unseen), " (%llu could not be looked at)",
			 (unsigned long long)note->n_skipped);
	snprintf(
		look.reason, sizeof(look.reason),
		"%llu file%s in /dev/shm that nobody has open or mapped%s, %s; largest: %.160s, %s",
		(unsigned long long)n, n == 1 ? "" : "s", unseen, human_bytes(a, held),
		most->file.name, human_bytes(b, most->file.allocated));
	snprintf(look.next, sizeof(look.next), "ls -lS /dev/shm | head");
	look_add(x, &look);
}

static void find_tmpfs(struct looker *x)
{
	vec_for_each(t, &x->r->analysis->tmpfs) {
		const struct tmpfs_mount *m = &t->mount;
		struct report_look look = {.kind = LOOK_TMPFS, .weight = m->used};
		uint64_t grown =
			t->before_known && m->used > t->used_before ? m->used - t->used_before : 0;
		char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE], c[HUMAN_BYTES_SIZE];
		int n;

		if (!m->use_known || m->used < 16 * MIB)
			continue;
		if (m->size && m->used / 9 * 10 >= m->size)
			look.urgency = 660;
		else if (grown >= 16 * MIB)
			look.urgency = 510;
		n = snprintf(look.reason, sizeof(look.reason), "the tmpfs at %.160s holds %s",
			     m->path, human_bytes(a, m->used));
		if (m->size)
			n += snprintf(look.reason + n, sizeof(look.reason) - (size_t)n, " of %s",
				      human_bytes(b, m->size));
		if (grown)
			snprintf(look.reason + n, sizeof(look.reason) - (size_t)n,
				 ", %s more than at the start", human_bytes(c, grown));
		snprintf(look.next, sizeof(look.next), "df -h -t tmpfs");
		look_add(x, &look);
	}
}

static void find_left(struct looker *x)
{
	struct report_look look = {.kind = LOOK_LEFT_BEHIND};
	const struct report_residue *most = NULL;
	uint64_t stays = 0;
	char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE], name[LOOK_NAME_SIZE];

	vec_for_each(l, &x->r->left_behind) {
		const struct residue *residue = &l->owner.residue;
		uint64_t bytes = add_sat_u64(residue->shmem, residue->kernel);

		if (!residue->known) /* page cache may be most of it */
			continue;
		if (!most ||
		    bytes > add_sat_u64(most->owner.residue.shmem, most->owner.residue.kernel))
			most = l;
		stays = add_sat_u64(stays, bytes);
	}
	if (!most || stays < LEFT_MIN)
		return;
	look.urgency = idle_urgency(stays, x->r->info.mem_total) + 20;
	look.weight = stays;
	snprintf(
		look.reason, sizeof(look.reason),
		"processes that have exited since the start left %s of shared and kernel memory; "
		"most by %s: %s",
		human_bytes(a, stays), look_name(name, most->owner.comm, most->owner.id.pid),
		human_bytes(b, add_sat_u64(most->owner.residue.shmem, most->owner.residue.kernel)));
	snprintf(look.next, sizeof(look.next), "df -h -t tmpfs; ipcs -m; grep ^S /proc/meminfo");
	look_add(x, &look);
}

/* --- zombies --- */

static const struct zombie *oldest_of(const struct analysis *a, uint32_t ppid)
{
	vec_for_each(z, &a->zombies) /* by age */
		if (z->ppid == ppid)
			return z;
	return NULL;
}

static const char *const sigchld_words[_SIGCHLD_MAX] = {
	[SIGCHLD_UNKNOWN] = "",
	[SIGCHLD_DEFAULT] = ", has no handler for SIGCHLD",
	[SIGCHLD_HANDLED] = ", handles SIGCHLD",
	[SIGCHLD_IGNORED] = ", ignores SIGCHLD",
	[SIGCHLD_BLOCKED] = ", blocks SIGCHLD",
};

/* As alerts have it: one that was a zombie at the sample before, too. When first seen so is a
 * sample's time, the last one's for one that is new; when it ended may be any. */
static bool is_lasting(const struct report *r, const struct zombie *z)
{
	uint64_t age = r->end_ns > z->since_ns ? r->end_ns - z->since_ns : 0;

	return z->since_exact ? age >= r->info.interval_ns : age > 0;
}

static void find_zombies(struct looker *x)
{
	const struct analysis *a = &x->r->analysis->now;

	vec_for_each(p, &a->parents) {
		const struct zombie *z = oldest_of(a, p->id.pid);
		struct report_look look = {
			.kind = LOOK_ZOMBIES, .id = p->id, .weight = p->n_zombies};
		uint64_t age = z && x->r->end_ns > z->since_ns ? x->r->end_ns - z->since_ns : 0;
		char parent[LOOK_NAME_SIZE], name[LOOK_NAME_SIZE], time[HUMAN_DURATION_SIZE];
		char doing[64] = "";

		if (!z || !is_lasting(x->r, z) ||
		    (age < ZOMBIE_MIN_NS && age * 2 < x->r->duration_ns))
			continue;
		look.urgency = zombies_urgency(p->n_zombies);
		if (*p->syscall || *p->wchan)
			snprintf(doing, sizeof(doing), ", waits in %.40s",
				 *p->syscall ? p->syscall : p->wchan);
		snprintf(look.reason, sizeof(look.reason),
			 "%s does not reap its children: %u zombie%s, %s %s, for %s%s; the parent "
			 "is "
			 "in state %c%s%s",
			 look_name(parent, p->comm, p->id.pid), p->n_zombies,
			 p->n_zombies == 1 ? "" : "s", p->n_zombies == 1 ? "which is" : "oldest",
			 look_name(name, z->comm, z->id.pid), z->since_exact ? "" : "at least ",
			 human_duration(time, age), p->state ? p->state : '?', doing,
			 (unsigned int)p->sigchld < _SIGCHLD_MAX ? sigchld_words[p->sigchld] : "");
		snprintf(look.next, sizeof(look.next),
			 "ps -o pid,stat,etime,args --ppid %u; only its parent can reap it",
			 p->id.pid);
		look_add(x, &look);
	}
}

/* --- the machine --- */

/* Which alert is which sort of finding; the others are found from the numbers themselves. */
static const struct {
	enum alert_kind alert;
	enum look_kind look;
	uint32_t urgency;
	const char *next;
} alert_looks[] = {
	{ALERT_OOM_KILL, LOOK_OOM_KILL, 900, "dmesg -T | grep -i 'out of memory'"},
	{ALERT_MEMORY, LOOK_MEMORY, 840, "memtrace --monitor 60 10"},
	{ALERT_FDS, LOOK_FD_TABLE, 820, "cat /proc/sys/fs/file-nr"},
	{ALERT_PSI, LOOK_PRESSURE, 720, "cat /proc/pressure/memory; vmstat 1 5"},
	{ALERT_CGROUP, LOOK_CGROUP, 700, "memtrace --monitor 60 10 (its docker log)"},
	{ALERT_COMMIT, LOOK_MEMORY, 640, "grep Commit /proc/meminfo"},
	{ALERT_SWAP, LOOK_MEMORY, 360, "vmstat 1 5 (does si or so move?)"},
};

/* Told, and not over by the end. */
static bool is_in_force(const struct looker *x, const struct alert *a)
{
	for (const struct alert *later = a + 1; later < x->r->alerts.v + x->r->alerts.n; later++)
		if (later->kind == a->kind && proc_id_equal(later->id, a->id) &&
		    !strcmp(later->subject, a->subject))
			return false; /* told again, or over */
	return !alert_is_over(a);
}

static void find_alerts(struct looker *x)
{
	vec_for_each(a, &x->r->alerts) {
		if (!is_in_force(x, a))
			continue;
		for (size_t i = 0; i < sizeof(alert_looks) / sizeof(alert_looks[0]); i++) {
			struct report_look look = {.kind = alert_looks[i].look,
						   .urgency = alert_looks[i].urgency,
						   .weight = a->value};

			if (alert_looks[i].alert != a->kind)
				continue;
			look.urgency += alert_severity(a) == ALERT_CRITICAL ? 80 : 0;
			snprintf(look.reason, sizeof(look.reason), "%.250s", a->message);
			snprintf(look.next, sizeof(look.next), "%s", alert_looks[i].next);
			look_add(x, &look);
		}
	}
}

void look_find_all(struct looker *x)
{
	static void (*const finders[])(struct looker *) = {
		find_alerts, find_growth, find_files,	find_segments,	  find_shm,
		find_tmpfs,  find_left,	  find_zombies, look_find_hidden, look_find_unnamed,
	};

	for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++)
		finders[i](x);
}
