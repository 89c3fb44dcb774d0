/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/report_ledger.h"

#include <stdio.h>
#include <string.h>

#include "analyze/ledger.h"
#include "analyze/report_math.h"
#include "model/machine.h"

/* Holders of less, who did not move either, are not listed; nor more of one kind than so many. */
#define HELD_MIN (1 << 20)
#define MOVED_MIN (64 << 10)
#define ROWS_OF_KIND_MAX 32

struct ends {
	struct ledger_input in_start, in_end;
	struct ledger start, end;
};

/* --- holders at both looks --- */

static bool same_holder(const struct hidden_sample *a, const struct hidden_sample *b)
{
	return a->kind == b->kind && proc_id_equal(a->id, b->id) &&
	       !strncmp(a->name, b->name, sizeof(a->name));
}

static const struct hidden_sample *find_holder(const struct hidden_list *l,
					       const struct hidden_sample *wanted)
{
	vec_for_each(s, l)
		if (same_holder(s, wanted))
			return s;
	return NULL;
}

static bool is_worth(const struct report_hidden *row)
{
	return row->start >= HELD_MIN || row->end >= HELD_MIN ||
	       magnitude((int64_t)(row->end - row->start)) >= MOVED_MIN ||
	       row->last.kind == HIDDEN_DYING_CGROUP || row->last.kind == HIDDEN_BPF_LEFT;
}

/* Either may be NULL: not there at that look. */
static int add_row(struct report *r, const struct hidden_sample *first,
		   const struct hidden_sample *last)
{
	const struct hidden_sample none = {0}, *from = first ? first : &none;
	const struct hidden_sample *to = last ? last : &none;
	struct report_hidden row = {
		.last = last ? *last : *from,
		.start_known = true,
		.start = from->bytes,
		.end = to->bytes,
		.start_count = from->count,
		.end_count = to->count,
	};

	return is_worth(&row) ? vec_push(&r->hidden, row) : 0;
}

static int64_t grown(const struct report_hidden *row)
{
	return (int64_t)(row->end - row->start);
}

static int compare_rows(const void *a, const void *b)
{
	const struct report_hidden *x = a, *y = b;
	enum ledger_line line_x = hidden_kinds[x->last.kind].line;
	enum ledger_line line_y = hidden_kinds[y->last.kind].line;

	if (line_x != line_y)
		return line_x < line_y ? -1 : 1;
	if (x->last.kind != y->last.kind)
		return x->last.kind < y->last.kind ? -1 : 1;
	if (grown(x) != grown(y))
		return grown(x) < grown(y) ? 1 : -1;
	if (x->end != y->end)
		return x->end < y->end ? 1 : -1;
	if (x->last.id.pid != y->last.id.pid)
		return x->last.id.pid < y->last.id.pid ? -1 : 1;
	return strncmp(x->last.name, y->last.name, sizeof(x->last.name));
}

/* The most grown and the largest of each kind stay. */
static void cut_rows(struct report *r)
{
	size_t kept = 0, of_kind = 0;

	for (size_t i = 0; i < r->hidden.n; i++) {
		bool is_next = kept && r->hidden.v[kept - 1].last.kind == r->hidden.v[i].last.kind;

		of_kind = is_next ? of_kind + 1 : 0;
		if (of_kind < ROWS_OF_KIND_MAX)
			r->hidden.v[kept++] = r->hidden.v[i];
	}
	r->hidden.n = kept;
}

static int add_hidden(const struct history *h, struct report *r)
{
	int err = 0;

	vec_for_each(last, &h->hidden_last)
		if (!err)
			err = add_row(r, find_holder(&h->hidden_first, last), last);
	vec_for_each(first, &h->hidden_first)
		if (!err && !find_holder(&h->hidden_last, first))
			err = add_row(r, first, NULL);
	return err;
}

/* --- what only its growth is known of --- */

/* Small packets lie in slab, large ones in pages of their own: what sockets grew by and slab did
 * not is pages, and so is what they shrank by. */
static void claim_growth(uint64_t from, uint64_t to, const struct ledger *start, struct ledger *end)
{
	uint64_t slab_from = start->line[LEDGER_SLAB_UNRECLAIMABLE];
	uint64_t slab_to = end->line[LEDGER_SLAB_UNRECLAIMABLE];
	uint64_t in_slab = slab_to > slab_from ? slab_to - slab_from : 0;

	if (to > from && to - from > in_slab)
		ledger_claim(start, end, LEDGER_SOCKETS, to - from - in_slab);
}

static void claim_sockets(const struct history *h, struct ends *x)
{
	uint64_t from = hidden_sum(h->hidden_first.v, h->hidden_first.n, HIDDEN_SOCKET);
	uint64_t to = hidden_sum(h->hidden_last.v, h->hidden_last.n, HIDDEN_SOCKET);

	claim_growth(from, to, &x->start, &x->end);
	claim_growth(to, from, &x->end, &x->start);
}

/* Pages of this process that are in lines of their own. */
static uint64_t named_of(const struct history *h, struct proc_id id)
{
	const struct proc_history *p = history__find_proc(h, id);
	uint64_t sum = 0;

	vec_for_each(s, &h->hidden_last)
		if (id.pid && proc_id_equal(s->id, id) &&
		    (s->kind == HIDDEN_PACKET_RING || s->kind == HIDDEN_IO_URING ||
		     s->kind == HIDDEN_PERF_RING || s->kind == HIDDEN_BPF_RING ||
		     s->kind == HIDDEN_PIPE))
			sum = add_sat_u64(sum, s->bytes);
	if (p && p->ever_known & 1u << PROC_PAGE_TABLE &&
	    p->last.value[PROC_PAGE_TABLE] > p->first.value[PROC_PAGE_TABLE])
		sum = add_sat_u64(sum,
				  p->last.value[PROC_PAGE_TABLE] - p->first.value[PROC_PAGE_TABLE]);
	return sum;
}

/* Growth of kernel lines that is not divided by process. */
static uint64_t common_growth(const struct ends *x)
{
	static const enum ledger_line by_process[] = {LEDGER_BPF_RINGS, LEDGER_PACKET_RINGS,
						      LEDGER_IO_URING,	LEDGER_PERF_RINGS,
						      LEDGER_PIPES,	LEDGER_PAGE_TABLES};
	struct ledger start = x->start, end = x->end;

	for (size_t i = 0; i < sizeof(by_process) / sizeof(by_process[0]); i++)
		start.line[by_process[i]] = end.line[by_process[i]] = 0;
	return ledger_named_growth(&start, &end);
}

static struct report_hidden owned_pages(const struct owner_sample *o, uint64_t bytes)
{
	struct report_hidden row = {.end = bytes};

	row.last.kind = HIDDEN_KERNEL_PAGES;
	row.last.certainty = HIDDEN_ESTIMATE;
	row.last.id = o->id;
	row.last.is_left = o->dead;
	row.last.bytes = bytes;
	memcpy(row.last.comm, o->comm, sizeof(row.last.comm));
	if (o->kind == OWNER_ASYNC)
		snprintf(row.last.name, sizeof(row.last.name), "interrupts");
	else if (o->kind == OWNER_OVERFLOW)
		snprintf(row.last.name, sizeof(row.last.name), "several: the owner table was full");
	return row;
}

static int compare_claims(const void *a, const void *b)
{
	const struct report_hidden *x = a, *y = b;

	return (x->end < y->end) - (x->end > y->end);
}

/*
 * The owner table has the kernel pages each owner took since the start and
 * still holds, slab and all. What an owner has beyond what the named kernel
 * lines grew by in all cannot be theirs: it is of the rest.
 */
static int claim_owned(const struct history *h, struct ends *x, struct report *r)
{
	uint64_t common = common_growth(x);
	size_t n_before = r->hidden.n, n_kept;

	vec_for_each(o, &h->owners) {
		int64_t live = o->live[PAGES_KERNEL];
		uint64_t named = add_sat_u64(common, named_of(h, o->id));

		if (live <= 0 || (uint64_t)live < add_sat_u64(named, HELD_MIN))
			continue;
		if (vec_push(&r->hidden, owned_pages(o, (uint64_t)live - named)))
			return -ENOMEM;
	}
	n_kept = n_before;
	if (r->hidden.n > n_before)
		qsort(r->hidden.v + n_before, r->hidden.n - n_before, sizeof(*r->hidden.v),
		      compare_claims);
	for (size_t i = n_before; i < r->hidden.n; i++) {
		struct report_hidden row = r->hidden.v[i];

		row.end = row.last.bytes =
			ledger_claim(&x->start, &x->end, LEDGER_KERNEL_PAGES, row.end);
		if (row.end)
			r->hidden.v[n_kept++] = row;
	}
	r->hidden.n = n_kept;
	return 0;
}

/* --- the lines --- */

static int add_lines(const struct ends *x, struct report *r)
{
	for (int i = 0; i < _LEDGER_LINE_MAX; i++) {
		struct report_ledger_line line = {
			.line = (enum ledger_line)i,
			.start = x->start.line[i],
			.end = x->end.line[i],
		};
		bool known = (x->start.known | x->end.known) & 1ull << i;

		if (known && vec_push(&r->ledger, line))
			return -ENOMEM;
	}
	return 0;
}

/* MemTotal itself changes when memory is plugged in, or a balloon takes it off. */
static void fill_total(const struct ends *x, struct report *r)
{
	struct ledger_total t;

	ledger_total(&x->in_start, &x->start, &x->in_end, &x->end, &t);
	r->total = (struct report_total){
		.ledger_known = true,
		.mem_total = x->end.total,
		.free = t.free,
		.unexplained = t.unnamed,
		.locked = t.locked,
		.taken = t.taken,
		.explained_known = t.permille_known,
		.explained_permille = t.explained_permille,
		.overlap = x->end.overlap,
	};
}

static int add_unclassified(const struct history *h, struct report *r)
{
	char names[LIMIT_MEANING_SIZE - 120] = "";
	size_t len = 0;

	vec_for_each(line, &h->meminfo_last) {
		if (meminfo_is_classified(line->name))
			continue;
		if (vec_push(&r->unclassified, *line))
			return -ENOMEM;
		if (len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
						len ? ", " : "", line->name);
	}
	if (!r->unclassified.n)
		return 0;
	return limits__set(&r->limits, "meminfo_unclassified", r->unclassified.n,
			   "lines of /proc/meminfo that are newer than memtrace, in no sum: %s",
			   names);
}

static int add_limits(const struct history *h, const struct ends *x, struct report *r)
{
	int err = add_unclassified(h, r);

	if (!err && x->end.overlap)
		err = limits__set(&r->limits, "ledger_overlap", x->end.overlap,
				  "bytes that two of the kernel's counters had at once, taken off "
				  "per-CPU data first: so much is in a wrong line at most");
	if (!err && !h->n_hidden_reads)
		err = limits__set(&r->limits, "hidden_owners_unknown", 0,
				  "rings, pipes, sockets and the like were not looked up: what "
				  "they hold is in the line that no counter names");
	else if (!err && h->hidden_last_ns < h->end_ns)
		err = limits__set(
			&r->limits, "hidden_owners_old",
			(h->end_ns - h->hidden_last_ns) / 1000000000,
			"seconds between the last look at rings, pipes, sockets and the "
			"like and the end: the run was cut short, or rights were missing");
	return err;
}

static void fill_spans(const struct history *h, struct report *r)
{
	const char *negative = MACHINE_NEGATIVE_DENTRIES;
	uint64_t from, to;

	if (!meminfo_find(h->machine_first.v, h->machine_first.n, negative, &from) &&
	    !meminfo_find(h->machine_last.v, h->machine_last.n, negative, &to))
		r->negative_dentries = (struct span){true, false, from, to};

	if (!meminfo_find(h->meminfo_first.v, h->meminfo_first.n, "MemAvailable", &from) &&
	    !meminfo_find(h->meminfo_last.v, h->meminfo_last.n, "MemAvailable", &to))
		r->available = (struct span){true, false, from, to};
}

/* What the dead left, by time of death. */
static void note_ends(const struct history *h, struct report *r)
{
	vec_for_each(row, &r->hidden) {
		const struct proc_history *p =
			row->last.is_left ? history__find_proc(h, row->last.id) : NULL;

		if (p && p->last.end.ended)
			row->ended_ns = p->last.end.time_ns;
	}
}

int report_ledger__add(const struct history *h, struct report *r)
{
	struct ends x = {
		.in_start = {h->meminfo_first.v, h->meminfo_first.n, h->machine_first.v,
			     h->machine_first.n, h->hidden_first.v, h->hidden_first.n},
		.in_end = {h->meminfo_last.v, h->meminfo_last.n, h->machine_last.v,
			   h->machine_last.n, h->hidden_last.v, h->hidden_last.n},
	};
	int err = 0;

	fill_spans(h, r);
	r->n_hidden_reads = h->n_hidden_reads;
	r->hidden_ns = h->hidden_last_ns;
	if (ledger_make(&x.in_start, &x.start) || ledger_make(&x.in_end, &x.end))
		return 0; /* a file without MemTotal: no ledger */
	claim_sockets(h, &x);
	err = claim_owned(h, &x, r);
	if (!err)
		err = add_hidden(h, r);
	if (!err && r->hidden.n)
		qsort(r->hidden.v, r->hidden.n, sizeof(*r->hidden.v), compare_rows);
	cut_rows(r);
	note_ends(h, r);
	if (!err)
		err = add_lines(&x, r);
	fill_total(&x, r);
	return err ? err : add_limits(h, &x, r);
}
