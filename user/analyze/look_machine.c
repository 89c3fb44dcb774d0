/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to look at that is no process's own: hidden owners, and what nobody explains. */
#include <stdio.h>

#include "analyze/cause.h"
#include "analyze/look_find.h"
#include "analyze/report_math.h"
#include "base/str.h"
#include "base/when.h"

#define MIB (1ULL << 20)

/* A fall of available memory that is worth a word. */
#define UNNAMED_MIN (128 * MIB)

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

void look_find_hidden(struct looker *x)
{
	uint64_t total = x->r->info.mem_total;

	vec_for_each(row, &x->r->hidden) {
		uint64_t start = row->start_known ? row->start : 0;
		uint64_t grown = row->end > start ? row->end - start : 0;
		double seen_s = (double)x->r->duration_ns / 1e9;
		struct report_look look = {
			.kind = LOOK_HIDDEN, .id = row->last.id, .weight = row->end};

		if (!is_nobodys_line(hidden_kinds[row->last.kind].line) ||
		    (row->end < total / HIDDEN_SHARE && grown < HIDDEN_GROWN_MIN))
			continue;
		look.urgency = idle_urgency(row->end, total);
		if (grown >= HIDDEN_GROWN_MIN && seen_s > 0) {
			uint32_t u =
				growth_urgency((double)look_available(x) * seen_s / (double)grown);

			look.urgency = u > look.urgency ? u : look.urgency;
		}
		say_hidden(x, row, grown, &look);
		look_add(x, &look);
	}
}

/* In words, where the ledger tells: false where it is a process's own, or nobody's. */
static bool add_cause(struct looker *x, const struct cause *c, struct report_look look)
{
	static const char lead[] = "Next: ";
	struct strbuf b = {0};

	if (c->process || c->line == LEDGER_UNNAMED)
		return false;
	cause_say(c, &b);
	snprintf(look.reason, sizeof(look.reason), "%s", b.s && !b.failed ? b.s : "");
	b.len = 0;
	cause_say_next(c, &b);
	if (b.len > sizeof(lead) - 1 && !b.failed)
		snprintf(look.next, sizeof(look.next), "%s", b.s + sizeof(lead) - 1);
	strbuf_free(&b);
	look.urgency = c->is_rest ? 690 : 700;
	look_add(x, &look);
	return true;
}

/* What explains most of it, and most of the rest. */
static bool add_causes(struct looker *x, const struct report_look *look)
{
	const struct owner_sample *owners = x->h->owners.v;
	size_t n = x->h->owners.n;
	struct cause first, rest;
	bool added;

	if (!cause_find(x->r, owners, n, &first))
		return false;
	added = add_cause(x, &first, *look);
	if (cause_find_rest(x->r, owners, n, &first, &rest))
		added |= add_cause(x, &rest, *look);
	return added;
}

/* Memory that went, and that no living process grew by. */
void look_find_unnamed(struct looker *x)
{
	const struct span *s = &x->r->available;
	struct report_look look = {.kind = LOOK_UNNAMED};
	uint64_t lost = s->known && s->start > s->end ? s->start - s->end : 0, grown = 0, one, seen;
	char a[HUMAN_BYTES_SIZE], b[HUMAN_BYTES_SIZE];

	vec_for_each(p, &x->h->procs)
		if (!look_growth_of(x, *p, &one, &seen))
			grown = add_sat_u64(grown, one);
	if (lost < UNNAMED_MIN || lost < x->r->info.mem_total / 100 || grown > lost / 2)
		return;
	look.weight = lost;
	if (add_causes(x, &look))
		return;
	look.urgency = 560;
	snprintf(look.reason, sizeof(look.reason),
		 "available memory fell by %s, of which growing processes explain %s: look at the "
		 "lines of the system memory below, and at what exited processes left",
		 human_bytes(a, lost), human_bytes(b, grown));
	snprintf(look.next, sizeof(look.next), "memtrace --monitor 60 30");
	look_add(x, &look);
}
