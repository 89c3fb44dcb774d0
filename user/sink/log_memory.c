/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system's memory, one line a moment, as RFC 4180 CSV with a constant
 * number of columns, whatever processes are called. Used is MemTotal -
 * MemAvailable, as free(1) has it since procps 4; what is unknown is empty.
 */
#include <stdio.h>

#include "base/when.h"
#include "sink/log.h"

static void head(struct strbuf *b, const struct run_info *info)
{
	(void)info;
	strbuf_addf(b, "Timestamp,Total_KB,Used_KB,Free_KB,Available_KB,Buffers_KB,Cached_KB,"
		       "Usage_Percent,Top_Process,Top_Process_Mem\n");
}

static void add_line(struct strbuf *b, const struct moment *m, const char *name)
{
	uint64_t bytes;

	strbuf_addf(b, ",");
	if (!moment__meminfo(m, name, &bytes))
		strbuf_addf(b, "%llu", (unsigned long long)(bytes / 1024));
}

static void add_top(struct strbuf *b, const struct moment *m)
{
	const struct proc_sample *top = NULL;

	for (size_t i = 0; i < m->n_procs; i++) {
		const struct proc_sample *p = &m->procs[i];

		if (p->known & 1u << PROC_RSS &&
		    (!top || p->value[PROC_RSS] > top->value[PROC_RSS]))
			top = p;
	}
	strbuf_addf(b, ",");
	if (top)
		csv_field(b, top->comm, COMM_SIZE);
	strbuf_addf(b, ",");
	if (top)
		strbuf_addf(b, "%llu", (unsigned long long)(top->value[PROC_RSS] / 1024));
}

static void moment(struct strbuf *b, const struct moment *m)
{
	char time[UTC_TIME_SIZE];
	uint64_t used, total;
	bool known = !moment__used(m, &used, &total) && total;

	strbuf_addf(b, "%s", utc_time(time, m->tick->time_ns));
	add_line(b, m, "MemTotal");
	strbuf_addf(b, ",");
	if (known)
		strbuf_addf(b, "%llu", (unsigned long long)(used / 1024));
	add_line(b, m, "MemFree");
	add_line(b, m, "MemAvailable");
	add_line(b, m, "Buffers");
	add_line(b, m, "Cached");
	strbuf_addf(b, ",");
	if (known)
		strbuf_addf(b, "%.2f", (double)used * 100 / (double)total);
	add_top(b, m);
	strbuf_addf(b, "\n");
}

const struct log_sink memory_log = {.name = "memory", .head = head, .moment = moment};
