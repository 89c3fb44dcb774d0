/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The findings in words, most pressing first, for somebody who reads nothing
 * else: at most HEAD_FINDINGS_MAX of them, then what limits them, then what to
 * type next.
 */
#include "analyze/report_head.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "analyze/cause.h"
#include "analyze/report_math.h"
#include "analyze/report_verdict.h"
#include "base/str.h"
#include "base/when.h"

#define HEAD_FINDINGS_MAX 6

/* Less is the noise of a program that runs at all. */
#define NOISE_BYTES (64 << 10)
/* From here on somebody else's growth is worth a line of the first six. */
#define NOTABLE_BYTES (1 << 20)
/* A longer look than this needs no longer one. */
#define LONG_RUN_NS (5 * 60 * 1000000000ULL)
/* How far to look up the line of parents: more than any shell pipeline has, and
 * the end of a circle that a damaged file may form. */
#define ANCESTORS_MAX 64

struct head {
	const struct history *h;
	struct report *r;
	struct report_process watched; /* sum of the targets' growth and pages */
	size_t n_watched, n_ended;
	const struct report_process *most;  /* of the targets; NULL: none */
	const struct report_process *other; /* most grown of the rest, but for memtrace itself */
	uint32_t self;			    /* its pid; 0: not known */
	/* Of what the machine lost, other than the growth of who is watched, and of most of the
	 * rest of it. */
	bool has_cause, has_rest;
	struct cause cause, rest;
};

/* "comm (pid 12)"; bytes of comm as they are, the sinks make them safe. */
#define NAME_SIZE 40
static const char *name_of(char dst[static NAME_SIZE], const char comm[static COMM_SIZE],
			   struct proc_id id)
{
	snprintf(dst, NAME_SIZE, "%.*s (pid %u)", COMM_SIZE - 1, comm, id.pid);
	return dst;
}

static int add_note(struct report *r, const struct strbuf *text)
{
	struct report_note note;

	if (text->failed)
		return -ENOMEM;
	if (!text->len)
		return 0;
	snprintf(note.text, sizeof(note.text), "%s", text->s);
	return vec_push(&r->head, note);
}

/* --- who grew --- */

static void look_around(struct head *x)
{
	vec_for_each(p, &x->r->processes) {
		if (!is_target(p)) {
			if (!x->other && p->growth_known && p->growth_bytes > 0 &&
			    p->id.pid != x->self)
				x->other = p;
			continue;
		}
		x->n_watched++;
		x->watched.growth_known |= p->growth_known;
		x->watched.growth_approx |= p->growth_approx;
		x->watched.growth_bytes = add_sat(x->watched.growth_bytes, p->growth_bytes);
		x->n_ended += p->end.ended;
		/* What the ended left is told apart from what the living hold. */
		x->watched.attributed.known |= p->attributed.known && !p->end.ended;
		for (int i = 0; i < _PAGE_CLASS_MAX && !p->end.ended; i++)
			x->watched.attributed.live[i] =
				add_sat(x->watched.attributed.live[i], p->attributed.live[i]);
		if (!x->most || (!x->most->growth_known && p->growth_known) ||
		    p->growth_bytes > x->most->growth_bytes)
			x->most = p;
	}
}

/* A target whose own growth is the loss is told of already. */
static bool is_told(const struct cause *c)
{
	return c->process && is_target(c->process);
}

static void find_cause(struct head *x)
{
	const struct owner_sample *owners = x->h->owners.v;
	size_t n = x->h->owners.n;

	if (!cause_find(x->r, owners, n, &x->cause))
		return;
	x->has_cause = !is_told(&x->cause);
	x->has_rest = cause_find_rest(x->r, owners, n, &x->cause, &x->rest) && !is_told(&x->rest);
}

static void note_cause(struct head *x, struct strbuf *b)
{
	if (x->has_cause)
		cause_say(&x->cause, b);
}

static void note_rest(struct head *x, struct strbuf *b)
{
	if (x->has_rest)
		cause_say(&x->rest, b);
}

static void note_reclaimable(struct head *x, struct strbuf *b)
{
	struct cause c;

	if (!(x->has_cause && x->cause.line == LEDGER_SLAB_RECLAIMABLE) &&
	    !(x->has_rest && x->rest.line == LEDGER_SLAB_RECLAIMABLE) &&
	    cause_find_reclaimable(x->r, x->h->owners.v, x->h->owners.n, &c))
		cause_say(&c, b);
}

/* "+268 MiB in 20 s, 47.1 GiB/h": no rate from less than a second. */
static void say_growth(struct strbuf *b, const struct report_process *p)
{
	char bytes[HUMAN_BYTES_SIZE], rate[HUMAN_BYTES_SIZE], seen[HUMAN_DURATION_SIZE];

	strbuf_addf(b, "%s%s in %s", p->growth_approx ? "~" : "",
		    human_delta(bytes, p->growth_bytes), human_duration(seen, p->seen_ns));
	if (p->rate_known && magnitude(p->growth_bytes) >= NOISE_BYTES)
		strbuf_addf(b, ", %s%s/h", p->growth_approx ? "~" : "",
			    human_delta(rate, to_int64(p->rate_bytes_per_hour)));
}

/* ": anon +268 MiB, page tables +532 KiB" */
static void say_kinds(struct strbuf *b, const struct report_process *p)
{
	static const struct {
		enum proc_value value;
		const char *name;
	} kinds[] = {
		{PROC_ANON, "anon"},
		{PROC_SHMEM, "shmem"},
		{PROC_SWAP, "swap"},
		{PROC_FILE, "file"},
		{PROC_PAGE_TABLE, "page tables"},
	};
	const char *separator = ": ";

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct span *s = &p->value[kinds[i].value];
		char bytes[HUMAN_BYTES_SIZE];

		if (!s->known || magnitude(span_delta(*s)) < NOISE_BYTES)
			continue;
		strbuf_addf(b, "%s%s %s%s", separator, kinds[i].name, s->approx ? "~" : "",
			    human_delta(bytes, span_delta(*s)));
		separator = ", ";
	}
}

static void say_end(struct strbuf *b, const struct proc_end *end)
{
	if (!end->ended)
		return;
	if (!end->status_known)
		strbuf_addf(b, "; it has ended");
	else if (WIFSIGNALED(end->status))
		strbuf_addf(b, "; it was killed by signal %d", WTERMSIG(end->status));
	else
		strbuf_addf(b, "; it has exited with status %d", WEXITSTATUS(end->status));
}

static void note_growth(struct head *x, struct strbuf *b)
{
	const struct report_process *p = x->most;
	char name[NAME_SIZE], sum[HUMAN_BYTES_SIZE], time[HUMAN_DURATION_SIZE];

	if (!p) {
		if (*x->r->info.target)
			strbuf_addf(b, "None of the processes asked for was seen.");
		return;
	}
	name_of(name, p->comm, p->id);
	if (!x->watched.growth_known) {
		strbuf_addf(b, "Growth of %s is unknown: its memory could not be read", name);
		say_end(b, &p->end);
		return;
	}
	if (x->n_watched > 1)
		strbuf_addf(b, "%zu watched processes (%zu ended): %s%s in %s; ", x->n_watched,
			    x->n_ended, x->watched.growth_approx ? "~" : "",
			    human_delta(sum, x->watched.growth_bytes),
			    human_duration(time, x->r->duration_ns));
	if (magnitude(p->growth_bytes) < NOISE_BYTES)
		strbuf_addf(b, "%s hardly changed: ", name);
	else
		strbuf_addf(b, "%s %s ", name, p->growth_bytes > 0 ? "grew" : "shrank");
	say_growth(b, p);
	say_kinds(b, p);
	say_end(b, &p->end);
}

/* --- is it a leak --- */

static void note_leak(struct head *x, struct strbuf *b)
{
	if (report_verdict__has_finding(x->r))
		report_verdict__note(x->r, b);
}

/* Less pressing than what grew. */
static void note_no_leak(struct head *x, struct strbuf *b)
{
	if (!report_verdict__has_finding(x->r))
		report_verdict__note(x->r, b);
}

/* --- what is held --- */

static void note_held(struct head *x, struct strbuf *b)
{
	const struct attributed *a = &x->watched.attributed;
	char sum[HUMAN_BYTES_SIZE], text[_PAGE_CLASS_MAX][HUMAN_BYTES_SIZE];
	uint64_t total = 0, live[_PAGE_CLASS_MAX];

	if (!x->r->info.bpf) {
		strbuf_addf(b, "Pages were not attributed: page cache, kernel memory and what "
			       "exited processes left have no names here");
		return;
	}
	if (!a->known)
		return;
	for (int i = 0; i < _PAGE_CLASS_MAX; i++) {
		live[i] = a->live[i] > 0 ? (uint64_t)a->live[i] : 0;
		total = add_sat_u64(total, live[i]);
		human_bytes(text[i], live[i]);
	}
	strbuf_addf(b,
		    "Of the pages taken since the start %s still %s %s: %s user, %s page cache, "
		    "%s kernel",
		    x->n_watched - x->n_ended > 1 ? "they" : "it",
		    x->n_watched - x->n_ended > 1 ? "hold" : "holds", human_bytes(sum, total),
		    text[PAGES_USER], text[PAGES_FILE], text[PAGES_KERNEL]);
}

static void note_left(struct head *x, struct strbuf *b)
{
	const struct report_residue *most = x->r->left_behind.v;
	struct residue sum = {0};
	char text[4][HUMAN_BYTES_SIZE], name[NAME_SIZE];
	uint64_t held = 0, unsplit = 0;

	vec_for_each(l, &x->r->left_behind) {
		const struct residue *r = &l->owner.residue;

		held = add_sat_u64(held, l->held);
		sum.shmem = add_sat_u64(sum.shmem, r->known ? r->shmem : 0);
		sum.file = add_sat_u64(sum.file, r->known ? r->file : 0);
		sum.kernel = add_sat_u64(sum.kernel, r->known ? r->kernel : 0);
		unsplit = add_sat_u64(unsplit, r->known ? 0 : l->held);
	}
	if (held < NOISE_BYTES)
		return;
	strbuf_addf(b,
		    "Exited processes left %s%s behind: %s page cache, %s shmem and tmpfs, %s "
		    "kernel",
		    unsplit ? "~" : "", human_bytes(text[0], held), human_bytes(text[1], sum.file),
		    human_bytes(text[2], sum.shmem), human_bytes(text[3], sum.kernel));
	if (unsplit)
		strbuf_addf(b, ", %s not told apart", human_bytes(text[1], unsplit));
	if (most->owner.kind == OWNER_EXITED_GROUP)
		strbuf_addf(b, "; most by %u named %.*s", most->owner.members, COMM_SIZE - 1,
			    most->owner.comm);
	else
		strbuf_addf(b, "; most by %s", name_of(name, most->owner.comm, most->owner.id));
}

static void note_removed(struct head *x, struct strbuf *b)
{
	const struct report_removed *most = x->r->removed_cgroups.v;
	char text[3][HUMAN_BYTES_SIZE];
	uint64_t left = 0, shmem = 0;
	size_t n = x->r->removed_cgroups.n;

	vec_for_each(c, &x->r->removed_cgroups) {
		left = add_sat_u64(left, c->left);
		shmem = add_sat_u64(shmem, c->shmem);
	}
	if (left < NOTABLE_BYTES)
		return;
	strbuf_addf(
		b,
		"%zu removed cgroup%s left at most %s behind, %s of it shmem and tmpfs; most by "
		"%.100s: %s",
		n, n == 1 ? "" : "s", human_bytes(text[0], left), human_bytes(text[1], shmem),
		*most->name ? most->name : most->path, human_bytes(text[2], most->left));
}

/* --- inherited --- */

static bool descends_from(const struct history *h, const struct owner_sample *o,
			  struct proc_id ancestor)
{
	for (int i = 0; o && i < ANCESTORS_MAX; i++) {
		if (!o->parent.pid)
			return false;
		if (proc_id_equal(o->parent, ancestor))
			return true;
		o = history__find_owner(h, o->parent);
	}
	return false;
}

static void say_heirs(const struct history *h, struct proc_id dead, struct strbuf *b)
{
	char name[NAME_SIZE];
	size_t n = 0;

	vec_for_each(o, &h->owners) {
		if (o->kind != OWNER_PROCESS || o->dead || !descends_from(h, o, dead))
			continue;
		if (n++ < 3)
			strbuf_addf(b, "%s%s", n > 1 ? ", " : "", name_of(name, o->comm, o->id));
	}
	if (!n)
		strbuf_addf(b, "descendants that took no pages of their own");
	else if (n > 3)
		strbuf_addf(b, " and %zu more", n - 3);
}

static void note_inherited(struct head *x, struct strbuf *b)
{
	const struct owner_sample *most = NULL;
	char name[NAME_SIZE], bytes[HUMAN_BYTES_SIZE];
	size_t n = 0;

	vec_for_each(o, &x->h->owners) {
		if (o->kind != OWNER_PROCESS || !o->dead || !o->residue.known ||
		    o->residue.inherited < NOISE_BYTES)
			continue;
		n++;
		if (!most || o->residue.inherited > most->residue.inherited)
			most = o;
	}
	if (!most)
		return;
	strbuf_addf(b, "%s has exited, %s of its memory lives on (inherited, not left behind) in ",
		    name_of(name, most->comm, most->id),
		    human_bytes(bytes, most->residue.inherited));
	say_heirs(x->h, most->id, b);
	if (n > 1)
		strbuf_addf(b, "; %zu other exited processes left heirs as well", n - 1);
}

/* --- elsewhere --- */

static void note_other(struct head *x, struct strbuf *b)
{
	const struct report_process *p = x->other;
	char name[NAME_SIZE];

	if (!p || p->growth_bytes < NOTABLE_BYTES ||
	    (x->most && p->growth_bytes <= x->watched.growth_bytes))
		return;
	strbuf_addf(b, "%s%s: ", name_of(name, p->comm, p->id),
		    x->r->whole_machine ? " grew most" : ", which is not watched, grew more");
	say_growth(b, p);
}

/* --- limits and the next step --- */

static void note_limits(struct head *x, struct strbuf *b)
{
	size_t n = x->r->limits.n;

	if (!n) {
		strbuf_addf(b, "Nothing is known to be missing from these numbers");
		return;
	}
	strbuf_addf(b, "%zu known limit%s these numbers (see the end): ", n,
		    n == 1 ? " applies to" : "s apply to");
	for (size_t i = 0; i < n && i < 3; i++)
		strbuf_addf(b, "%s%.*s", i ? ", " : "", LIMIT_KIND_SIZE, x->r->limits.v[i].kind);
	if (n > 3)
		strbuf_addf(b, " and %zu more", n - 3);
}

static const struct report_residue *tmpfs_left(const struct report *r)
{
	vec_for_each(l, &r->left_behind)
		if (l->owner.residue.known && l->owner.residue.shmem >= NOTABLE_BYTES)
			return l;
	return NULL;
}

static bool lives(const struct report_process *p)
{
	return p && !p->end.ended;
}

/* "memtrace --pid 12 --duration 10m": the command that we started is stopped
 * with the run, it is started again. */
static void say_again(struct head *x, const char *duration, bool grew, struct strbuf *b)
{
	const struct run_info *info = &x->r->info;

	if (!strcmp(info->mode, "command"))
		strbuf_addf(b, "Next: memtrace --duration %s -- %.120s", duration, info->target);
	else
		strbuf_addf(b, "Next: memtrace --pid %u --duration %s", x->most->id.pid, duration);
	strbuf_addf(b,
		    grew ? " (does it go on?)" : " (nothing notable in this window: look longer)");
}

static void note_next(struct head *x, struct strbuf *b)
{
	const struct report_process *p = x->most;
	bool grew = p && p->growth_bytes >= NOTABLE_BYTES;
	bool long_run = x->r->duration_ns >= LONG_RUN_NS;

	if (x->has_cause && !grew)
		cause_say_next(&x->cause, b);
	if (x->has_rest && !grew && !b->len)
		cause_say_next(&x->rest, b);
	if (b->len)
		return;
	if (lives(x->other) && x->other->growth_bytes >= NOTABLE_BYTES && !grew)
		strbuf_addf(b, "Next: memtrace --pid %u --duration 10m (what grew, watched)",
			    x->other->id.pid);
	else if (lives(p) && grew && !long_run)
		say_again(x, "10m", grew, b);
	else if (lives(p) && grew && strcmp(x->r->info.mode, "command"))
		strbuf_addf(b, "Next: pmap -x %u | sort -nk3 | tail (which mappings hold it)",
			    p->id.pid);
	else if (tmpfs_left(x->r))
		strbuf_addf(b, "Next: df -h -t tmpfs; ipcs -m (files and segments stay until they "
			       "are removed)");
	else if (!x->r->info.bpf)
		strbuf_addf(b, "Next: memtrace --doctor (why pages were not attributed)");
	else if (lives(p))
		say_again(x, "1h", grew, b);
}

int report_head__add(const struct history *h, struct report *r)
{
	static void (*const findings[])(struct head *, struct strbuf *) = {
		note_leak, note_growth, note_no_leak, note_cause,     note_rest,  note_reclaimable,
		note_held, note_left,	note_removed, note_inherited, note_other,
	};
	static void (*const closing[])(struct head *, struct strbuf *) = {note_limits, note_next};
	struct head x = {.h = h, .r = r, .self = facts__own_pid(&h->facts)};
	struct strbuf b = {0};
	int err = 0;

	look_around(&x);
	find_cause(&x);
	for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]) && !err; i++) {
		b.len = 0;
		if (r->head.n < HEAD_FINDINGS_MAX)
			findings[i](&x, &b);
		err = add_note(r, &b);
	}
	for (size_t i = 0; i < sizeof(closing) / sizeof(closing[0]) && !err; i++) {
		b.len = 0;
		closing[i](&x, &b);
		err = add_note(r, &b);
	}
	strbuf_free(&b);
	return err;
}
