/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/watch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/minmax.h"
#include "cli/run_common.h"
#include "collect/file_nr.h"
#include "collect/system.h"
#include "sink/sink.h"

#define NS_PER_S 1000000000ull

/* Programs of --on-alert that still run at the end get so long. */
#define COMMANDS_GRACE_NS (5 * NS_PER_S)

/* Keeps the processes with most open files, most first. */
static void rank_fds(struct watch *w, const struct proc_sample *p)
{
	uint64_t used = p->value[PROC_FDS];
	size_t at = w->n_fds;

	while (at && w->fds[at - 1].used < used)
		at--;
	if (at == WATCH_FD_USES)
		return;
	if (w->n_fds < WATCH_FD_USES)
		w->n_fds++;
	memmove(&w->fds[at + 1], &w->fds[at], (w->n_fds - 1 - at) * sizeof(w->fds[0]));
	w->fds[at] = (struct fd_use){.id = p->id, .used = used};
	memcpy(w->fds[at].comm, p->comm, COMM_SIZE);
}

static void read_fds(struct watch *w)
{
	size_t kept = 0;

	w->n_fds = 0;
	vec_for_each(p, &w->rec.sampler.list)
		if (p->known & 1u << PROC_FDS)
			rank_fds(w, p);
	for (size_t i = 0; i < w->n_fds; i++) {
		if (pid_fd_limit_read(w->root_fd, w->fds[i].id.pid, &w->fds[i].limit))
			continue; /* gone meanwhile, or not for us to see */
		w->fds[kept++] = w->fds[i];
	}
	w->n_fds = kept;
}

static struct moment make_moment(struct watch *w)
{
	const struct sampler *s = &w->rec.sampler;
	bool has_list = !s->list_failed;
	uint64_t mode;

	struct moment m = {
		.info = &w->rec.info,
		.tick = &w->rec.tick,
		.procs = s->list.v,
		.n_procs = has_list ? s->list.n : 0,
		.owners = s->owners.v,
		.n_owners = s->owners.n,
		.fds = w->fds,
		.n_fds = w->n_fds,
		.system = &w->system[w->now],
		.before = w->n_moments ? &w->system[!w->now] : NULL,
		.passed_ns = w->n_moments ? w->clocks.boot_ns - w->clocks_before.boot_ns : 0,
		.overcommit = read_u64_at(w->root_fd, "proc/sys/vm/overcommit_memory", &mode) == 0
				      ? (int)mode
				      : -1,
		.leaks = w->leaks.v,
		.n_leaks = w->leaks.n,
		.top = w->options->top,
		.history = w->rec.history,
		.first = &w->first,
		.kills = w->kills.v,
		.n_kills = w->kills.n,
	};

	delta__taken(s->delta, m.taken);
	return m;
}

int watch__note(struct watch *w, uint64_t time_ns, const char *text)
{
	return tick__note(&w->rec.tick, time_ns, text);
}

static int add_note(struct watch *w, const char *text)
{
	return watch__note(w, w->rec.tick.time_ns, text);
}

static int note_clocks(struct watch *w)
{
	char text[CLOCK_NOTE_SIZE];

	w->clocks = (struct clocks){
		.real_ns = w->rec.tick.time_ns,
		.boot_ns = w->rec.tick.mono_ns,
		.mono_ns = clock_ns(CLOCK_MONOTONIC),
	};
	if (!w->n_moments || !clock_note(text, &w->clocks_before, &w->clocks))
		return 0;
	return add_note(w, text);
}

static int note_kill(struct watch *w, const struct oom_kill *kill)
{
	char comm[COMM_SIZE * 4], anon[HUMAN_BYTES_SIZE], text[160];
	const char *where = !kill->in_log     ? ""
			    : kill->in_cgroup ? " in its cgroup"
					      : " in the machine";

	snprintf(text, sizeof(text), "the %s %s (pid %u) for lack of memory%s%s%s",
		 kill->in_log ? "kernel killed" : "OOM killer chose",
		 kill->has_comm ? safe_text(comm, sizeof(comm), kill->comm, COMM_SIZE) : "?",
		 kill->pid, where, kill->has_anon ? "; anonymous memory it had: " : "",
		 kill->has_anon ? human_bytes(anon, kill->anon) : "");
	return watch__note(w, kill->time_ns ?: w->rec.tick.time_ns, text);
}

static int add_kill(void *arg, const struct oom_kill *kill)
{
	struct watch *w = arg;

	return oom_kills__add(&w->kills, kill, w->rec.tick.mono_ns);
}

static int take_record(void *arg, struct cursor record)
{
	struct watch *w = arg;
	struct oom_kill kill;
	/* Those of before we came are no event of this run. */
	bool is_ours = w->n_moments || !w->kind->whole_kernel_log;
	int err = is_ours && !oom_kill_parse(record, &kill) ? add_kill(w, &kill) : 0;

	if (!err && w->kind->kernel_record)
		err = w->kind->kernel_record(w->arg, w, record);
	return err;
}

/* A kernel before 6.8 tells the pid alone: who that was is known if it was sampled. */
static void name_kill(struct watch *w, struct oom_kill *kill)
{
	const struct history *h = w->rec.history;

	for (size_t i = h->procs.n; i-- && !kill->has_comm;) {
		const struct proc_sample *p = &h->procs.v[i]->last;

		if (p->id.pid != kill->pid)
			continue;
		memcpy(kill->comm, p->comm, sizeof(kill->comm));
		kill->has_comm = true;
	}
}

/* After vmstat was read: what it counts is named now at the latest. */
static int read_kills(struct watch *w)
{
	int err = oom_source__each(&w->oom, add_kill, w);

	if (!err)
		err = kmsg__each(&w->kmsg, take_record, w);
	vec_for_each(k, &w->kills) {
		name_kill(w, k);
		if (!err)
			err = note_kill(w, k);
	}
	return err;
}

static int tell_alerts(struct watch *w)
{
	int err = 0;

	for (size_t i = 0; !err && i < w->told.n; i++) {
		const struct alert *a = &w->told.v[i];
		char text[sizeof(a->message) + 32];

		snprintf(text, sizeof(text), "alert %s: %s", alert_state_names[a->state],
			 a->message);
		err = add_note(w, text);
		if (!err)
			err = vec_push(&w->rec.tick.alerts, *a);
		/* a warning taken back is told where it was given */
		if (a->state != ALERT_CLEARED) {
			progress__erase(&w->progress);
			log_warning("%s", a->message);
		}
		w->n_alerts += !alert_is_over(a);
		w->n_raised[a->kind] += a->state == ALERT_RAISED;
		alert_command__run(&w->command, a, mono_ns());
	}
	return err;
}

static int collect_limits(struct watch *w)
{
	struct limits *l = &w->rec.limits;
	int err = log_set__limits(&w->logs, l);

	if (!err)
		err = alerts__limits(w->alerts, l);
	if (!err)
		err = alert_command__limits(&w->command, l);
	if (!err)
		err = kmsg__limits(&w->kmsg, l);
	if (!err)
		err = oom_source__limits(&w->oom, l);
	if (!err) /* of the moment before: this one's is still to be read */
		err = system_limits(&w->system[!w->now], l);
	if (!err && w->kind->limits)
		err = w->kind->limits(w->arg, l);
	return err;
}

/* All of them but pagetypeinfo, which is dear, more often than once a minute. */
static uint32_t wanted_parts(struct watch *w)
{
	uint64_t now = w->rec.tick.mono_ns;

	if (w->n_moments && now - w->page_types_ns < 60 * NS_PER_S)
		return SYSTEM_ALL & ~(1u << SYSTEM_PAGETYPE);
	w->page_types_ns = now;
	return SYSTEM_ALL;
}

static int read_moment(struct watch *w, unsigned int flags)
{
	int err = collect_limits(w);

	if (!err)
		err = recording__sample(&w->rec, flags);
	if (!err)
		err = note_clocks(w);
	if (!err && w->kind->tick)
		err = w->kind->tick(w->arg, w, flags);
	if (!err)
		err = system_read(w->root_fd, wanted_parts(w), &w->system[w->now]);
	if (!err && !w->n_moments)
		err = system_sample__copy_counters(&w->first, &w->system[w->now]);
	if (!err)
		err = read_kills(w);
	if (!err)
		err = recording__add_system(&w->rec, &w->system[w->now]);
	if (!err)
		err = leak_signs__read(w->rec.follow, &w->leaks);
	if (!err)
		read_fds(w);
	return err;
}

static int tell_moment(struct watch *w, unsigned int flags, struct moment *m)
{
	int err = 0;

	*m = make_moment(w);
	m->is_last = flags & SAMPLE_LAST;
	if (w->kind->moment)
		err = w->kind->moment(w->arg, w, m);
	if (!err)
		err = alerts__judge(w->alerts, m, &w->told);
	m->alerts = w->told.v;
	m->n_alerts = w->told.n;
	alerts__in_force(w->alerts, m->in_force);
	if (!err) {
		log_set__add(&w->logs, m);
		err = tell_alerts(w);
		memcpy(m->raised, w->n_raised, sizeof(m->raised));
	}
	return err;
}

/* What was not read whole is no ground for an alert: kept as it is, and the next moment is compared
 * with the one before. */
static int take_moment(struct watch *w, unsigned int flags)
{
	uint64_t n_incomplete = w->rec.n_incomplete;
	int err = recording__bear(&w->rec, read_moment(w, flags));
	bool whole = !err && w->rec.n_incomplete == n_incomplete;
	struct moment m;

	if (whole)
		err = recording__bear(&w->rec, tell_moment(w, flags, &m));
	if (!err)
		err = recording__keep(&w->rec);
	if (err)
		return log_error_errno(err, "sample");
	oom_kills__done(&w->kills, w->rec.tick.mono_ns);
	if (!whole)
		return 0;
	if (w->kind->kept)
		w->kind->kept(w->arg, &m);
	w->now = !w->now;
	w->clocks_before = w->clocks;
	w->n_moments++;
	return 0;
}

static void on_signal(struct watch *w, int sig)
{
	if (sig == SIGHUP)
		log_set__reopen(&w->logs);
	else if (sig == SIGINT || sig == SIGTERM)
		w->interrupted = true;
}

static void show_progress(struct watch *w, uint64_t start_ns, uint64_t now)
{
	const struct progress_state state = {
		.elapsed_ns = now - start_ns,
		.duration_ns = w->options->duration_ns,
		.n_samples = w->n_moments,
		.n_watched = w->rec.tick.n_procs,
	};

	progress__update(&w->progress, &state, now);
}

static int watch_loop(struct watch *w)
{
	uint64_t start = mono_ns(), interval = w->options->interval_ns, now = start;
	uint64_t end = start + w->options->duration_ns, next = start + interval;
	int err = 0;

	while (!err && !w->interrupted && now < end) {
		siginfo_t si;
		int sig =
			wait_signal(&w->signals, min_u64(min_u64(next, w->rec.house_ns), end), &si);

		if (sig)
			on_signal(w, sig);
		now = mono_ns();
		recording__keep_house(&w->rec, now);
		alert_command__reap(&w->command, now);
		if (w->kind->turn)
			w->kind->turn(w->arg, now);
		if (now >= next && now < end) {
			err = take_moment(w, 0);
			/* After a suspend or a stall: the next on the grid, not a burst. */
			while (next <= now)
				next += interval;
		}
		show_progress(w, start, now);
	}
	return err;
}

/* The report in words ends the summary log, whatever --format is. */
static void end_summary(struct watch *w)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fclose_ FILE *out = NULL;
	struct strbuf before = {};
	struct report *r;
	size_t len = 0;

	if (w->kind->summary)
		w->kind->summary(w->arg, w, &before);
	if (before.len)
		log_set__end(&w->logs, before.s, before.len);
	strbuf_free(&before);

	if (make_report(w->options, w->rec.history, w->rec.follow, &r))
		return;
	out = open_memstream(&text, &len);
	if (out && text_sink.write(r, out) == 0 && fflush(out) == 0)
		log_set__end(&w->logs, text, len);
	report__free(r);
}

static void end_commands(struct watch *w)
{
	uint64_t deadline = mono_ns() + COMMANDS_GRACE_NS, now = mono_ns();
	siginfo_t si;

	while (alert_command__reap(&w->command, now) && now < deadline) {
		wait_signal(&w->signals, min_u64(deadline, now + NS_PER_S / 10), &si);
		now = mono_ns();
	}
}

static int open_logs(struct watch *w)
{
	struct output_place *place = &w->place;
	char shown[OUTPUT_DIR_SIZE];
	int err;

	output__place(&w->rec.out, w->kind->place, place);
	/* Without logs there is the session's file alone, which can be done without. */
	err = w->kind->logs->n ? place->err : 0;
	if (!err)
		err = log_set__create(&w->logs, w->kind->logs, place->dirfd, &w->rec.info);
	if (err)
		return log_error_errno(
			err, "no logs in %s",
			safe_text(shown, sizeof(shown), place->dir, strlen(place->dir)));
	snprintf(place->session, sizeof(place->session), "%s%s.db", w->kind->logs->prefix,
		 w->logs.stamp);
	if (w->kind->logs->n)
		log_info("logs: %s/%s%s_*.log", place->dir, w->kind->logs->prefix, w->logs.stamp);
	return 0;
}

static int start(struct watch *w)
{
	int err = recording__open(&w->rec, w->root_fd);

	if (!err)
		err = alerts__new(w->options->thresholds, &w->alerts);
	if (!err)
		err = open_logs(w);
	if (!err)
		err = recording__session(&w->rec, &w->place);
	if (err)
		return err;
	w->command.program = w->options->on_alert;
	err = kmsg__open(&w->kmsg, w->root_fd, w->kind->whole_kernel_log);
	if (err)
		log_debug_errno(err, "kernel log");
	err = oom_source__open(&w->oom, w->rec.sampler.tracer);
	if (err)
		log_debug_errno(err, "OOM kills");
	err = w->kind->open ? w->kind->open(w->arg, w) : 0;
	if (err)
		return err;
	recording__drop_rights(&w->rec, false);
	return take_moment(w, SAMPLE_FIRST);
}

static int run(struct watch *w)
{
	int err = start(w), status;

	if (err)
		return 1;
	err = watch_loop(w);
	progress__erase(&w->progress);
	if (!err)
		err = take_moment(w, SAMPLE_LAST);
	end_summary(w);
	recording__finish(&w->rec);
	status = write_report(&w->rec.out, w->rec.history, w->rec.follow);
	end_commands(w);
	return err ? 1 : status;
}

static void watch_free(struct watch *w)
{
	log_set__close(&w->logs);
	oom_source__close(&w->oom);
	oom_kills__free(&w->kills);
	recording__close(&w->rec);
	output_place__close(&w->place);
	kmsg__close(&w->kmsg);
	alerts__free(w->alerts);
	vec_free(&w->told);
	vec_free(&w->leaks);
	system_sample__free(&w->system[0]);
	system_sample__free(&w->system[1]);
	system_sample__free(&w->first);
}

int watch_run(const struct options *o, const struct watch_kind *kind, void *arg)
{
	static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
	_cleanup_(watch_free) struct watch w = {
		.options = o,
		.kind = kind,
		.arg = arg,
		.rec.options = o,
		.rec.has_system = true,
		.place.dirfd = -1,
		.kmsg.fd = -1,
	};
	_cleanup_close_ int root_fd = open_root(o);

	sigemptyset(&w.signals);
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		sigaddset(&w.signals, caught[i]);
	sigprocmask(SIG_BLOCK, &w.signals, NULL);
	/* A file size limit is a failing write like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	w.root_fd = root_fd;
	if (root_fd < 0 || output__open(&w.rec.out, o))
		return 1;
	progress__init(&w.progress, STDERR_FILENO, o->verbose < 0);
	return run(&w);
}
