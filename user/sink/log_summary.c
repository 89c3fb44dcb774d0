/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line a moment, the alerts as they are told, and at the end the whole report. */
#include <string.h>

#include "sink/log_part.h"

static void head(struct strbuf *b, const struct run_info *info)
{
	log_head(b, info, "summary");
	strbuf_addf(b,
		    "# PSI: percent of the last 10 s that some task, and that every task, waited "
		    "for memory\n"
		    "# FILES: open files of the system\n"
		    "# TIME                   sample     USED%%       USED  AVAILABLE       SWAP"
		    "   SOME   FULL  PROCESSES    FILES\n"
		    "# TIME                   alert     STATE KIND VALUE THRESHOLD UNIT MESSAGE\n"
		    "# TIME                   event     TEXT\n"
		    "# TIME                   limit     KIND COUNT MEANING\n");
}

static void add_sample(struct strbuf *b, const struct moment *m)
{
	const struct psi *psi = &m->system->psi[PSI_MEMORY];
	uint64_t used = 0, total = 0, available = 0, swap_total = 0, swap_free = 0;
	bool known = !moment__used(m, &used, &total) && total, swap_known;

	log_start(b, m, "sample");
	log_percent(b, known, known ? (uint32_t)((double)used * 10000 / (double)total) : 0);
	strbuf_addf(b, "   ");
	log_kb(b, known, used);
	known = !moment__meminfo(m, "MemAvailable", &available);
	log_kb(b, known, available);
	swap_known = !moment__meminfo(m, "SwapTotal", &swap_total) &&
		     !moment__meminfo(m, "SwapFree", &swap_free);
	log_kb(b, swap_known, swap_total - swap_free);
	log_percent(b, psi->some.known, psi->some.avg10);
	log_percent(b, psi->full.known, psi->full.avg10);
	log_count(b, 10, m->n_procs, m->n_procs);
	log_count(b, 8, !m->system->err[SYSTEM_FILES], m->system->files.used);
	strbuf_addf(b, "\n");
}

/* What the run will not see is said when it begins; what it lost, in the report at its end. */
static void add_limits(struct strbuf *b, const struct moment *m)
{
	const struct limits *l = &m->tick->limits;

	for (size_t i = 0; i < l->n; i++) {
		log_start(b, m, "limit");
		strbuf_addf(b, " %s %llu", l->v[i].kind, (unsigned long long)l->v[i].count);
		log_name(b, l->v[i].meaning, sizeof(l->v[i].meaning));
		strbuf_addf(b, "\n");
	}
	for (int part = 0; part < _SYSTEM_PART_MAX; part++)
		if (m->system->err[part])
			log_missing(b, m, part);
}

static void moment(struct strbuf *b, const struct moment *m)
{
	if (!m->before)
		add_limits(b, m);
	add_sample(b, m);
	vec_for_each(e, &m->tick->events) {
		log_start(b, m, "event");
		log_name(b, e->text, sizeof(e->text));
		strbuf_addf(b, "\n");
	}
	for (size_t i = 0; i < m->n_alerts; i++)
		log_alert(b, m, &m->alerts[i]);
}

const struct log_sink summary_log = {.name = "summary", .head = head, .moment = moment};
