/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The moment as metrics for node_exporter's textfile collector. Everything
 * begins with memtrace_, has its unit in the name (bytes, seconds, ratio), and
 * is absent when it is not known. tests/golden/metrics.prom has one of each.
 * "# EOF" is a comment to Prometheus' text format and the end to OpenMetrics;
 * a file without it was cut.
 */
#include <errno.h>
#include <string.h>

#include "model/fragmentation.h"
#include "sink/openmetrics.h"
#include "sink/sink.h"

#define NS_PER_S 1e9

static void add_run(struct metric_writer *w, const struct moment *m)
{
	static const struct metric info = {"memtrace_info", "gauge", "What runs here; always 1."};
	static const struct metric running = {
		"memtrace_running", "gauge",
		"1 while the run goes on, 0 in what it leaves at its end."};
	static const struct metric time = {"memtrace_sample_timestamp_seconds", "gauge",
					   "When all of this was sampled, Unix time."};
	static const struct metric interval = {"memtrace_sample_interval_seconds", "gauge",
					       "Time between two samples, as asked for."};
	static const struct metric samples = {"memtrace_samples_total", "counter",
					      "Samples taken by this run."};

	metric_family(w, &info);
	metric_word(w, "version", m->info->version);
	metric_word(w, "mode", m->info->mode);
	metric_word(w, "page_attribution", m->info->bpf ? "yes" : "no");
	metric_u64(w, &info, 1);
	metric_single(w, &running, !m->is_last);
	metric_family(w, &time);
	metric_double(w, &time, (double)m->tick->time_ns / NS_PER_S);
	metric_family(w, &interval);
	metric_double(w, &interval, (double)m->info->interval_ns / NS_PER_S);
	metric_single(w, &samples, m->tick->seq + 1);
}

static void add_memory(struct metric_writer *w, const struct moment *m)
{
	static const struct metric size = {"memtrace_memory_size_bytes", "gauge", "MemTotal."};
	static const struct metric used = {
		"memtrace_memory_used_bytes", "gauge",
		"MemTotal - MemAvailable: what cannot be had without swapping."};
	static const struct metric available = {"memtrace_memory_available_bytes", "gauge",
						"MemAvailable."};
	static const struct metric lines = {"memtrace_meminfo_bytes", "gauge",
					    "Every line of /proc/meminfo that is a size."};
	uint64_t in_use, total, bytes;

	if (!moment__used(m, &in_use, &total)) {
		metric_single(w, &size, total);
		metric_single(w, &used, in_use);
	}
	if (!moment__meminfo(m, "MemAvailable", &bytes))
		metric_single(w, &available, bytes);
	if (!m->tick->meminfo.n)
		return;
	metric_family(w, &lines);
	vec_for_each(l, &m->tick->meminfo) {
		if (l->is_count)
			continue;
		metric_label(w, "line", l->name, sizeof(l->name));
		metric_u64(w, &lines, l->bytes);
	}
}

static void add_swap_pages(struct metric_writer *w, const struct moment *m,
			   const struct metric *metric, const char *counter)
{
	uint64_t pages;

	if (!m->system->err[SYSTEM_VMSTAT] && !counters__find(&m->system->vmstat, counter, &pages))
		metric_single(w, metric, pages * m->info->page_size);
}

static void add_swap(struct metric_writer *w, const struct moment *m)
{
	static const struct metric size = {"memtrace_swap_size_bytes", "gauge", "SwapTotal."};
	static const struct metric used = {"memtrace_swap_used_bytes", "gauge",
					   "SwapTotal - SwapFree."};
	static const struct metric in = {"memtrace_swap_read_bytes_total", "counter",
					 "Read back from swap since boot."};
	static const struct metric out = {"memtrace_swap_written_bytes_total", "counter",
					  "Written to swap since boot."};
	uint64_t total, free_bytes;

	if (!moment__meminfo(m, "SwapTotal", &total) &&
	    !moment__meminfo(m, "SwapFree", &free_bytes)) {
		metric_single(w, &size, total);
		metric_single(w, &used, total > free_bytes ? total - free_bytes : 0);
	}
	add_swap_pages(w, m, &in, "pswpin");
	add_swap_pages(w, m, &out, "pswpout");
}

struct psi_row {
	const char *resource, *share;
	const struct psi_line *line;
};

/* Those that are known; at most two a resource. */
static size_t list_psi(const struct moment *m, struct psi_row rows[static 2 * _PSI_RESOURCE_MAX])
{
	size_t n = 0;

	for (int r = 0; r < _PSI_RESOURCE_MAX && !m->system->err[SYSTEM_PSI]; r++) {
		const struct psi *psi = &m->system->psi[r];

		if (psi->some.known)
			rows[n++] = (struct psi_row){psi_resource_names[r], "some", &psi->some};
		if (psi->full.known)
			rows[n++] = (struct psi_row){psi_resource_names[r], "full", &psi->full};
	}
	return n;
}

static void add_psi(struct metric_writer *w, const struct moment *m)
{
	static const struct metric total = {
		"memtrace_pressure_stalled_seconds_total", "counter",
		"Time that some task, or every task, waited for the resource, since boot."};
	static const struct metric ratio = {
		"memtrace_pressure_ratio", "gauge",
		"Share of the window that some task, or every task, waited for the resource."};
	struct psi_row rows[2 * _PSI_RESOURCE_MAX];
	size_t n = list_psi(m, rows);

	if (!n)
		return;
	metric_family(w, &total);
	for (size_t i = 0; i < n; i++) {
		metric_word(w, "resource", rows[i].resource);
		metric_word(w, "tasks", rows[i].share);
		metric_double(w, &total, (double)rows[i].line->total_us / 1e6);
	}
	metric_family(w, &ratio);
	for (size_t i = 0; i < 3 * n; i++) {
		static const char *const windows[] = {"10s", "60s", "300s"};
		const struct psi_line *l = rows[i / 3].line;
		const uint32_t hundredths[] = {l->avg10, l->avg60, l->avg300};

		metric_word(w, "resource", rows[i / 3].resource);
		metric_word(w, "tasks", rows[i / 3].share);
		metric_word(w, "window", windows[i % 3]);
		metric_double(w, &ratio, hundredths[i % 3] / 1e4);
	}
}

static void label_zone(struct metric_writer *w, const struct buddy_zone *z, uint32_t order)
{
	metric_number(w, "node", z->node);
	metric_label(w, "zone", z->zone, sizeof(z->zone));
	metric_number(w, "order", order);
}

/* Which value of an order is told: 0 and thousandths, or that there is none. */
typedef int index_fn(const struct buddy_zone *z, uint32_t order, uint32_t *ret_permille);

static void add_index(struct metric_writer *w, const struct moment *m, const struct metric *metric,
		      index_fn *index)
{
	bool begun = false;

	vec_for_each(z, &m->system->zones) {
		for (uint32_t order = 1; order < z->n_orders; order++) {
			uint32_t permille;

			if (index(z, order, &permille))
				continue;
			if (!begun)
				metric_family(w, metric);
			begun = true;
			label_zone(w, z, order);
			metric_double(w, metric, permille / 1e3);
		}
	}
}

static void add_fragmentation(struct metric_writer *w, const struct moment *m)
{
	static const struct metric unusable = {
		"memtrace_fragmentation_unusable_ratio", "gauge",
		"Share of the zone's free memory in blocks too small for the order."};
	static const struct metric why = {
		"memtrace_fragmentation_index_ratio", "gauge",
		"Why an allocation of the order would fail: towards 0 for lack of memory, towards "
		"1 because of fragmentation; absent when it would succeed."};

	if (m->system->err[SYSTEM_BUDDYINFO])
		return;
	add_index(w, m, &unusable, unusable_index);
	add_index(w, m, &why, fragmentation_index);
}

static void add_files(struct metric_writer *w, const struct moment *m)
{
	static const struct metric used = {"memtrace_open_files", "gauge",
					   "Open file descriptions of the machine."};
	static const struct metric max = {"memtrace_open_files_limit", "gauge", "fs.file-max."};
	static const struct metric kills = {"memtrace_oom_kills_total", "counter",
					    "Processes killed for lack of memory since boot."};
	uint64_t n;

	if (!m->system->err[SYSTEM_FILES]) {
		metric_single(w, &used, m->system->files.used);
		metric_single(w, &max, m->system->files.max);
	}
	if (!m->system->err[SYSTEM_VMSTAT] && !counters__find(&m->system->vmstat, "oom_kill", &n))
		metric_single(w, &kills, n);
}

static void add_alerts(struct metric_writer *w, const struct moment *m)
{
	static const struct metric active = {"memtrace_alerts_active", "gauge", "Alerts in force."};
	static const struct metric raised = {"memtrace_alerts_raised_total", "counter",
					     "Alerts raised by this run."};

	metric_family(w, &active);
	for (int kind = 0; kind < _ALERT_KIND_MAX; kind++) {
		metric_word(w, "kind", alert_kind_names[kind]);
		metric_u64(w, &active, m->in_force[kind]);
	}
	metric_family(w, &raised);
	for (int kind = 0; kind < _ALERT_KIND_MAX; kind++) {
		metric_word(w, "kind", alert_kind_names[kind]);
		metric_u64(w, &raised, m->raised[kind]);
	}
}

static void add_limits(struct metric_writer *w, const struct moment *m)
{
	static const struct metric limits = {
		"memtrace_limits", "gauge",
		"What was lost, estimated or not seen, a count each; 0: a state, not a count."};
	const struct limits *l = &m->tick->limits;

	if (l->n)
		metric_family(w, &limits);
	for (size_t i = 0; i < l->n; i++) {
		metric_label(w, "kind", l->v[i].kind, sizeof(l->v[i].kind));
		metric_u64(w, &limits, l->v[i].count);
	}
}

static void add_self(struct metric_writer *w, const struct moment *m)
{
	static const struct metric cpu = {"memtrace_self_cpu_seconds_total", "counter",
					  "CPU time of memtrace and of the helpers it starts."};
	static const struct metric bpf = {"memtrace_self_bpf_seconds_total", "counter",
					  "Run time of its BPF programs, where the system counts."};
	static const struct metric rss = {"memtrace_self_resident_bytes", "gauge",
					  "Resident memory of memtrace's own process."};
	static const struct metric maps = {"memtrace_self_map_bytes", "gauge",
					   "Kernel memory of its BPF maps."};
	static const struct metric events = {"memtrace_self_bpf_events_total", "counter",
					     "Page events that its BPF programs saw."};
	const struct self_sample *s = &m->tick->self;

	metric_family(w, &cpu);
	metric_double(w, &cpu, (double)s->cpu_ns / NS_PER_S);
	if (s->bpf_ns_known) {
		metric_family(w, &bpf);
		metric_double(w, &bpf, (double)s->bpf_ns / NS_PER_S);
	}
	if (s->rss_bytes)
		metric_single(w, &rss, s->rss_bytes);
	if (s->map_bytes)
		metric_single(w, &maps, s->map_bytes);
	if (m->info->bpf)
		metric_single(w, &events, s->events);
}

static int write_moment(const struct moment *m, FILE *out)
{
	static void (*const parts[])(struct metric_writer * w, const struct moment *m) = {
		add_run,	   add_memory, add_swap,	   add_psi,
		add_fragmentation, add_files,  metrics_slab,	   metrics_processes,
		metrics_owners,	   add_alerts, metrics_containers, add_limits,
		add_self,
	};
	struct metric_writer w = {.out = out};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](&w, m);
	fputs("# EOF\n", out);
	w.failed |= w.labels.failed;
	strbuf_free(&w.labels);
	if (w.failed)
		return -ENOMEM;
	if (fflush(out))
		return -errno;
	return ferror(out) ? -EIO : 0;
}

const struct sink openmetrics_sink = {
	.name = "openmetrics",
	.help = "with --monitor and -o FILE: metrics for node_exporter's textfile collector, "
		"replaced at each sample",
	.moment = write_moment,
};
