/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/boot_summary.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"

#define NAME_SIZE 256

/* An hour is not told from less than a minute. */
#define RATE_MIN_NS (60 * 1000000000ull)

static char *rate_text(char dst[static HUMAN_BYTES_SIZE], const struct phase_growth *p)
{
	if (p->ns >= RATE_MIN_NS)
		return human_delta(dst, (int64_t)((double)p->bytes * 3600e9 / (double)p->ns));
	snprintf(dst, HUMAN_BYTES_SIZE, "?");
	return dst;
}

static char *grower_name(char dst[static NAME_SIZE], const struct grower *g)
{
	char safe[NAME_SIZE - 64];

	const char *own = g->own ? ", this tool itself" : "";

	safe_text(safe, sizeof(safe), g->name, sizeof(g->name));
	if (g->kind == GROWER_PROCESS)
		snprintf(dst, NAME_SIZE, "%s (pid %u)%s%s", safe, g->id.pid,
			 g->alive ? "" : ", which has ended", own);
	else
		snprintf(dst, NAME_SIZE, "%s%s", safe, own);
	return dst;
}

static const struct grower *line_of(const struct boot_growth *g, const char *name)
{
	vec_for_each(it, &g->v)
		if (it->kind == GROWER_LINE && !strcmp(it->name, name))
			return it;
	return NULL;
}

/* --- the head: what a reader needs who reads nothing else --- */

/* Two leaks, each by its process and by its service or container, and one more. */
#define STEADY_SHOWN 5

static void add_idle_head(struct strbuf *b, const struct boot_summary *s)
{
	const struct grower *used = line_of(s->growth, "used");
	const struct phase_growth *idle = used ? &used->phase[PHASE_IDLE] : NULL;
	char bytes[HUMAN_BYTES_SIZE], rate[HUMAN_BYTES_SIZE], time[HUMAN_DURATION_SIZE];

	if (!idle || !idle->n) {
		strbuf_addf(b, "* Without doing anything: not seen, the machine was never idle%s\n",
			    s->growth->n_intervals[PHASE_UNKNOWN] ? ", as far as could be told"
								  : " after the warm-up");
		return;
	}
	strbuf_addf(b, "* Without doing anything: %s in %s of idle time, %s an hour\n",
		    human_delta(bytes, idle->bytes), human_duration(time, idle->ns),
		    rate_text(rate, idle));
}

static void add_steady(struct strbuf *b, const struct boot_summary *s)
{
	char rate[HUMAN_BYTES_SIZE], name[NAME_SIZE];
	size_t shown = 0;

	for (size_t i = 0; i < s->n_steady && shown < STEADY_SHOWN; i++, shown++) {
		const struct grower *g = &s->growth->v.v[s->steady[i]];
		const struct phase_growth *p = &g->phase[PHASE_IDLE];

		strbuf_addf(b,
			    "* Grows while nothing is done: %s %s, %s an hour, in %u of %u idle "
			    "intervals\n",
			    grower_kind_names[g->kind], grower_name(name, g), rate_text(rate, p),
			    p->n_grew, p->n);
	}
	if (!s->n_steady && s->growth->n_intervals[PHASE_IDLE])
		strbuf_addf(b, "* Nothing grew steadily while the machine was idle\n");
}

static void add_names(struct strbuf *b, const char *what, const char *const *names, size_t n)
{
	char name[NAME_SIZE];

	for (size_t i = 0; i < n && i < BOOT_NAMES_MAX; i++)
		strbuf_addf(b, "; %s %s", what,
			    safe_text(name, sizeof(name), names[i], strlen(names[i])));
	if (n > BOOT_NAMES_MAX)
		strbuf_addf(b, " and %zu more", n - BOOT_NAMES_MAX);
}

/* The number, without the fingerprint behind it. */
static void add_packages(struct strbuf *b, const char *before, const char *after)
{
	char was[NAME_SIZE], now[NAME_SIZE];

	safe_text(was, sizeof(was), before, strcspn(before, ","));
	safe_text(now, sizeof(now), after, strcspn(after, ","));
	if (strcmp(was, now))
		strbuf_addf(b, "; packages %s -> %s", was, now);
	else
		strbuf_addf(b, "; packages changed (%s)", now);
}

static void add_differences(struct strbuf *b, const struct boot_summary *s)
{
	const struct boot_comparison *c = s->comparison;
	char was[NAME_SIZE], now[NAME_SIZE], a[HUMAN_BYTES_SIZE], z[HUMAN_BYTES_SIZE];

	if (*c->kernel)
		strbuf_addf(b, "; kernel %s -> %s",
			    safe_text(was, sizeof(was), c->kernel, sizeof(c->kernel)),
			    safe_text(now, sizeof(now), s->now->kernel, sizeof(s->now->kernel)));
	if (*c->packages)
		add_packages(b, c->packages, s->now->packages);
	if (c->mem_total)
		strbuf_addf(b, "; memory %s -> %s", human_bytes(a, c->mem_total),
			    human_bytes(z, s->now->mem_total));
	add_names(b, "new unit", c->new_units, c->n_new);
	add_names(b, "unit gone", c->gone_units, c->n_gone);
}

static void add_boots_head(struct strbuf *b, const struct boot_summary *s)
{
	const struct boot_comparison *c = s->comparison;
	const struct boot_mark *end = c->marks.n ? &c->marks.v[c->marks.n - 1] : NULL;
	char delta[HUMAN_BYTES_SIZE], time[HUMAN_DURATION_SIZE];

	if (!c->n_boots) {
		strbuf_addf(b, "* No earlier boot to compare with\n");
		return;
	}
	if (end)
		strbuf_addf(b, "* %s at %s after boot against the last %u boot%s",
			    human_delta(delta, (int64_t)(end->now - end->median)),
			    human_duration(time, end->uptime_ns), end->n, end->n == 1 ? "" : "s");
	else
		strbuf_addf(b,
			    "* Not comparable with the last %u boot%s: none was followed at the "
			    "same time after boot",
			    c->n_boots, c->n_boots == 1 ? "" : "s");
	add_differences(b, s);
	strbuf_addf(b, "\n");
}

static void add_head(struct strbuf *b, const struct boot_summary *s)
{
	char from[HUMAN_DURATION_SIZE], to[HUMAN_DURATION_SIZE], a[HUMAN_BYTES_SIZE];
	char z[HUMAN_BYTES_SIZE], d[HUMAN_BYTES_SIZE];

	strbuf_addf(b, "\n%s\n", BOOT_SUMMARY_TITLE);
	strbuf_addf(b, "Watched from %s to %s after boot; ended %s.\n",
		    human_duration(from, s->start_uptime_ns), human_duration(to, s->end_uptime_ns),
		    s->interrupted ? "early, by a signal (shutdown, or stopped)" : "by itself");
	if (s->used_known)
		strbuf_addf(b, "Used before attach %s, at the end %s: %s.\n",
			    human_bytes(a, s->used_first), human_bytes(z, s->used_last),
			    human_delta(d, (int64_t)(s->used_last - s->used_first)));
	else
		strbuf_addf(b, "Memory in use: ?\n");
	add_idle_head(b, s);
	add_steady(b, s);
	add_boots_head(b, s);
}

/* --- tables --- */

static void add_phases(struct strbuf *b, const struct boot_summary *s)
{
	static const char *const shown[] = {"used",	   "AnonPages",	   "Shmem",
					    "SUnreclaim",  "SReclaimable", "PageTables",
					    "KernelStack", "VmallocUsed",  "Percpu"};
	char bytes[HUMAN_BYTES_SIZE], time[HUMAN_DURATION_SIZE];

	strbuf_addf(b,
		    "\nGROWTH BY WHAT THE MACHINE DID (change, and change an hour; ? for less than "
		    "a minute)\n%-14s",
		    "");
	for (int p = 0; p < _PHASE_MAX; p++)
		if (s->growth->n_intervals[p] || p < PHASE_UNKNOWN)
			strbuf_addf(b, " %22s", boot_phase_names[p]);
	strbuf_addf(b, "\n%-14s", "time");
	for (int p = 0; p < _PHASE_MAX; p++)
		if (s->growth->n_intervals[p] || p < PHASE_UNKNOWN)
			strbuf_addf(b, " %22s", human_duration(time, s->growth->phase_ns[p]));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct grower *g = line_of(s->growth, shown[i]);

		if (!g)
			continue;
		strbuf_addf(b, "\n%-14s", shown[i]);
		for (int p = 0; p < _PHASE_MAX; p++) {
			if (!s->growth->n_intervals[p] && p >= PHASE_UNKNOWN)
				continue;
			if (g->phase[p].n)
				strbuf_addf(b, " %11s", human_delta(bytes, g->phase[p].bytes));
			else
				strbuf_addf(b, " %11s", "-");
			/* What starts takes what it needs: its rate means nothing. */
			if (g->phase[p].n && p != PHASE_WARM_UP)
				strbuf_addf(b, " %10s", rate_text(bytes, &g->phase[p]));
			else
				strbuf_addf(b, " %10s",
					    p == PHASE_WARM_UP && g->phase[p].n ? "no leak" : "-");
		}
	}
	strbuf_addf(b, "\n%u idle window%s, the longest %s. Intervals that were not idle, by why:",
		    s->growth->n_windows, s->growth->n_windows == 1 ? "" : "s",
		    human_duration(time, s->growth->longest_ns));
	for (int part = 0; part < _ACTIVITY_PART_MAX; part++)
		strbuf_addf(b, "%s %s %u", part ? "," : "", activity_part_names[part],
			    s->growth->busy[part]);
	strbuf_addf(b,
		    ".\nWarm-up is the first %s after boot: what starts then is taken, not "
		    "leaked. Of a process it is its first minute.\n",
		    human_duration(time, s->warm_up_ns));
}

static void add_growers(struct strbuf *b, const struct boot_summary *s, const char *title,
			enum boot_phase phase, const struct boot_rank *rank)
{
	char bytes[HUMAN_BYTES_SIZE], rate[HUMAN_BYTES_SIZE], name[NAME_SIZE];

	if (!s->growth->n_intervals[phase])
		return;
	strbuf_addf(b, "\n%s\n    GROWTH    AN HOUR   INTERVALS\n", title);
	for (size_t i = 0; i < rank->n; i++) {
		const struct grower *g = &s->growth->v.v[rank->v[i]];
		const struct phase_growth *p = &g->phase[phase];

		strbuf_addf(b, "%10s %10s %5u of %-5u %s %s\n", human_delta(bytes, p->bytes),
			    rate_text(rate, p), p->n_grew, p->n, grower_kind_names[g->kind],
			    grower_name(name, g));
	}
	if (!rank->n)
		strbuf_addf(b, "  nobody\n");
}

static void add_counts(struct strbuf *b, const char *title,
		       const uint32_t n[static _CRITICAL_KIND_MAX])
{
	uint32_t sum = 0;

	strbuf_addf(b, "%s", title);
	for (int k = 0; k < _CRITICAL_KIND_MAX; k++) {
		sum += n[k];
		if (n[k])
			strbuf_addf(b, " %s %u", critical_kind_names[k], n[k]);
	}
	strbuf_addf(b, "%s\n", sum ? " (see the system log)" : " no warning");
}

static void add_intervals(struct strbuf *b, const struct boot_summary *s)
{
	char from[UTC_TIME_SIZE], to[UTC_TIME_SIZE], bytes[HUMAN_BYTES_SIZE];
	char text[sizeof(s->growth->top[0].event.text) * 4];

	strbuf_addf(b, "\nINTERVALS IN WHICH MEMORY IN USE GREW MOST\n");
	for (size_t i = 0; i < s->growth->n_top; i++) {
		const struct growth_interval *g = &s->growth->top[i];

		strbuf_addf(b, "%.19s to %.8s %10s %s", utc_time(from, g->start_ns),
			    utc_time(to, g->end_ns) + 11, human_delta(bytes, g->used),
			    boot_phase_names[g->phase]);
		for (int part = 0; part < _ACTIVITY_PART_MAX; part++)
			if (g->busy & 1u << part)
				strbuf_addf(b, " %s", activity_part_names[part]);
		if (g->id.pid)
			strbuf_addf(b, "; most by %s (pid %u), %s",
				    safe_text(text, sizeof(text), g->comm, COMM_SIZE), g->id.pid,
				    human_delta(bytes, g->comm_bytes));
		if (g->n_events)
			strbuf_addf(b, "; logged (%u): %s: %s", g->n_events,
				    critical_kind_names[g->event.kind],
				    safe_text(text, sizeof(text), g->event.text,
					      sizeof(g->event.text)));
		strbuf_addf(b, "\n");
	}
	if (!s->growth->n_top)
		strbuf_addf(b, "  none\n");
	add_counts(b, "Logged meanwhile:", s->growth->n_critical);
	add_counts(b, "Logged in this boot before:", s->growth->n_critical_before);
}

static void add_marks(struct strbuf *b, const struct boot_summary *s)
{
	const struct boot_comparison *c = s->comparison;
	char t[HUMAN_DURATION_SIZE], v[5][HUMAN_BYTES_SIZE];

	if (!c->marks.n)
		return;
	strbuf_addf(b, "\nMEMORY IN USE AT THE SAME TIME AFTER BOOT\n"
		       "      AFTER   THIS BOOT     EARLIER: MEDIAN, LEAST, MOST         CHANGE "
		       "BOOTS\n");
	vec_for_each(m, &c->marks)
		strbuf_addf(b, "%11s %11s %11s %11s %11s %11s %5u\n",
			    human_duration(t, m->uptime_ns), human_bytes(v[0], m->now),
			    human_bytes(v[1], m->median), human_bytes(v[2], m->min),
			    human_bytes(v[3], m->max),
			    human_delta(v[4], (int64_t)(m->now - m->median)), m->n);
}

void boot_summary_text(struct strbuf *b, const struct boot_summary *s)
{
	add_head(b, s);
	add_phases(b, s);
	add_growers(b, s, "GREW WHILE THE MACHINE WAS IDLE", PHASE_IDLE, &s->idle);
	add_growers(b, s, "GREW UNDER LOAD", PHASE_LOAD, &s->load);
	add_intervals(b, s);
	add_marks(b, s);
	if (s->growth->n_dropped)
		strbuf_addf(b,
			    "%llu processes that ended and had grown by less than 1 MiB are left "
			    "out\n",
			    (unsigned long long)s->growth->n_dropped);
	strbuf_addf(b, "\n");
}
