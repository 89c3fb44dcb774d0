/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "analyze/report_math.h"
#include "analyze/report_verdict.h"
#include "base/when.h"

#define SUBJECT_SIZE 128

static const char *subject_of(char dst[static SUBJECT_SIZE], const struct report_grower *g)
{
	if (g->runtime)
		snprintf(dst, SUBJECT_SIZE, "%s container %.80s", g->runtime, g->container);
	else if (g->name[0])
		snprintf(dst, SUBJECT_SIZE, "%s %.80s", g->subject, g->name);
	else
		snprintf(dst, SUBJECT_SIZE, "%.*s (pid %u)", COMM_SIZE - 1, g->comm, g->id.pid);
	return dst;
}

#define RATE_SIZE 32

/* "+5.0 MiB/h", "+720/h" */
static const char *rate_of(char dst[static RATE_SIZE], double rate, bool is_count)
{
	char bytes[HUMAN_BYTES_SIZE];

	if (is_count)
		snprintf(dst, RATE_SIZE, "%+.0f/h", rate);
	else
		snprintf(dst, RATE_SIZE, "%s/h", human_delta(bytes, to_int64(rate)));
	return dst;
}

static void say_exhaustion(struct strbuf *b, const struct report_verdict *v)
{
	char time[HUMAN_DURATION_SIZE];
	double ns = v->exhaustion_s * 1e9;

	/* beyond what anybody plans for */
	if (!v->has_exhaustion || v->exhaustion_s > 366 * 86400.0)
		return;
	human_duration(time, ns > 0 ? (uint64_t)ns : 0);
	if (v->exhausts[0])
		strbuf_addf(b, "; the limit of %s is reached in %s", v->exhausts_as, time);
	else
		strbuf_addf(b, "; memory runs out in %s", time);
}

static void say_grower(struct strbuf *b, const struct report_grower *g)
{
	char name[SUBJECT_SIZE], rate[RATE_SIZE], low[RATE_SIZE], high[RATE_SIZE];
	const struct report_verdict *v = &g->verdict;

	strbuf_addf(b, "%s: %s: %s", v->is_leak ? "LEAK" : "Suspected leak", subject_of(name, g),
		    v->words);
	if (v->has_rate)
		strbuf_addf(b, " %s (%s to %s)", rate_of(rate, v->rate, v->is_count),
			    rate_of(low, v->rate_low, v->is_count),
			    rate_of(high, v->rate_high, v->is_count));
	else
		strbuf_addf(b, " at an unknown rate");
	strbuf_addf(b, ", %s%u %% sure", v->confidence_permille > 990 ? "over " : "",
		    v->confidence_permille > 990 ? 99 : v->confidence_permille / 10);
	say_exhaustion(b, v);
}

static void say_others(struct strbuf *b, const struct report *r)
{
	size_t n = 0;

	for (size_t i = 1; i < r->growers.n; i++)
		n += r->growers.v[i].verdict.is_leak == r->growers.v[0].verdict.is_leak &&
		     r->growers.v[i].counts;
	if (n)
		strbuf_addf(b, "; %zu more below", n);
}

/* What can be said of the processes asked for when nothing grows like a leak. */
static void say_no_leak(struct strbuf *b, const struct report *r)
{
	const struct report_process *p = r->processes.n ? r->processes.v : NULL;
	char rate[HUMAN_BYTES_SIZE];

	if (!p || !is_target(p) || !p->verdict.known) {
		if (r->whole_machine)
			strbuf_addf(b,
				    "No leak: %llu of %llu values changed, %llu were judged, none "
				    "grows as a leak does",
				    (unsigned long long)r->judged.series,
				    (unsigned long long)r->judged.values,
				    (unsigned long long)r->judged.judged);
		return;
	}
	strbuf_addf(b, "%.*s (pid %u): ", COMM_SIZE - 1, p->comm, p->id.pid);
	if (!strcmp(p->verdict.kind, "insufficient")) {
		strbuf_addf(b, "leak or not: %s", p->verdict.reason);
		return;
	}
	strbuf_addf(b, "no leak found, it is %s", p->verdict.kind);
	if (p->verdict.has_detectable)
		strbuf_addf(b, "; one faster than %s/h would show by now",
			    human_bytes(rate, (uint64_t)num_clamp(p->verdict.detectable, 0, 9e18)));
}

bool report_verdict__has_finding(const struct report *r)
{
	const struct report_grower *first = r->growers.n ? r->growers.v : NULL;

	/* Of a run that watched some, what others do is no first line. */
	return first && first->counts && (r->whole_machine || first->watched);
}

void report_verdict__note(const struct report *r, struct strbuf *b)
{
	if (!r->judged.known)
		return;
	if (report_verdict__has_finding(r)) {
		say_grower(b, r->growers.v);
		say_others(b, r);
	} else {
		say_no_leak(b, r);
	}
}
