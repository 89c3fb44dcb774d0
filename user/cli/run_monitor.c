/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>

#include "base/log.h"
#include "base/when.h"
#include "cli/metrics_file.h"
#include "cli/run.h"
#include "cli/watch.h"
#include "collect/docker_df.h"
#include "model/run_range.h"
#include "sink/log_summary_end.h"

#define NS_PER_MS 1000000ull

struct monitor {
	struct metrics_file metrics;
	struct docker_df docker;
	struct docker_disk disk;
	int docker_err; /* of the last question; -EAGAIN: none was answered yet */
	bool docker_news;
	struct run_ranges ranges;
	struct moment last; /* borrows what the watch holds */
};

/* The answer of the daemon, if it has come. */
static void take_docker(struct monitor *mo, uint64_t now_ns)
{
	int err = docker_df__poll(&mo->docker, now_ns, &mo->disk);

	if (err == -EAGAIN)
		return;
	mo->docker_news = !err || err != mo->docker_err; /* a failure is told once */
	mo->docker_err = err;
}

static void ask_docker(struct monitor *mo, int root_fd, uint64_t now_ns)
{
	int err = docker_df__ask(&mo->docker, root_fd, now_ns);

	if (!err)
		return;
	mo->docker_news = err != mo->docker_err;
	mo->docker_err = err;
}

/* The only time that an answer is waited for: nothing comes after. */
static void end_docker(struct monitor *mo, int root_fd)
{
	uint64_t now = mono_ns();

	/* Who did not answer before is not waited for. */
	if (mo->docker_err && mo->docker_err != -EAGAIN)
		return;
	if (mo->docker.fd < 0)
		ask_docker(mo, root_fd, now);
	while (mo->docker.fd >= 0) {
		struct pollfd p = {.fd = mo->docker.fd, .events = POLLIN};
		uint64_t left =
			mo->docker.deadline_ns > now ? mo->docker.deadline_ns - now : NS_PER_MS;

		poll(&p, 1, (int)(left / NS_PER_MS) + 1);
		now = mono_ns();
		take_docker(mo, now);
	}
}

static int complete(void *arg, struct watch *w, struct moment *m)
{
	struct monitor *mo = arg;
	uint64_t now = mono_ns();

	take_docker(mo, now);
	if (m->is_last)
		end_docker(mo, w->root_fd);
	else if (mo->docker.fd < 0 && now >= mo->docker.next_ns)
		ask_docker(mo, w->root_fd, now);
	if (mo->docker_news && !mo->docker_err)
		m->docker = &mo->disk;
	else if (mo->docker_news)
		m->docker_err = mo->docker_err;
	mo->docker_news = false;
	return 0;
}

static void turn(void *arg, uint64_t now_ns)
{
	take_docker(arg, now_ns);
}

static int add_limits(void *arg, struct limits *l)
{
	struct monitor *mo = arg;

	return metrics_file__limits(&mo->metrics, l);
}

static void kept(void *arg, const struct moment *m)
{
	struct monitor *mo = arg;

	metrics_file__write(&mo->metrics, m);
	run_ranges__add(&mo->ranges, m);
	mo->last = *m;
}

static void summary(void *arg, struct watch *w, struct strbuf *b)
{
	struct monitor *mo = arg;

	(void)w;
	if (mo->last.info)
		log_summary_end(b, &mo->last, &mo->ranges);
}

static void say_plan(const struct options *o)
{
	char duration[HUMAN_DURATION_SIZE], interval[HUMAN_DURATION_SIZE];

	log_info("for %s, a sample every %s: %llu samples; Ctrl-C or SIGTERM ends it early",
		 human_duration(duration, o->duration_ns), human_duration(interval, o->interval_ns),
		 /* one at the start, one at the end, and those between */
		 (unsigned long long)((o->duration_ns - 1) / o->interval_ns + 2));
}

int run_monitor(const struct options *o)
{
	static const struct watch_kind kind = {
		.place = "memory-monitor",
		.logs = &monitor_log_family,
		.moment = complete,
		.kept = kept,
		.turn = turn,
		.limits = add_limits,
		.summary = summary,
	};
	struct monitor mo = {.docker.fd = -1, .docker_err = -EAGAIN};
	int status;

	if (metrics_file__init(&mo.metrics, o))
		return 1;
	say_plan(o);
	status = watch_run(o, &kind, &mo);
	docker_df__close(&mo.docker);
	return status;
}
