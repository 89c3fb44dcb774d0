/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/log.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "sink/log_part.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

static const struct log_sink *const monitor_sinks[] = {
	&memory_log, &processes_log, &docker_log, &fragmentation_log, &swap_log, &summary_log,
};
_Static_assert(N_ELEMS(monitor_sinks) <= LOG_SINKS_MAX, "room in struct log_set");

static const struct log_sink *const boot_sinks[] = {
	&boot_log,	  &boot_memory_log, &processes_log, &boot_kernel_log,
	&boot_system_log, &boot_alerts_log, &summary_log,
};
_Static_assert(N_ELEMS(boot_sinks) <= LOG_SINKS_MAX, "room in struct log_set");

const struct log_family boot_log_family = {
	.prefix = "boot-",
	.sinks = boot_sinks,
	.n = N_ELEMS(boot_sinks),
	.summary = &summary_log,
};

const struct log_family monitor_log_family = {
	.prefix = "memory_monitor_",
	.sinks = monitor_sinks,
	.n = N_ELEMS(monitor_sinks),
	.summary = &summary_log,
};

void log_head(struct strbuf *b, const struct run_info *info, const char *what)
{
	char host[sizeof(info->host) * 4];

	strbuf_addf(b, "# memtrace %s, %s on %s, kernel %s\n", info->version, what,
		    safe_text(host, sizeof(host), info->host, sizeof(info->host)), info->kernel);
	strbuf_addf(b, "# sizes in KiB; ? is unknown\n");
}

void log_start(struct strbuf *b, const struct moment *m, const char *word)
{
	char time[UTC_TIME_SIZE];

	strbuf_addf(b, "%s %-9s", utc_time(time, m->tick->time_ns), word);
}

void log_kb(struct strbuf *b, bool known, uint64_t bytes)
{
	if (known)
		strbuf_addf(b, " %10llu", (unsigned long long)(bytes / 1024));
	else
		strbuf_addf(b, " %10s", "?");
}

void log_count(struct strbuf *b, int width, bool known, uint64_t n)
{
	if (known)
		strbuf_addf(b, " %*llu", width, (unsigned long long)n);
	else
		strbuf_addf(b, " %*s", width, "?");
}

void log_change_kb(struct strbuf *b, bool known, uint64_t before, uint64_t now)
{
	if (known)
		strbuf_addf(b, " %+10lld", (long long)(now - before) / 1024);
	else
		strbuf_addf(b, " %10s", "?");
}

void log_percent(struct strbuf *b, bool known, uint32_t hundredths)
{
	if (known)
		strbuf_addf(b, " %3u.%02u", hundredths / 100, hundredths % 100);
	else
		strbuf_addf(b, " %6s", "?");
}

void log_name(struct strbuf *b, const char *name, size_t size)
{
	char shown[1024];

	strbuf_addf(b, " %s", safe_text(shown, sizeof(shown), name, size));
}

void log_missing(struct strbuf *b, const struct moment *m, enum system_part part)
{
	int err = m->system->err[part];

	log_start(b, m, "missing");
	strbuf_addf(b, " %s: %s\n", system_part_names[part], strerror(-err));
}

void log_alert(struct strbuf *b, const struct moment *m, const struct alert *a)
{
	log_start(b, m, "alert");
	strbuf_addf(b, " %s %s %llu %llu %s", alert_state_names[a->state],
		    alert_kind_names[a->kind], (unsigned long long)a->value,
		    (unsigned long long)a->threshold, alert_unit_names[a->unit]);
	log_name(b, a->message, sizeof(a->message));
	strbuf_addf(b, "\n");
}
