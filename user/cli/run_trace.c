/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Growth attribution of targets: attach, sample until the duration is over,
 * everybody watched is gone, or a signal; then report.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/minmax.h"
#include "base/str.h"
#include "cli/progress.h"
#include "cli/recording.h"
#include "cli/run.h"
#include "cli/run_common.h"
#include "cli/spawn.h"
#include "collect/cgroup_procs.h"
#include "collect/pid.h"

#define NS_PER_S 1000000000ull
#define PF_KTHREAD 0x00200000

/* A command that outlives --duration gets so long to end after SIGTERM. */
#define COMMAND_GRACE_NS (2 * NS_PER_S)

struct trace {
	const struct options *options;
	struct recording rec;
	struct target_set *targets;
	struct spawn *spawn;
	struct progress progress;
	VEC(uint32_t) pids; /* of --pid, those that can be watched */
	sigset_t signals;
	bool interrupted;
	int signal; /* that the command gets at the end; 0: SIGTERM */
};

/* One line for each pid that cannot be watched; the run goes on with the rest. */
static int check_pid(struct trace *tr, int root_fd, uint32_t pid)
{
	char comm[COMM_SIZE * 4];
	struct pid_stat st;
	uint32_t tgid = pid;
	int err = pid_stat_read(root_fd, pid, &st);

	if (!err && pid_tgid_read(root_fd, pid, &tgid))
		tgid = pid; /* not readable here: taken for a process */
	if (err == -ESRCH || err == -ENOENT)
		log_error("no process with pid %u", pid);
	else if (err)
		log_error_errno(err, "pid %u", pid);
	else if (tgid != pid)
		log_error("%u is a thread of process %u: use --pid %u", pid, tgid, tgid);
	else if (st.flags & PF_KTHREAD)
		log_error("pid %u (%s) is a kernel thread: it has no memory of its own", pid,
			  safe_text(comm, sizeof(comm), st.comm, sizeof(st.comm)));
	else
		return vec_push(&tr->pids, pid);
	return 0;
}

static int check_cgroup(int root_fd, const char *path)
{
	_cleanup_(cgroup_procs__free) struct cgroup_procs procs = {};
	int err = cgroup_procs__read(root_fd, path, &procs);
	char shown[256];

	return err ? log_error_errno(err, "--cgroup %s",
				     safe_text(shown, sizeof(shown), path, strlen(path)))
		   : 0;
}

static int check_targets(struct trace *tr, int root_fd)
{
	const struct options *o = tr->options;
	int err = 0;

	if (faccessat(root_fd, "proc", R_OK | X_OK, 0))
		return log_error_errno(errno, "cannot read processes: %s/proc", o->sysroot);
	if (o->cgroup)
		err = check_cgroup(root_fd, o->cgroup);
	if (err)
		return err;

	vec_for_each(pid, &o->pids)
		err = err ?: check_pid(tr, root_fd, *pid);
	if (err)
		return log_error_errno(err, "targets");
	return o->pids.n && !tr->pids.n ? -ESRCH : 0;
}

static int make_targets(struct trace *tr)
{
	const struct options *o = tr->options;
	const struct target_spec spec = {
		.pids = tr->pids.v,
		.n_pids = tr->pids.n,
		.comm = o->comm,
		.command_pid = tr->spawn ? spawn__pid(tr->spawn) : 0,
		.self_pid = getpid(),
		.no_follow = o->no_follow,
	};
	int err = target_set__new(&spec, &tr->targets);

	if (err)
		return log_error_errno(err, "targets");
	tr->rec.sampler.targets = tr->targets;
	tr->rec.sampler.cgroup = o->cgroup;
	tr->rec.sampler.command_pid = spec.command_pid;
	return 0;
}

/* exec names a process after the file it executes. */
static void name_command(struct proc_sample *p, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (strncmp(p->comm, SPAWN_COMM, sizeof(p->comm)))
		return;
	memset(p->comm, 0, sizeof(p->comm));
	strncpy(p->comm, slash ? slash + 1 : path, sizeof(p->comm) - 1);
}

/* The kernel side tells how processes ended; without it, we know of our own
 * child, even when it ran for less than the time between two samples. */
static void complete_command_end(struct trace *tr)
{
	int status;

	if (!tr->spawn || spawn__reap(tr->spawn, &status) != 1)
		return;
	vec_for_each(p, &tr->rec.tick.procs) {
		if (p->id.pid != (uint32_t)spawn__pid(tr->spawn) || !p->end.ended)
			continue;
		name_command(p, tr->options->command[0]);
		if (p->end.status_known)
			continue;
		p->end.status_known = true;
		p->end.status = status;
	}
}

static int take_tick(struct trace *tr, unsigned int flags)
{
	int err;

	if (tr->spawn)
		tr->rec.sampler.command_cpu_ns = spawn__cpu_ns(tr->spawn);
	err = recording__sample(&tr->rec, flags);
	if (!err) {
		complete_command_end(tr);
		err = recording__keep(&tr->rec);
	}
	return err ? log_error_errno(err, "sample") : 0;
}

static void on_signal(struct trace *tr, const siginfo_t *si)
{
	if (si->si_signo == SIGCHLD)
		return; /* reaped where the loop looks */
	/* The terminal's Ctrl-C reaches the command too; what was sent to us alone goes
	 * on to it, once the last sample has seen what it holds. */
	if (si->si_code == SI_USER)
		tr->signal = si->si_signo;
	tr->interrupted = true;
}

/* Waits until the time or a signal. */
static void wait_until(struct trace *tr, uint64_t deadline_ns)
{
	siginfo_t si;

	if (wait_signal(&tr->signals, deadline_ns, &si))
		on_signal(tr, &si);
}

static bool all_gone(struct trace *tr)
{
	int status;

	if (tr->spawn)
		spawn__reap(tr->spawn, &status);
	/* Who may yet come by name or cgroup is waited for when the user said how long. */
	if ((tr->options->comm || tr->options->cgroup) && tr->options->duration_ns)
		return false;
	return !target_set__alive(tr->targets, PROC_TARGET | PROC_FOLLOWED);
}

static void show_progress(struct trace *tr, uint64_t start_ns, uint64_t now)
{
	const struct progress_state state = {
		.elapsed_ns = now - start_ns,
		.duration_ns = tr->options->duration_ns,
		.n_samples = tr->rec.history->n_ticks,
		.n_watched = target_set__alive(tr->targets, PROC_TARGET | PROC_FOLLOWED),
	};

	progress__update(&tr->progress, &state, now);
}

/* Has the command ended since the last look? Then its end is sampled at once. */
static bool command_ended(struct trace *tr)
{
	int status;

	return tr->spawn && spawn__reap(tr->spawn, &status) == 1 &&
	       target_set__alive(tr->targets, PROC_TARGET);
}

static int sample_loop(struct trace *tr)
{
	uint64_t start = mono_ns(), interval = tr->options->interval_ns;
	uint64_t end = tr->options->duration_ns ? start + tr->options->duration_ns : UINT64_MAX;
	uint64_t next = start + interval, now = start;
	int err = 0;

	while (!err && !tr->interrupted && now < end) {
		wait_until(tr, min_u64(min_u64(next, tr->rec.house_ns), end));
		now = mono_ns();
		recording__keep_house(&tr->rec, now);
		if ((now >= next && now < end) || command_ended(tr)) {
			err = take_tick(tr, 0);
			/* After a suspend or a stall: the next on the grid, not a burst. */
			while (next <= now)
				next += interval;
			if (all_gone(tr))
				break;
		}
		show_progress(tr, start, now);
	}
	return err;
}

static void stop_command(struct trace *tr)
{
	uint64_t deadline = mono_ns() + COMMAND_GRACE_NS;
	int status;

	if (!tr->spawn || spawn__reap(tr->spawn, &status) != 0)
		return;
	spawn__kill(tr->spawn, tr->signal ? tr->signal : SIGTERM);
	while (spawn__reap(tr->spawn, &status) == 0 && mono_ns() < deadline)
		wait_until(tr, min_u64(deadline, mono_ns() + NS_PER_S / 10));
	if (spawn__reap(tr->spawn, &status) == 0)
		log_warning("the command goes on as pid %d: it did not end when told to",
			    (int)spawn__pid(tr->spawn));
}

static int start(struct trace *tr, int root_fd)
{
	_cleanup_(output_place__close) struct output_place place = {.dirfd = -1};
	int err = recording__open(&tr->rec, root_fd);

	if (!err)
		err = make_targets(tr);
	if (!err && !tr->options->no_session)
		output__place(&tr->rec.out, "memtrace", &place);
	if (!err)
		err = recording__session(&tr->rec, &place);
	if (err)
		return err;
	err = take_tick(tr, SAMPLE_FIRST);
	if (!err && tr->spawn)
		err = spawn__release(tr->spawn);
	/* After the command's exec: what is opened is the address space of now. */
	if (!err)
		sampler__open_ownership(&tr->rec.sampler);
	recording__drop_rights(&tr->rec, tr->spawn != NULL);
	/* With the rights that are left: they are each thread's own. */
	return err ? err : sampler_paths__start(&tr->rec.sampler.paths);
}

static int trace(struct trace *tr, int root_fd)
{
	int err = start(tr, root_fd), status;

	if (err)
		return 1;
	if (!all_gone(tr))
		err = sample_loop(tr);
	progress__erase(&tr->progress);
	if (!err)
		err = take_tick(tr, SAMPLE_LAST);
	recording__finish(&tr->rec);
	status = write_report(&tr->rec.out, tr->rec.history, tr->rec.follow);
	stop_command(tr);
	return err ? 1 : status;
}

static void trace_free(struct trace *tr)
{
	spawn__free(tr->spawn);
	recording__close(&tr->rec);
	target_set__free(tr->targets);
	vec_free(&tr->pids);
}

int run_trace(const struct options *o)
{
	_cleanup_(trace_free) struct trace tr = {.options = o, .rec.options = o};
	_cleanup_close_ int root_fd = -1;

	/* First of all: the child must not inherit what is opened below. */
	if (o->command && spawn__start(o->command, &tr.spawn))
		return 1;
	sigemptyset(&tr.signals);
	sigaddset(&tr.signals, SIGINT);
	sigaddset(&tr.signals, SIGTERM);
	sigaddset(&tr.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &tr.signals, NULL);
	root_fd = open_root(o);
	if (root_fd < 0 || output__open(&tr.rec.out, o) || check_targets(&tr, root_fd))
		return 1;
	progress__init(&tr.progress, STDERR_FILENO, o->verbose < 0);
	return trace(&tr, root_fd);
}
