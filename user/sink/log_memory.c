/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system's memory, one line a moment, as RFC 4180 CSV with a constant
 * number of columns, whatever processes are called. Used is MemTotal -
 * MemAvailable, as free(1) has it since procps 4; what is unknown is empty.
 */
#include <stdio.h>

#include "base/when.h"
#include "sink/log.h"

#define COLUMNS                                                                                    \
	"Timestamp,Total_KB,Used_KB,Free_KB,Available_KB,Buffers_KB,Cached_KB,"                    \
	"Usage_Percent,Top_Process,Top_Process_Mem"

static void head(struct strbuf *b, const struct run_info *info)
{
	(void)info;
	strbuf_addf(b, COLUMNS "\n");
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

static void add_columns(struct strbuf *b, const struct moment *m)
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
}

static void moment(struct strbuf *b, const struct moment *m)
{
	add_columns(b, m);
	strbuf_addf(b, "\n");
}

/* Boot diagnostics: the same, then what the time was used for and where memory went besides. */
static const char *const boot_lines[] = {"AnonPages",  "Shmem",	      "SUnreclaim",  "SReclaimable",
					 "PageTables", "KernelStack", "VmallocUsed", "Percpu"};

static void boot_head(struct strbuf *b, const struct run_info *info)
{
	(void)info;
	strbuf_addf(b, COLUMNS ",Uptime_S,Growth_KB,Phase");
	for (size_t i = 0; i < sizeof(boot_lines) / sizeof(boot_lines[0]); i++)
		strbuf_addf(b, ",%s_KB", boot_lines[i]);
	strbuf_addf(b, ",Swap_Used_KB\n");
}

static void boot_moment(struct strbuf *b, const struct moment *m)
{
	uint64_t used, first, total, swap_total, swap_free;

	add_columns(b, m);
	strbuf_addf(b, ",%llu,", (unsigned long long)(m->boot->uptime_ns / 1000000000));
	if (!moment__used(m, &used, &total) &&
	    !meminfo_used(m->boot->first->meminfo.v, m->boot->first->meminfo.n, &first, &total))
		strbuf_addf(b, "%lld", (long long)(used - first) / 1024);
	strbuf_addf(b, ",%s", m->before ? boot_phase_names[m->boot->phase] : "");
	for (size_t i = 0; i < sizeof(boot_lines) / sizeof(boot_lines[0]); i++)
		add_line(b, m, boot_lines[i]);
	strbuf_addf(b, ",");
	if (!moment__meminfo(m, "SwapTotal", &swap_total) &&
	    !moment__meminfo(m, "SwapFree", &swap_free))
		strbuf_addf(b, "%llu", (unsigned long long)(swap_total - swap_free) / 1024);
	strbuf_addf(b, "\n");
}

const struct log_sink boot_memory_log = {
	.name = "memory", .head = boot_head, .moment = boot_moment};

const struct log_sink memory_log = {.name = "memory", .head = head, .moment = moment};
