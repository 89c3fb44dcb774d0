/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kernel and services said, beside what memory did meanwhile; and the
 * alerts, beside what was said.
 */
#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "sink/log_part.h"

static void system_head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "system events");
	strbuf_addf(b,
		    "# warnings, errors and critical events of the kernel's log and the journal\n"
		    "# USED: change of memory in use in the interval that the event fell into\n"
		    "# TIME                   event     KIND       PRIO       USED SOURCE: TEXT\n"
		    "# TIME                   phase     PHASE BUSY\n"
		    "# TIME                   skipped   EVENTS\n");
}

static bool used_change(const struct moment *m, int64_t *ret)
{
	if (!m->boot->has_used_before || !m->boot->has_used)
		return false;
	*ret = (int64_t)(m->boot->used - m->boot->used_before);
	return true;
}

static void add_event(struct strbuf *b, const struct moment *m, const struct log_event *e)
{
	char time[UTC_TIME_SIZE], source[256];
	int64_t change = 0;
	bool known = used_change(m, &change);

	strbuf_addf(b, "%s %-9s %-10s %4u", utc_time(time, e->time_ns), "event",
		    critical_kind_names[e->kind], e->priority);
	log_change_kb(b, known, 0, (uint64_t)change);
	strbuf_addf(b, " %s:", safe_text(source, sizeof(source), e->source, sizeof(e->source)));
	log_name(b, e->text, sizeof(e->text));
	strbuf_addf(b, "\n");
}

void log_phase(struct strbuf *b, const struct moment *m)
{
	log_start(b, m, "phase");
	strbuf_addf(b, " %s", boot_phase_names[m->boot->phase]);
	for (int part = 0; part < _ACTIVITY_PART_MAX; part++)
		if (m->boot->busy & 1u << part)
			strbuf_addf(b, " %s", activity_part_names[part]);
	strbuf_addf(b, "\n");
}

static void system_moment(struct strbuf *b, const struct moment *m)
{
	for (size_t i = 0; i < m->boot->n_events; i++)
		add_event(b, m, &m->boot->events[i]);
	if (m->boot->n_events_skipped) {
		log_start(b, m, "skipped");
		strbuf_addf(b, " %llu\n", (unsigned long long)m->boot->n_events_skipped);
	}
	vec_for_each(e, &m->tick->events) {
		log_start(b, m, "note");
		log_name(b, e->text, sizeof(e->text));
		strbuf_addf(b, "\n");
	}
	if (m->before)
		log_phase(b, m);
}

static void alerts_head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "alerts");
	strbuf_addf(b,
		    "# an alert, then what kernel and services said in the same interval\n"
		    "# TIME                   alert     STATE KIND VALUE THRESHOLD UNIT MESSAGE\n"
		    "# TIME                   event     KIND       PRIO       USED SOURCE: "
		    "TEXT\n");
}

/* A log without an alert says at least that somebody looked. */
static void alerts_moment(struct strbuf *b, const struct moment *m)
{
	uint64_t told = m->boot->n_alerts;

	for (size_t i = 0; i < m->n_alerts; i++)
		told += !alert_is_over(&m->alerts[i]);
	if (!m->before) {
		log_start(b, m, "begun");
		strbuf_addf(b, " alerts are told from here on\n");
	}
	for (size_t i = 0; i < m->n_alerts; i++)
		log_alert(b, m, &m->alerts[i]);
	/* What was said before we came is told by the system log. */
	for (size_t i = 0; m->n_alerts && m->before && i < m->boot->n_events; i++)
		if (m->boot->events[i].kind != CRITICAL_NONE)
			add_event(b, m, &m->boot->events[i]);
	if (m->is_last) {
		log_start(b, m, "ended");
		strbuf_addf(b, " %llu alerts in all\n", (unsigned long long)told);
	}
}

const struct log_sink boot_system_log = {
	.name = "system", .head = system_head, .moment = system_moment};
const struct log_sink boot_alerts_log = {
	.name = "alerts", .head = alerts_head, .moment = alerts_moment};
