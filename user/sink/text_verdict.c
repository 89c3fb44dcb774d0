/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verdicts: one line and one sentence for each series that grows, what was
 * found of containers, and how far it can be believed. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/when.h"
#include "sink/text_part.h"
#include "sink/text_table.h"

/* Of others than those watched; the rest is in JSON. */
#define GROWERS_MAX 12

static void say_rate(struct strbuf *b, double rate, bool is_count)
{
	char text[HUMAN_BYTES_SIZE];

	if (is_count)
		strbuf_addf(b, "%+.0f/h", rate);
	else if (rate > -9e18 && rate < 9e18)
		strbuf_addf(b, "%s/h", human_delta(text, (int64_t)rate));
	else
		strbuf_addf(b, "?");
}

/* Beyond what a 64 bit number of ns holds it is never. */
static void say_time(struct strbuf *b, double seconds)
{
	char text[HUMAN_DURATION_SIZE];

	if (seconds < 9e9)
		strbuf_addf(b, "%s",
			    human_duration(text, seconds > 0 ? (uint64_t)(seconds * 1e9) : 0));
	else
		strbuf_addf(b, "never");
}

static void say_exhaustion(struct strbuf *b, const struct report_verdict *v)
{
	char safe[4 * sizeof(v->exhausts_as)];

	if (!v->has_exhaustion || v->exhaustion_s >= 9e9)
		return;
	if (v->exhausts[0])
		strbuf_addf(b, "; limit of %s reached in ",
			    safe_text(safe, sizeof(safe), v->exhausts_as, sizeof(v->exhausts_as)));
	else
		strbuf_addf(b, "; memory used up in ");
	say_time(b, v->exhaustion_s);
	strbuf_addf(b, " (");
	say_time(b, v->exhaustion_low_s);
	strbuf_addf(b, " to ");
	say_time(b, v->exhaustion_high_s);
	strbuf_addf(b, ")");
}

/* "leak (linear), 92 % sure, +5.0 MiB/h (+4.8 MiB/h to +5.2 MiB/h): why" */
static void say_verdict(struct strbuf *b, const struct report_verdict *v)
{
	bool grows = v->is_leak || v->is_growing;

	strbuf_addf(b, "%s", v->kind);
	if (strcmp(v->kind, "insufficient"))
		strbuf_addf(b, " (%s), %s%u %% sure", v->shape,
			    v->confidence_permille > 990 ? "over " : "",
			    v->confidence_permille > 990 ? 99 : v->confidence_permille / 10);
	if (grows && !v->has_rate)
		strbuf_addf(b, ", rate unknown");
	if (grows && v->has_rate) {
		strbuf_addf(b, ", ");
		say_rate(b, v->rate, v->is_count);
		strbuf_addf(b, " (");
		say_rate(b, v->rate_low, v->is_count);
		strbuf_addf(b, " to ");
		say_rate(b, v->rate_high, v->is_count);
		strbuf_addf(b, ")");
	}
	say_exhaustion(b, v);
	strbuf_addf(b, ": %s", v->reason);
}

void text_verdict(const struct report_verdict *v, FILE *out, const char *lead)
{
	struct strbuf b = {0};

	if (!v->known)
		return;
	strbuf_addf(&b, "verdict on %s: ", v->words);
	say_verdict(&b, v);
	if (b.s)
		text_paragraph(out, lead, b.s);
	strbuf_free(&b);
}

static void text_grower(const struct report_grower *g, FILE *out)
{
	char comm[4 * COMM_SIZE], name[4 * sizeof(g->name)];
	bool is_container = g->runtime != NULL;
	const char *what = is_container ? g->container : g->name;
	struct strbuf b = {0};

	if (g->id.pid)
		strbuf_addf(&b, "%s (pid %u)", safe_text(comm, sizeof(comm), g->comm, COMM_SIZE),
			    g->id.pid);
	if (is_container)
		strbuf_addf(&b, "%s container ", g->runtime);
	else if (what[0])
		strbuf_addf(&b, "%s%s ", g->id.pid ? ", " : "", g->subject);
	strbuf_addf(&b, "%s", safe_text(name, sizeof(name), what, sizeof(g->name)));
	strbuf_addf(&b, ", %s: ", g->verdict.words);
	say_verdict(&b, &g->verdict);
	if (b.s)
		text_paragraph(out, g->verdict.is_leak ? "! " : "- ", b.s);
	strbuf_free(&b);
}

static void text_judged(const struct report_judged *n, FILE *out)
{
	char text[400];
	int len;

	len = snprintf(text, sizeof(text),
		       "%llu values were followed, %llu changed, %llu moved enough to be weighed: "
		       "%llu leaks, %llu suspected. Of series that nobody asked for %u in 1000 are "
		       "taken to leak, and leaks are told only while at most %u %% of them are "
		       "expected to be false",
		       (unsigned long long)n->values, (unsigned long long)n->series,
		       (unsigned long long)n->judged, (unsigned long long)n->leaks,
		       (unsigned long long)n->suspected, n->prior_permille, n->false_permille / 10);
	if (n->withheld && len > 0 && (size_t)len < sizeof(text))
		snprintf(text + len, sizeof(text) - (size_t)len,
			 " (%llu are told as suspected for that)", (unsigned long long)n->withheld);
	text_paragraph(out, "", text);
}

void text_verdicts(const struct report *r, FILE *out)
{
	size_t shown = 0, hidden = 0;

	if (!r->judged.known)
		return;
	text_section(out, "VERDICTS: WHAT LEAKS, AND WHAT MAY");
	vec_for_each(g, &r->growers) {
		/* parts, and promises of what was not asked for: JSON has them */
		if (g->is_part || (!g->watched && (!g->counts || shown >= GROWERS_MAX))) {
			hidden++;
			continue;
		}
		shown++;
		text_grower(g, out);
	}
	if (!shown)
		fputs(r->judged.judged
			      ? "nothing grows as a leak does\n"
			      : "nothing has moved enough, for long enough, to be weighed\n",
		      out);
	if (hidden)
		fprintf(out, "%zu more, of parts or of others: see --format json\n", hidden);
	text_judged(&r->judged, out);
}

/* --- containers --- */

static void get_use(char cell[static CELL_SIZE], const void *row)
{
	cell_span_end(cell, &((const struct report_container *)row)->use);
}

static void get_growth(char cell[static CELL_SIZE], const void *row)
{
	cell_span_delta(cell, &((const struct report_container *)row)->use);
}

static void get_limit(char cell[static CELL_SIZE], const void *row)
{
	const struct report_container *c = row;

	if (c->has_limit)
		cell_bytes(cell, false, c->limit);
	else
		snprintf(cell, CELL_SIZE, "none");
}

static void get_kind(char cell[static CELL_SIZE], const void *row)
{
	const struct report_verdict *v = &((const struct report_container *)row)->verdict;

	snprintf(cell, CELL_SIZE, "%s", v->known ? v->kind : "?");
}

static void get_name(char cell[static CELL_SIZE], const void *row)
{
	const struct report_container *c = row;

	if (c->name[0])
		safe_text(cell, CELL_SIZE, c->name, sizeof(c->name));
	else
		safe_text(cell, CELL_SIZE, c->path, strlen(c->path));
}

static const struct text_column container_columns[] = {
	{NULL, "IN USE", 7, ALIGN_RIGHT, get_use},
	{NULL, "CHANGE", 7, ALIGN_RIGHT, get_growth},
	{NULL, "LIMIT", 7, ALIGN_RIGHT, get_limit},
	{NULL, "VERDICT", 12, ALIGN_LEFT, get_kind},
	{NULL, "CONTAINER, SERVICE OR CGROUP WITH A LIMIT", 40, ALIGN_LEFT, get_name},
};

static const struct text_table container_table = {
	container_columns, sizeof(container_columns) / sizeof(container_columns[0]),
	sizeof(struct report_container), 0};

#define CONTAINERS_MAX 12

void text_containers(const struct report *r, FILE *out)
{
	size_t n = r->containers.n < CONTAINERS_MAX ? r->containers.n : CONTAINERS_MAX;

	if (!n)
		return;
	text_section(out, "CONTAINERS AND SERVICES, BY GROWTH");
	text_table__head(&container_table, out);
	text_table__rows(&container_table, out, r->containers.v, n);
	if (r->containers.n > n)
		fprintf(out, "%zu more: see --format json\n", r->containers.n - n);
	text_paragraph(out, "", "IN USE: charged, without the page cache of files.");
}
