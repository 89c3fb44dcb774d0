/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report for people: what matters first, tables of at most TEXT_WIDTH
 * columns, what it lacks last. "?" is not known, "~" approximate; neither is
 * ever printed as 0.
 */
#include "sink/sink.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "sink/text_part.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define EVENTS_MAX 20

/* Text of the run, or "?": empty is unknown. */
static void add_word(struct strbuf *b, const char *before, const char *word, size_t size)
{
	char safe[1100];

	strbuf_addf(b, "%s%s", before, *word ? safe_text(safe, sizeof(safe), word, size) : "?");
}

static void text_head(const struct report *r, FILE *out)
{
	const struct run_info *i = &r->info;
	char mem[HUMAN_BYTES_SIZE], start[UTC_TIME_SIZE], end[UTC_TIME_SIZE];
	char duration[HUMAN_DURATION_SIZE];
	struct strbuf b = {0};

	add_word(&b, "memtrace ", i->version, sizeof(i->version));
	add_word(&b, ": ", i->mode, sizeof(i->mode));
	if (*i->target)
		add_word(&b, " ", i->target, sizeof(i->target));
	add_word(&b, " on ", i->host, sizeof(i->host));
	add_word(&b, " (Linux ", i->kernel, sizeof(i->kernel));
	add_word(&b, " ", i->arch, sizeof(i->arch));
	strbuf_addf(&b, ", %s)", i->mem_total ? human_bytes(mem, i->mem_total) : "?");
	if (b.s)
		text_paragraph(out, "", b.s);
	strbuf_free(&b);
	/* Seconds are enough here: cut before the point. */
	fprintf(out, "%.19sZ to %.19sZ, %s, %llu sample%s, %u processes alive at the end\n",
		utc_time(start, r->start_ns), utc_time(end, r->end_ns),
		human_duration(duration, r->duration_ns), (unsigned long long)r->n_ticks,
		r->n_ticks == 1 ? "" : "s", r->n_procs);
}

static void text_findings(const struct report *r, FILE *out)
{
	if (r->analysis)
		return; /* the same, without what to do next */
	if (r->head.n)
		fputc('\n', out);
	vec_for_each(note, &r->head)
		text_paragraph(out, "* ", note->text);
}

/* --- the rest --- */

static void text_events(const struct report *r, FILE *out)
{
	size_t n = 0;

	if (!r->events.n)
		return;
	text_section(out, "EVENTS");
	vec_for_each(e, &r->events) {
		char time[UTC_TIME_SIZE], lead[UTC_TIME_SIZE + 2], text[sizeof(e->text) + 1];

		if (n++ >= EVENTS_MAX)
			break;
		snprintf(lead, sizeof(lead), "%s  ", utc_time(time, e->time_ns));
		snprintf(text, sizeof(text), "%.*s", (int)sizeof(e->text), e->text);
		text_paragraph(out, lead, text);
	}
	if (r->events.n > EVENTS_MAX)
		fprintf(out, "and %zu more: see --format json\n", r->events.n - EVENTS_MAX);
}

static void text_cost(const struct report *r, FILE *out)
{
	const struct self_sample *s = &r->self;
	char cpu[HUMAN_DURATION_SIZE], bpf[HUMAN_DURATION_SIZE], rss[HUMAN_BYTES_SIZE];
	char maps[HUMAN_BYTES_SIZE];
	struct strbuf b = {0};

	text_section(out, "COST OF MEMTRACE ITSELF");
	strbuf_addf(&b, "%s CPU", human_duration(cpu, s->cpu_ns));
	if (r->duration_ns)
		strbuf_addf(&b, " (%.2f %% of one core)",
			    100.0 * (double)s->cpu_ns / (double)r->duration_ns);
	strbuf_addf(&b, ", %s resident, %s of kernel memory in maps; BPF programs ran %llu times",
		    human_bytes(rss, s->rss_bytes), human_bytes(maps, s->map_bytes),
		    (unsigned long long)s->events);
	if (s->bpf_ns_known)
		strbuf_addf(&b, " for %s", human_duration(bpf, s->bpf_ns));
	else if (s->events)
		strbuf_addf(&b, ", for how long is not known (kernel.bpf_stats_enabled is off)");
	if (b.s)
		text_paragraph(out, "", b.s);
	strbuf_free(&b);
}

static void text_limits(const struct report *r, FILE *out)
{
	text_section(out, "LIMITS OF THESE NUMBERS");
	if (!r->limits.n)
		fputs("none known\n", out);
	for (size_t i = 0; i < r->limits.n; i++) {
		const struct limit *l = &r->limits.v[i];
		struct strbuf b = {0};

		strbuf_addf(&b, "%.*s", LIMIT_KIND_SIZE, l->kind);
		if (l->count)
			strbuf_addf(&b, ": %llu", (unsigned long long)l->count);
		strbuf_addf(&b, ": %.*s", LIMIT_MEANING_SIZE, l->meaning);
		if (b.s)
			text_paragraph(out, "- ", b.s);
		strbuf_free(&b);
	}
}

static int write_text(const struct report *r, FILE *out)
{
	static void (*const parts[])(const struct report *, FILE *) = {
		text_head,	  text_looks,	 text_findings,	     text_verdicts,
		text_alerts,	  text_analysis, text_analysis_kept, text_analysis_maps,
		text_processes,	  text_details,	 text_paths,	     text_containers,
		text_left_behind, text_removed,	 text_other_owners,  text_ledger,
		text_classes,	  text_events,	 text_cost,	     text_limits,
	};

	for (size_t i = 0; i < N_ELEMS(parts); i++)
		parts[i](r, out);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

const struct sink text_sink = {
	.name = "text",
	.help = "tables and findings in words, for a terminal",
	.write = write_text,
};
