/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole machine for a while: a sample every interval into the session file
 * and the six logs, alerts as they come, and the report at the end.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyze/alert.h"
#include "analyze/clock.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli/alert_command.h"
#include "cli/monitor_logs.h"
#include "cli/privileges.h"
#include "cli/progress.h"
#include "cli/recording.h"
#include "cli/run.h"
#include "cli/run_common.h"
#include "collect/file_nr.h"
#include "collect/kmsg.h"
#include "collect/system.h"
#include "sink/sink.h"

#define NS_PER_S 1000000000ull

/* Whose own limit of open files is looked up at each moment: those with the most. */
#define FD_USES 16

/* Programs of --on-alert that still run at the end get so long. */
#define COMMANDS_GRACE_NS (5 * NS_PER_S)

struct monitor {
	const struct options *options;
	int root_fd;
	struct recording rec;
	struct output_place place;
	struct monitor_logs logs;
	struct alerts *alerts;
	struct alert_list told;
	struct alert_command command;
	struct kmsg kmsg;
	struct system_sample system[2];
	unsigned int now; /* which of the two is this moment's */
	uint64_t n_moments;
	uint64_t page_types_ns; /* when they were read last, by CLOCK_BOOTTIME */
	struct clocks clocks, clocks_before;
	struct fd_use fds[FD_USES];
	size_t n_fds;
	uint64_t n_alerts;
	struct progress progress;
	sigset_t signals;
	bool interrupted;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Keeps the processes with most open files, most first. */
static void rank_fds(struct monitor *mo, const struct proc_sample *p)
{
	uint64_t used = p->value[PROC_FDS];
	size_t at = mo->n_fds;

	while (at && mo->fds[at - 1].used < used)
		at--;
	if (at == FD_USES)
		return;
	if (mo->n_fds < FD_USES)
		mo->n_fds++;
	memmove(&mo->fds[at + 1], &mo->fds[at], (mo->n_fds - 1 - at) * sizeof(mo->fds[0]));
	mo->fds[at] = (struct fd_use){.id = p->id, .used = used};
	memcpy(mo->fds[at].comm, p->comm, COMM_SIZE);
}

static void read_fds(struct monitor *mo)
{
	size_t kept = 0;

	mo->n_fds = 0;
	vec_for_each(p, &mo->rec.sampler.list)
		if (p->known & 1u << PROC_FDS)
			rank_fds(mo, p);
	for (size_t i = 0; i < mo->n_fds; i++) {
		if (pid_fd_limit_read(mo->root_fd, mo->fds[i].id.pid, &mo->fds[i].limit))
			continue; /* gone meanwhile, or not for us to see */
		mo->fds[kept++] = mo->fds[i];
	}
	mo->n_fds = kept;
}

static struct moment make_moment(struct monitor *mo)
{
	const struct sampler *s = &mo->rec.sampler;
	bool has_list = !s->list_failed;
	uint64_t mode;

	return (struct moment){
		.info = &mo->rec.info,
		.tick = &mo->rec.tick,
		.procs = s->list.v,
		.n_procs = has_list ? s->list.n : 0,
		.owners = s->owners.v,
		.n_owners = s->owners.n,
		.fds = mo->fds,
		.n_fds = mo->n_fds,
		.system = &mo->system[mo->now],
		.before = mo->n_moments ? &mo->system[!mo->now] : NULL,
		.passed_ns = mo->n_moments ? mo->clocks.boot_ns - mo->clocks_before.boot_ns : 0,
		.overcommit = read_u64_at(mo->root_fd, "proc/sys/vm/overcommit_memory", &mode) == 0
				      ? (int)mode
				      : -1,
		.top = mo->options->top,
	};
}

static int add_event(struct tick *t, const char *text)
{
	struct event event = {.time_ns = t->time_ns, .kind = EVENT_NOTE};

	snprintf(event.text, sizeof(event.text), "%s", text);
	return vec_push(&t->events, event);
}

static int note_clocks(struct monitor *mo)
{
	char text[CLOCK_NOTE_SIZE];

	mo->clocks_before = mo->clocks;
	mo->clocks = (struct clocks){
		.real_ns = mo->rec.tick.time_ns,
		.boot_ns = mo->rec.tick.mono_ns,
		.mono_ns = clock_ns(CLOCK_MONOTONIC),
	};
	if (!mo->n_moments || !clock_note(text, &mo->clocks_before, &mo->clocks))
		return 0;
	return add_event(&mo->rec.tick, text);
}

static int note_kill(void *arg, const struct oom_kill *kill)
{
	char comm[COMM_SIZE * 4], anon[HUMAN_BYTES_SIZE], text[160];
	struct monitor *mo = arg;

	snprintf(text, sizeof(text), "the kernel killed %s (pid %u) for lack of memory %s%s%s",
		 safe_text(comm, sizeof(comm), kill->comm, COMM_SIZE), kill->pid,
		 kill->in_cgroup ? "in its cgroup" : "in the machine",
		 kill->has_anon ? "; anonymous memory it had: " : "",
		 kill->has_anon ? human_bytes(anon, kill->anon) : "");
	return add_event(&mo->rec.tick, text);
}

static int tell_alerts(struct monitor *mo)
{
	int err = 0;

	for (size_t i = 0; !err && i < mo->told.n; i++) {
		const struct alert *a = &mo->told.v[i];
		char text[sizeof(a->message) + 32];

		snprintf(text, sizeof(text), "alert %s: %s", alert_state_names[a->state],
			 a->message);
		err = add_event(&mo->rec.tick, text);
		if (a->state != ALERT_CLEARED) {
			progress__erase(&mo->progress);
			log_warning("%s", a->message);
			mo->n_alerts++;
		}
		alert_command__run(&mo->command, a, mono_ns());
	}
	return err;
}

static int collect_limits(struct monitor *mo)
{
	struct limits *l = &mo->rec.limits;
	int err = monitor_logs__limits(&mo->logs, l);

	if (!err)
		err = alerts__limits(mo->alerts, l);
	if (!err)
		err = alert_command__limits(&mo->command, l);
	if (!err)
		err = kmsg__limits(&mo->kmsg, l);
	if (!err) /* of the moment before: this one's is still to be read */
		err = system_limits(&mo->system[!mo->now], l);
	return err;
}

/* All of them but pagetypeinfo, which is dear, more often than once a minute. */
static uint32_t wanted_parts(struct monitor *mo)
{
	uint64_t now = mo->rec.tick.mono_ns;

	if (mo->n_moments && now - mo->page_types_ns < 60 * NS_PER_S)
		return SYSTEM_ALL & ~(1u << SYSTEM_PAGETYPE);
	mo->page_types_ns = now;
	return SYSTEM_ALL;
}

static int take_moment(struct monitor *mo, unsigned int flags)
{
	struct moment m;
	int err = collect_limits(mo);

	if (!err)
		err = recording__sample(&mo->rec, flags);
	if (!err)
		err = note_clocks(mo);
	if (!err)
		err = kmsg__each_kill(&mo->kmsg, note_kill, mo);
	if (!err)
		err = system_read(mo->root_fd, wanted_parts(mo), &mo->system[mo->now]);
	if (err)
		return log_error_errno(err, "sample");
	read_fds(mo);
	m = make_moment(mo);
	err = alerts__judge(mo->alerts, &m, &mo->told);
	m.alerts = mo->told.v;
	m.n_alerts = mo->told.n;
	if (!err) {
		monitor_logs__add(&mo->logs, &m);
		err = tell_alerts(mo);
	}
	if (!err)
		err = recording__keep(&mo->rec);
	mo->now = !mo->now;
	mo->n_moments++;
	return err ? log_error_errno(err, "sample") : 0;
}

static void on_signal(struct monitor *mo, int sig)
{
	if (sig == SIGHUP)
		monitor_logs__reopen(&mo->logs);
	else if (sig == SIGINT || sig == SIGTERM)
		mo->interrupted = true;
}

static void show_progress(struct monitor *mo, uint64_t start_ns, uint64_t now)
{
	const struct progress_state state = {
		.elapsed_ns = now - start_ns,
		.duration_ns = mo->options->duration_ns,
		.n_samples = mo->n_moments,
		.n_watched = mo->rec.tick.n_procs,
	};

	progress__update(&mo->progress, &state, now);
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int monitor_loop(struct monitor *mo)
{
	uint64_t start = mono_ns(), interval = mo->options->interval_ns, now = start;
	uint64_t end = start + mo->options->duration_ns, next = start + interval;
	int err = 0;

	while (!err && !mo->interrupted && now < end) {
		siginfo_t si;
		int sig = wait_signal(&mo->signals, min_u64(min_u64(next, mo->rec.house_ns), end),
				      &si);

		if (sig)
			on_signal(mo, sig);
		now = mono_ns();
		recording__keep_house(&mo->rec, now);
		alert_command__reap(&mo->command, now);
		if (now >= next && now < end) {
			err = take_moment(mo, 0);
			/* After a suspend or a stall: the next on the grid, not a burst. */
			while (next <= now)
				next += interval;
		}
		show_progress(mo, start, now);
	}
	return err;
}

/* The report in words ends the summary log, whatever --format is. */
static void end_summary(struct monitor *mo)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fclose_ FILE *out = NULL;
	struct report *r;
	size_t len = 0;

	if (make_report(mo->options, mo->rec.history, &r))
		return;
	out = open_memstream(&text, &len);
	if (out && text_sink.write(r, out) == 0 && fflush(out) == 0)
		monitor_logs__end(&mo->logs, text, len);
	report__free(r);
}

static void end_commands(struct monitor *mo)
{
	uint64_t deadline = mono_ns() + COMMANDS_GRACE_NS, now = mono_ns();
	siginfo_t si;

	while (alert_command__reap(&mo->command, now) && now < deadline) {
		wait_signal(&mo->signals, min_u64(deadline, now + NS_PER_S / 10), &si);
		now = mono_ns();
	}
}

static int open_logs(struct monitor *mo)
{
	struct output_place *place = &mo->place;
	char shown[OUTPUT_DIR_SIZE];
	int err;

	output__place(&mo->rec.out, "memory-monitor", place);
	err = place->err;
	if (!err)
		err = monitor_logs__create(&mo->logs, place->dirfd, &mo->rec.info);
	if (err)
		return log_error_errno(
			err, "no logs in %s",
			safe_text(shown, sizeof(shown), place->dir, strlen(place->dir)));
	snprintf(place->session, sizeof(place->session), "memory_monitor_%s.db", mo->logs.stamp);
	log_info("logs: %s/memory_monitor_%s_*.log", place->dir, mo->logs.stamp);
	return 0;
}

static int start(struct monitor *mo)
{
	struct privileges_keep keep = {};
	int err = recording__open(&mo->rec, mo->root_fd);

	if (!err)
		err = alerts__new(mo->options->thresholds, &mo->alerts);
	if (!err)
		err = open_logs(mo);
	if (!err)
		err = recording__session(&mo->rec, &mo->place);
	if (err)
		return err;
	mo->command.program = mo->options->on_alert;
	err = kmsg__open(&mo->kmsg, mo->root_fd);
	if (err)
		log_debug_errno(err, "kernel log");
	keep.bpf = mo->rec.sampler.tracer != NULL;
	keep.write_anywhere = mo->rec.out.foreign_dir;
	err = privileges_drop(&keep);
	if (err)
		log_warning_errno(err, "privileges were not dropped, going on");
	return take_moment(mo, SAMPLE_FIRST);
}

static int monitor(struct monitor *mo)
{
	int err = start(mo), status;

	if (err)
		return 1;
	err = monitor_loop(mo);
	progress__erase(&mo->progress);
	if (!err)
		err = take_moment(mo, SAMPLE_LAST);
	end_summary(mo);
	recording__finish(&mo->rec);
	status = write_report(&mo->rec.out, mo->rec.history);
	end_commands(mo);
	return err ? 1 : status;
}

static void monitor_free(struct monitor *mo)
{
	monitor_logs__close(&mo->logs);
	recording__close(&mo->rec);
	output_place__close(&mo->place);
	kmsg__close(&mo->kmsg);
	alerts__free(mo->alerts);
	vec_free(&mo->told);
	system_sample__free(&mo->system[0]);
	system_sample__free(&mo->system[1]);
}

int run_monitor(const struct options *o)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
	_cleanup_(monitor_free) struct monitor mo = {
		.options = o, .rec.options = o, .place.dirfd = -1, .kmsg.fd = -1};
	_cleanup_close_ int root_fd = open_root(o);

	for (int i = 0; i < LOG_SINKS; i++)
		mo.logs.file[i].fd = -1;
	sigemptyset(&mo.signals);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&mo.signals, caught[i]);
	sigprocmask(SIG_BLOCK, &mo.signals, NULL);
	/* A file size limit is a failing write like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	mo.root_fd = root_fd;
	if (root_fd < 0 || output__open(&mo.rec.out, o))
		return 1;
	progress__init(&mo.progress, STDERR_FILENO, o->verbose < 0);
	return monitor(&mo);
}
