/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --boot: the whole machine from early in its boot on. Beside what every watch
 * does: was the machine idle, what did kernel and journal say, and what is
 * new against earlier boots.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyze/boot_growth.h"
#include "analyze/boots.h"
#include "analyze/idle.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/boot_sessions.h"
#include "cli/journal.h"
#include "cli/run.h"
#include "cli/watch.h"
#include "collect/activity.h"
#include "collect/facts.h"
#include "collect/log_record.h"
#include "sink/boot_summary.h"

#define NS_PER_S 1000000000ull

/* Of an interval so many warnings of the kernel and of the journal are kept each, and critical
 * events beside them. */
#define WARNINGS_MAX 200
#define EVENTS_MAX 600
#define PRIORITY_WARNING 4

#define UNITS_NS (60 * NS_PER_S)
#define COMPARED_MAX 5
/* At the end the journal is asked once more, but nobody waits long. */
#define LAST_JOURNAL_NS (2 * NS_PER_S)

struct boot {
	const struct options *options;
	struct journal journal;
	struct log_events events; /* since the moment before */
	size_t n_warnings[2];	  /* among them, of the journal and of the kernel */
	uint64_t n_skipped, n_skipped_in_all;
	struct activity activity, activity_before;
	uint64_t own_cpu_ns, own_starts, before_ns; /* at the moment before */
	struct boot_moment moment;
	struct boot_growth growth;
	struct tick first; /* its meminfo */
	uint64_t start_uptime_ns;
	struct boot_run run;
	uint64_t units_ns; /* when they were read last */
	struct boot_sessions sessions;
	size_t n_looked_at;
	VEC(struct boot_run) earlier; /* newest first */
};

/* --- the logs --- */

static int take_event(struct boot *b, struct watch *w, const struct log_event *e)
{
	char text[sizeof(((struct event *)0)->text)], source[32], said[112];
	int err;

	if (e->kind == CRITICAL_NONE && e->priority > PRIORITY_WARNING)
		return 0;
	if (e->kind == CRITICAL_NONE ? b->n_warnings[e->kernel] >= WARNINGS_MAX
				     : b->events.n >= EVENTS_MAX) {
		b->n_skipped++;
		return 0;
	}
	b->n_warnings[e->kernel] += e->kind == CRITICAL_NONE;
	err = vec_push(&b->events, *e);
	/* A kill of now has a note of its own, which knows more. */
	if (err || e->kind == CRITICAL_NONE ||
	    (e->kind == CRITICAL_OOM && e->kernel && w->n_moments))
		return err;
	snprintf(text, sizeof(text), "%s: %s: %s", critical_kind_names[e->kind],
		 safe_text(source, sizeof(source), e->source, sizeof(e->source)),
		 safe_text(said, sizeof(said), e->text, sizeof(e->text)));
	return watch__note(w, e->time_ns, text);
}

static int64_t mono_to_real(void)
{
	return (int64_t)(clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC));
}

static int kernel_record(void *arg, struct watch *w, struct cursor record)
{
	struct log_event e;

	if (kmsg_record_parse(record, mono_to_real(), &e))
		return 0;
	return take_event(arg, w, &e);
}

static int take_journal(struct boot *b, struct watch *w, bool last)
{
	uint64_t deadline = mono_ns() + LAST_JOURNAL_NS;
	int err = 0;

	if (last)
		journal__ask(&b->journal, mono_ns());
	while (!journal__turn(&b->journal, mono_ns()) && last && mono_ns() < deadline)
		usleep(10000);
	vec_for_each(e, &b->journal.found)
		if (!err)
			err = take_event(b, w, e);
	b->journal.found.n = 0;
	return err;
}

/* --- facts --- */

static int read_units(struct boot *b, struct watch *w, uint64_t now_ns)
{
	struct facts found = {0};
	int err;

	if (b->units_ns && now_ns < b->units_ns + UNITS_NS)
		return 0;
	b->units_ns = now_ns;
	err = facts_units(w->root_fd, &found);
	for (size_t i = 0; !err && i < found.n; i++)
		if (!facts__find(&w->rec.history->facts, "unit", found.v[i].name))
			err = vec_push(&w->rec.facts, found.v[i]);
	if (!err)
		err = boot_run__add_units(&b->run, &found);
	vec_free(&found);
	return err == -ENOMEM ? err : 0;
}

static int open_boot(void *arg, struct watch *w)
{
	struct boot *b = arg;
	int removed, err = facts_packages(w->root_fd, &w->rec.facts);

	if (!err)
		err = facts_memory_map(w->root_fd, &w->rec.facts);
	if (!err)
		err = read_units(b, w, mono_ns());
	if (err)
		return log_error_errno(err, "facts");
	b->journal.wanted = !strcmp(w->options->sysroot, "/");
	b->journal.with_kernel = w->kmsg.fd < 0;
	journal__ask(&b->journal, mono_ns());
	removed = boot_sessions__retain(w->place.dirfd, w->logs.stamp, w->options->keep_sessions,
					w->options->keep_bytes);
	if (removed > 0)
		log_info("removed %d session%s of earlier boots (--keep-sessions, --keep-size)",
			 removed, removed == 1 ? "" : "s");
	if (boot_sessions__list(w->place.dirfd, &b->sessions))
		log_debug("no earlier sessions can be listed");
	return 0;
}

/* --- earlier boots --- */

/* One at a time: a session takes a moment to read. False: there are no more. */
static bool load_one(struct boot *b, struct watch *w)
{
	while (b->n_looked_at < b->sessions.n && b->earlier.n < COMPARED_MAX) {
		const char *stamp = b->sessions.v[b->n_looked_at++].stamp;
		struct boot_run run;

		if (!strcmp(stamp, w->logs.stamp) || boot_session__load(w->place.dir, stamp, &run))
			continue;
		/* The same boot once more tells nothing of another; a session without ticks,
		 * neither. */
		if (!strcmp(run.boot_id, w->rec.info.boot_id) || !run.points.n ||
		    vec_push(&b->earlier, run))
			boot_run__free(&run);
		return true;
	}
	return false;
}

/* --- moments --- */

static void judge_interval(struct boot *b, const struct moment *m)
{
	uint64_t own = m->tick->self.cpu_ns;
	const struct idle_interval i = {
		.before = &b->activity_before,
		.now = &b->activity,
		.passed_ns = m->passed_ns,
		.own_cpu_ns = own > b->own_cpu_ns ? own - b->own_cpu_ns : 0,
		.own_starts = b->journal.n_queries - b->own_starts,
		.start_ns = b->before_ns,
	};
	struct idle_verdict v = idle__judge(&i);

	b->moment.busy = v.busy;
	b->moment.uncertain = v.uncertain;
	b->moment.phase = boot_phase_of(&v, m->tick->mono_ns, b->options->warm_up_ns);
	b->own_cpu_ns = own;
	b->own_starts = b->journal.n_queries;
	b->before_ns = m->tick->time_ns;
}

static int keep_first(struct boot *b, const struct moment *m)
{
	int err = 0;

	vec_for_each(line, &m->tick->meminfo)
		if (!err)
			err = vec_push(&b->first.meminfo, *line);
	b->start_uptime_ns = m->tick->mono_ns;
	for (size_t i = 0; i < m->tick->facts.n; i++)
		if (!strcmp(m->tick->facts.v[i].kind, "packages"))
			snprintf(b->run.packages, sizeof(b->run.packages), "%s",
				 m->tick->facts.v[i].value);
	return err;
}

static int add_point(struct boot *b, const struct moment *m)
{
	struct boot_point p = {.uptime_ns = m->tick->mono_ns};
	uint64_t total;

	b->moment.has_used_before = b->moment.has_used;
	b->moment.used_before = b->moment.used;
	b->moment.has_used = !moment__used(m, &p.used, &total);
	b->moment.used = p.used;
	return b->moment.has_used ? vec_push(&b->run.points, p) : 0;
}

static int complete_moment(void *arg, struct watch *w, struct moment *m)
{
	struct boot *b = arg;
	bool first = !m->before;
	int err = take_journal(b, w, m->is_last);

	if (!err && first)
		err = keep_first(b, m);
	if (!err)
		err = add_point(b, m);
	if (!err)
		err = read_units(b, w, mono_ns());
	if (err)
		return err;
	if (!first && !m->is_last)
		load_one(b, w);
	b->activity_before = b->activity;
	activity_read(w->root_fd, &m->system->vmstat, &b->activity);
	judge_interval(b, m);
	b->moment.uptime_ns = m->tick->mono_ns;
	b->moment.events = b->events.v;
	b->moment.n_events = b->events.n;
	b->moment.n_events_skipped = b->n_skipped;
	b->moment.facts = first ? &m->tick->facts : NULL;
	b->moment.n_alerts = w->n_alerts;
	b->moment.first = &b->first;
	m->boot = &b->moment;
	return boot_growth__add(&b->growth, m);
}

static void moment_kept(void *arg, const struct moment *m)
{
	struct boot *b = arg;

	(void)m;
	b->n_skipped_in_all += b->n_skipped;
	b->n_skipped = 0;
	b->events.n = b->n_warnings[0] = b->n_warnings[1] = 0;
	journal__ask(&b->journal, mono_ns());
}

static void turn(void *arg, uint64_t now_ns)
{
	struct boot *b = arg;

	journal__turn(&b->journal, now_ns);
}

static int boot_limits(void *arg, struct limits *l)
{
	const struct boot *b = arg;
	int err = journal__limits(&b->journal, l);

	if (!err && b->n_skipped_in_all)
		err = limits__set(
			l, "log_events_skipped", b->n_skipped_in_all,
			"warnings of kernel and journal that are not in the system log: at "
			"most %d of each an interval are",
			WARNINGS_MAX);
	if (!err && b->activity.n_cpus)
		for (int part = 0; part < _ACTIVITY_PART_MAX; part++)
			if (!err && !(b->activity.known & 1u << part))
				err = limits__set(l, "activity_unknown", 0,
						  "idle windows are told without %s, which could "
						  "not be read",
						  activity_part_names[part]);
	return err;
}

/* --- the summary --- */

static int compare_boots(struct boot *b, struct watch *w, struct boot_comparison *c)
{
	const struct boot_run *before[COMPARED_MAX];

	while (load_one(b, w))
		;
	for (size_t i = 0; i < b->earlier.n; i++)
		before[i] = &b->earlier.v[i];
	snprintf(b->run.kernel, sizeof(b->run.kernel), "%s", w->rec.info.kernel);
	b->run.mem_total = w->rec.info.mem_total;
	return boots__compare(&b->run, before, b->earlier.n, c);
}

static void write_summary(void *arg, struct watch *w, struct strbuf *text)
{
	_cleanup_(boot_comparison__free) struct boot_comparison c = {0};
	struct boot *b = arg;
	struct boot_summary s = {
		.growth = &b->growth,
		.now = &b->run,
		.comparison = &c,
		.start_uptime_ns = b->start_uptime_ns,
		.end_uptime_ns = w->rec.tick.mono_ns,
		.warm_up_ns = b->options->warm_up_ns,
		.interrupted = w->interrupted,
	};

	if (compare_boots(b, w, &c))
		log_warning("out of memory: this boot is not compared with others");
	if (b->run.points.n) {
		s.used_known = true;
		s.used_first = b->run.points.v[0].used;
		s.used_last = b->run.points.v[b->run.points.n - 1].used;
	}
	boot_growth__rank(&b->growth, PHASE_IDLE, &s.idle);
	boot_growth__rank(&b->growth, PHASE_LOAD, &s.load);
	s.n_steady = boot_growth__steady(&b->growth, &s.idle, s.steady);
	boot_summary_text(text, &s);
}

static void boot_free(struct boot *b)
{
	journal__close(&b->journal);
	boot_growth__free(&b->growth);
	tick__free(&b->first);
	boot_run__free(&b->run);
	vec_for_each(run, &b->earlier)
		boot_run__free(run);
	vec_free(&b->earlier);
	vec_free(&b->events);
	vec_free(&b->sessions);
}

int run_boot(const struct options *o)
{
	static const struct watch_kind kind = {
		.place = "boot-diagnostics",
		.logs = &boot_log_family,
		.whole_kernel_log = true,
		.open = open_boot,
		.kernel_record = kernel_record,
		.moment = complete_moment,
		.kept = moment_kept,
		.turn = turn,
		.limits = boot_limits,
		.summary = write_summary,
	};
	_cleanup_(boot_free) struct boot b = {.options = o};

	return watch_run(o, &kind, &b);
}
