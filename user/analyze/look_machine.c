/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to look at that is no process's own: hidden owners, and what nobody explains. */
#include <stdio.h>

#include "analyze/cause.h"
#include "analyze/look_find.h"
#include "analyze/report_math.h"
#include "base/str.h"
#include "base/when.h"

#define MIB (1ULL << 20)

/* A fall of available memory that is worth a word: so much, and one in so many bytes of all. */
#define UNNAMED_MIN (64 * MIB)
#define UNNAMED_SHARE 256
/* One in so many is pressing. */
#define UNNAMED_PRESSING 100

/* --- what no process's counters show --- */

/* Of memory that no meminfo line names so much, or so much more, deserves a look. */
#define HIDDEN_SHARE 200
#define HIDDEN_GROWN_MIN (8 * MIB)

static bool is_nobodys_line(enum ledger_line line)
{
	static const enum ledger_line lines[] = {
		LEDGER_PACKET_RINGS, LEDGER_IO_URING,	LEDGER_PERF_RINGS, LEDGER_BPF_RINGS,
		LEDGER_PIPES,	     LEDGER_PAGE_POOLS, LEDGER_SOCKETS,
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (lines[i] == line)
			return true;
	return false;
}

static void say_hidden(const struct looker *x, const struct report_hidden *row, uint64_t grown,
		       struct report_look *look)
{
	const struct hidden_kind_def *kind = &hidden_kinds[row->last.kind];
	char bytes[HUMAN_BYTES_SIZE], more[HUMAN_BYTES_SIZE], seen[HUMAN_DURATION_SIZE];
	const char *meaning = cause_meaning(kind->line);
	struct strbuf b = {0};
	char name[LOOK_NAME_SIZE];

	strbuf_addf(&b, "%s: %s", kind->title, human_bytes(bytes, row->end));
	if (row->last.id.pid)
		strbuf_addf(&b, " of %s", look_name(name, row->last.comm, row->last.id.pid));
	if (grown)
		strbuf_addf(&b, ", +%s in %s", human_bytes(more, grown),
			    human_duration(seen, x->r->duration_ns));
	if (meaning)
		strbuf_addf(&b, "; %s", meaning);
	snprintf(look->reason, sizeof(look->reason), "%s", b.s && !b.failed ? b.s : "");
	strbuf_free(&b);
	cause_say_command(kind->line, row->last.id.pid, &b);
	snprintf(look->next, sizeof(look->next), "%s", b.s && !b.failed ? b.s : "");
	strbuf_free(&b);
}

/* What explains most of what went, and most of the rest: 0 to 2 of them. */
static int find_causes(const struct looker *x, struct cause ret[static 2])
{
	const struct owner_sample *owners = x->h->owners.v;
	size_t n = x->h->owners.n;

	if (!cause_find(x->r, owners, n, &ret[0]))
		return 0;
	return 1 + cause_find_rest(x->r, owners, n, &ret[0], &ret[1]);
}

static void say_cause(const struct cause *c, struct report_look *look)
{
	static const char lead[] = "Next: ";
	struct strbuf b = {0};

	cause_say(c, &b);
	snprintf(look->reason, sizeof(look->reason), "%s", b.s && !b.failed ? b.s : "");
	b.len = 0;
	cause_say_next(c, &b);
	if (b.len > sizeof(lead) - 1 && !b.failed)
		snprintf(look->next, sizeof(look->next), "%s", b.s + sizeof(lead) - 1);
	strbuf_free(&b);
}

static bool is_notable(const struct looker *x, const struct report_hidden *row)
{
	uint64_t start = row->start_known ? row->start : 0;

	return is_nobodys_line(hidden_kinds[row->last.kind].line) &&
	       (row->end >= x->r->info.mem_total / HIDDEN_SHARE ||
		row->end >= start + HIDDEN_GROWN_MIN);
}

/* Who holds most of what went: in the words for that. */
static const struct cause *cause_of(const struct report_hidden *row, const struct cause *v, int n)
{
	for (int i = 0; i < n; i++)
		if (v[i].holder == row)
			return &v[i];
	return NULL;
}

void look_find_hidden(struct looker *x)
{
	uint64_t total = x->r->info.mem_total;
	struct cause causes[2];
	int n = find_causes(x, causes);

	vec_for_each(row, &x->r->hidden) {
		const struct cause *cause = cause_of(row, causes, n);
		uint64_t start = row->start_known ? row->start : 0;
		uint64_t grown = row->end > start ? row->end - start : 0;
		double seen_s = (double)x->r->duration_ns / 1e9;
		struct report_look look = {
			.kind = LOOK_HIDDEN, .id = row->last.id, .weight = row->end};

		if (!is_notable(x, row))
			continue;
		look.urgency = idle_urgency(row->end, total);
		if (grown >= HIDDEN_GROWN_MIN && seen_s > 0) {
			uint32_t u =
				growth_urgency((double)look_available(x) * seen_s / (double)grown);

			look.urgency = u > look.urgency ? u : look.urgency;
		}
		if (cause)
			say_cause(cause, &look);
		else
			say_hidden(x, row, grown, &look);
		look_add(x, &look);
	}
}

/* What has its own line already, or is our own cost. */
static bool is_told_of(const struct looker *x, struct proc_id id)
{
	const struct proc_history *p = history__find_proc(x->h, id);
	uint64_t grown, seen_ns;

	return id.pid == x->self || (p && !look_growth_of(x, p, &grown, &seen_ns));
}

/* In words, where the ledger tells: false where it is said elsewhere, or nobody's. */
static bool add_cause(struct looker *x, const struct cause *c, struct report_look look)
{
	if ((c->process && is_told_of(x, c->process->id)) || c->line == LEDGER_UNNAMED)
		return false;
	if (c->holder && is_notable(x, c->holder)) /* look_find_hidden() has said it */
		return true;
	say_cause(c, &look);
	look.urgency = look.weight >= x->r->info.mem_total / UNNAMED_PRESSING ? 700 : 450;
	look.urgency -= c->is_rest ? 10 : 0;
	look_add(x, &look);
	return true;
}

/* Memory that went, and that no living process grew by. */
void look_find_unnamed(struct looker *x)
{
	const struct span *s = &x->r->available;
	struct report_look look = {.kind = LOOK_UNNAMED};
	uint64_t lost = s->known && s->start > s->end ? s->start - s->end : 0, grown = 0, one, seen;
	char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];
	struct cause causes[2];
	int n = find_causes(x, causes);
	bool added = false;

	vec_for_each(p, &x->h->procs)
		if (!look_growth_of(x, *p, &one, &seen))
			grown = add_sat_u64(grown, one);
	if (lost < UNNAMED_MIN || lost < x->r->info.mem_total / UNNAMED_SHARE || grown > lost / 2)
		return;
	look.weight = lost;
	for (int i = 0; i < n; i++)
		added |= add_cause(x, &causes[i], look);
	if (added)
		return;
	look.urgency = 560;
	snprintf(look.reason, sizeof(look.reason),
		 "available memory fell by %s, of which growing processes explain %s: look at the "
		 "lines of the system memory below, and at what exited processes left",
		 human_bytes(a, lost), human_bytes(b, grown));
	snprintf(look.next, sizeof(look.next), "memtrace --monitor 60 30");
	look_add(x, &look);
}
