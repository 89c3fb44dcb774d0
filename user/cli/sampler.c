/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/sampler.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "cli/rusage.h"
#include "cli/sampler_ends.h"
#include "collect/cgroup_procs.h"
#include "collect/machine.h"
#include "collect/meminfo.h"
#include "collect/ownership.h"
#include "collect/pid.h"
#include "collect/smaps.h"
#include "collect/tasks_iter.h"
#include "model/key.h"

#define NS_PER_S 1000000000ull

/* Between two looks at the hidden owners that nobody asked for: the first after 30 s, then as
 * much later as the last one took, two thousand times over. */
#define HIDDEN_REST_NS (30 * NS_PER_S)
#define HIDDEN_REST_FACTOR 2000

static void open_user_paths(struct sampler *s, const struct sampling_options *sampling)
{
	int err = sampling ? sampler_paths__open_user(&s->paths, s->pages) : 0;

	if (err)
		features__set(s->features, "call paths", FEATURE_MISSING, "", "samples: %s",
			      strerror(-err));
	else if (sampling)
		features__set(s->features, "call paths", FEATURE_WORKS, "",
			      "samples of the pages that targets take");
}

static void open_vma_paths(struct sampler *s)
{
	int err = tracer__has(s->tracer, SOURCE_VMA) ? sampler_paths__open_vma(&s->paths, s->tracer)
						     : 0;

	if (err)
		features__set(s->features, "vma", FEATURE_MISSING, "", "mmap and brk: %s",
			      strerror(-err));
}

static void open_bpf(struct sampler *s, const struct sampler_options *o)
{
	uint32_t stack_bytes = o->sampling ? o->sampling->stack_bytes : 0;
	int err = tracer__open(s->root_fd, o->disabled, stack_bytes, s->features, &s->tracer);

	if (err) {
		log_debug_errno(err, "no BPF");
		return;
	}
	if (tracer__has(s->tracer, SOURCE_TASK_ITER) &&
	    tasks_iter__open(s->tracer, s->root_fd, &s->tasks))
		features__set(s->features, "task_iter", FEATURE_MISSING, "",
			      "the iterator loads but cannot be opened");
	if (tracer__has(s->tracer, SOURCE_OBJECTS) && hidden__open_bpf(s->hidden, s->tracer))
		features__set(s->features, "objects", FEATURE_MISSING, "",
			      "the iterators load but cannot be opened");
	if (o->sampling)
		err = sampler_paths__open_stacks(&s->paths, o->sampling);
	if (!err && o->sampling)
		open_vma_paths(s);
	if (err || !tracer__has(s->tracer, SOURCE_PAGE))
		return;
	err = pages__open(s->tracer, s->root_fd, &s->pages);
	if (err) {
		features__set(s->features, "page", FEATURE_MISSING, "", "owner tables: %s",
			      strerror(-err));
		return;
	}
	open_user_paths(s, o->sampling);
	err = sampler_paths__open_kernel(&s->paths, s->pages);
	if (err)
		features__set(s->features, "kernel paths", FEATURE_MISSING, "", "samples: %s",
			      strerror(-err));
	tracer__attach(s->tracer, s->features);
}

static int open_kernel_side(struct sampler *s, const struct sampler_options *o)
{
	int err = sampler_paths__open(&s->paths, s->root_fd, o->debug_dirs);

	if (err)
		return err;
	open_bpf(s, o);
	sampler_heap__open(&s->paths.heap, s->root_fd, o->heap, &s->paths.book, s->features);
	return sampler_slab__open(&s->paths.slab, &o->slab, &s->paths.book, s->features);
}

int sampler__open(struct sampler *s, int root_fd, const struct sampler_options *o,
		  struct features *features)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->root_fd = root_fd;
	s->features = features;
	err = delta__new(&s->delta);
	if (!err)
		err = hidden__new(root_fd, (uint64_t)sysconf(_SC_PAGESIZE), &s->hidden);
	if (err)
		return err;
	if (o->no_bpf)
		features__set(features, "bpf", FEATURE_MISSING, "run without --no-bpf",
			      "switched off by --no-bpf");
	else
		err = open_kernel_side(s, o);
	if (err || s->tasks)
		return err;
	err = tasks_proc__open(root_fd, &s->tasks);
	return err ? log_debug_errno(err, "proc") : 0;
}

void sampler__close(struct sampler *s)
{
	vec_for_each(o, &s->ownership)
		ownership__close(*o);
	vec_free(&s->ownership);
	if (s->tasks)
		s->tasks->close(s->tasks);
	sampler_paths__close(&s->paths);
	pages__close(s->pages);
	tracer__close(s->tracer);
	delta__free(s->delta);
	hidden__free(s->hidden);
	task_list__free(&s->list);
	vec_free(&s->owners);
}

static struct proc_sample *find_proc(struct task_list *l, struct proc_id id)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->v[mid].id.pid < id.pid)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n && proc_id_equal(l->v[low].id, id) ? &l->v[low] : NULL;
}

static void mark_execs(struct sampler *s)
{
	vec_for_each(o, &s->owners) {
		struct proc_sample *p;

		if (o->kind != OWNER_PROCESS || o->dead || !pages__take_exec(s->pages, o->owner))
			continue;
		p = find_proc(&s->list, o->id);
		if (!p)
			continue;
		/* The command's first exec is its start. */
		if (p->id.pid == s->command_pid && !s->command_runs)
			s->command_runs = true;
		else
			p->flags |= PROC_EXECED;
	}
}

/* A parent that came and went between two readings is known to the kernel side only. */
static int learn_parents(struct sampler *s)
{
	int err = 0;

	vec_for_each(o, &s->owners)
		if (!err && o->kind == OWNER_PROCESS)
			err = target_set__learn(s->targets, o->id, o->parent);
	return err;
}

static int update_cgroup(struct sampler *s)
{
	_cleanup_(cgroup_procs__free) struct cgroup_procs procs = {};
	int err = cgroup_procs__read(s->root_fd, s->cgroup, &procs);

	/* Gone, or not readable now: nobody is in it, as far as we can tell. */
	if (err && err != -ENOENT)
		s->n_cgroups_skipped++;
	s->n_cgroups_skipped += procs.n_skipped;
	return target_set__set_cgroup(s->targets, procs.v, procs.n);
}

static int update_targets(struct sampler *s, struct tick *t)
{
	int err = 0;

	mark_execs(s);
	if (!s->targets)
		return 0;
	if (s->cgroup)
		err = update_cgroup(s);
	if (!err)
		err = learn_parents(s);
	if (!err)
		err = target_set__update(s->targets, &s->list, t);
	return err ? err
		   : sampler_paths__mark(&s->paths, s->targets, &s->owners,
					 s->command_runs ? 0 : s->command_pid);
}

/* The command's process exists but has not executed it: what it has now is a
 * copy of ourselves, gone with exec. */
static void forget_before_exec(struct sampler *s)
{
	vec_for_each(p, &s->list) {
		if (p->id.pid != s->command_pid)
			continue;
		for (int v = PROC_RSS; v <= PROC_PAGE_TABLE; v++) {
			p->value[v] = 0;
			p->known |= 1u << v;
		}
		p->approx = 0;
	}
}

static void add_cgroups(struct sampler *s, struct tick *t)
{
	vec_for_each(p, &t->procs)
		if (p->flags & (PROC_TARGET | PROC_FOLLOWED) && !p->end.ended && !p->cgroup)
			if (cgroup_read(s->root_fd, p->id.pid, &p->cgroup))
				p->cgroup = NULL; /* died meanwhile, or no cgroups here */
}

struct smaps_arg {
	struct sampler *s;
	struct tick *t;
};

static int add_smaps(void *arg, const struct target *target)
{
	struct smaps_arg *a = arg;
	struct smaps_sample sample = {.id = target->id};
	int err;

	if (!target->alive)
		return 0;
	err = smaps_rollup_read(a->s->root_fd, target->id, &sample);
	if (err == -EACCES || err == -EPERM)
		a->s->smaps_denied++;
	if (err)
		return 0;
	return vec_push(&a->t->smaps, sample);
}

static int open_one_ownership(void *arg, const struct target *target)
{
	struct sampler *s = arg;
	struct ownership *o;
	int err;

	if (!target->alive)
		return 0;
	err = ownership__open(s->pages, s->root_fd, target->id, &o);
	if (!err && vec_push(&s->ownership, o)) {
		ownership__close(o);
		err = -ENOMEM;
	}
	if (err && err != -ENOENT && err != -ESRCH)
		s->ownership_lost++;
	return 0;
}

void sampler__open_ownership(struct sampler *s)
{
	if (s->pages && s->targets)
		target_set__each(s->targets, open_one_ownership, s);
}

static int add_ownership(struct sampler *s, struct tick *t)
{
	int err = 0;

	vec_for_each(o, &s->ownership) {
		struct ownership_sample sample;
		int one = ownership__read(*o, &sample);

		if (!one && !err)
			err = vec_push(&t->ownership, sample);
		else if (one && one != -ENODATA) /* has ended, or is another program now */
			s->ownership_lost++;
	}
	return err;
}

static void read_owners(struct sampler *s, unsigned int flags)
{
	int err;

	if (!s->pages)
		return;
	err = pages__read(s->pages, &s->owners);
	s->n_owner_errors += err != 0;
	if (!err && flags & SAMPLE_LAST && pages__residue(s->pages, &s->owners))
		log_debug("what dead processes left is not told apart");
}

static int add_own_limits(const struct sampler *s, struct tick *t)
{
	const struct limit_count own[] = {
		{s->n_task_errors, "process_lists_lost",
		 "readings of the process list that failed"},
		{s->n_owner_errors, "owner_reads_lost", "readings of the owner table that failed"},
		{s->n_cgroups_skipped, "cgroups_skipped",
		 "cgroups that could not be read: their processes are not watched"},
		{s->ownership_lost, "ownership_unknown",
		 "watched processes whose pages were not looked through at the end: no right to "
		 "see "
		 "page frames, or too much address space"},
		{s->smaps_denied, "smaps_denied",
		 "processes whose PSS and USS could not be read without more rights"},
	};

	return limits__set_counts(&t->limits, own, sizeof(own) / sizeof(own[0]));
}

static int add_limits(struct sampler *s, struct tick *t)
{
	const struct feature *bpf = features__find(s->features, "bpf");
	int err = s->tasks->limits(s->tasks, &t->limits);

	if (!err && !s->tracer)
		err = limits__set(&t->limits, "no_bpf", 0,
				  "no page attribution, only what /proc tells: %s",
				  bpf ? bpf->detail : "no BPF");
	else if (!err)
		err = tracer__limits(s->tracer, &t->limits);
	if (!err && s->pages)
		err = pages__limits(s->pages, &t->limits);
	if (!err)
		err = hidden__limits(s->hidden, &t->limits);
	return err ? err : add_own_limits(s, t);
}

/* Ours, and that of what we started and have waited for: who asks the journal has its answer from
 * journalctl's work. The command has its own row among the processes. */
static uint64_t own_cpu_ns(const struct sampler *s)
{
	struct rusage self, children;
	uint64_t helpers;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	helpers = rusage_cpu_ns(&children);
	helpers -= s->command_cpu_ns < helpers ? s->command_cpu_ns : helpers;
	return rusage_cpu_ns(&self) + helpers;
}

void sampler__add_self(struct sampler *s, struct tick *t)
{
	char buf[128];
	unsigned long long resident;

	t->self.cpu_ns = own_cpu_ns(s);
	if (read_file_at(s->root_fd, "proc/self/statm", buf, sizeof(buf)) > 0 &&
	    sscanf(buf, "%*u %llu", &resident) == 1)
		t->self.rss_bytes = resident * sysconf(_SC_PAGESIZE);
	if (s->tracer)
		tracer__self(s->tracer, &t->self);
	if (s->pages)
		t->self.events = pages__events(s->pages);
}

static int add_processes(struct sampler *s, unsigned int flags, struct tick *t)
{
	int err = update_targets(s, t);

	if (flags & SAMPLE_FIRST)
		forget_before_exec(s);
	return err ? err : delta__procs(s->delta, &s->list, t);
}

/* A look costs what it looks at: dentries, and time. What it finds is of after meminfo's reading,
 * except at the first tick, where its own cost is to be in the start. */
static int add_hidden(struct sampler *s, unsigned int flags, struct tick *t)
{
	uint64_t start = t->mono_ns, rest;
	int err;

	if (s->list_failed)
		return 0;
	if (!(flags & (SAMPLE_FIRST | SAMPLE_LAST)) &&
	    (start < s->hidden_due_ns || !hidden__is_due(s->hidden, t)))
		return 0;
	if (s->scan_kmemleak && flags & SAMPLE_LAST)
		hidden__scan_kmemleak(s->hidden);
	start = clock_ns(CLOCK_BOOTTIME);
	err = hidden__read(s->hidden, &s->list, t);
	rest = (clock_ns(CLOCK_BOOTTIME) - start) * HIDDEN_REST_FACTOR;
	s->hidden_due_ns = start + (rest > HIDDEN_REST_NS ? rest : HIDDEN_REST_NS);
	return err;
}

static int add_machine(struct sampler *s, unsigned int flags, struct tick *t)
{
	int err = flags & SAMPLE_FIRST ? add_hidden(s, flags, t) : 0;

	if (!err && meminfo_read(s->root_fd, t) == -ENOMEM)
		err = -ENOMEM;
	if (!err)
		err = machine_read(s->root_fd, (uint64_t)sysconf(_SC_PAGESIZE), t);
	if (!err && !(flags & SAMPLE_FIRST))
		err = add_hidden(s, flags, t);
	if (!err)
		err = hidden__machine(s->hidden, t);
	return err;
}

int sampler__tick(struct sampler *s, unsigned int flags, struct tick *t)
{
	struct smaps_arg arg = {s, t};
	uint64_t owner_errors = s->n_owner_errors;
	int err = 0, list_err;

	tick__clear(t);
	t->seq = s->seq++;
	t->time_ns = clock_ns(CLOCK_REALTIME);
	t->mono_ns = clock_ns(CLOCK_BOOTTIME);
	/* Processes before owners: whoever is in the list has its owner's counts
	 * from the same moment or later. */
	list_err = s->tasks->read(s->tasks, &s->list);
	read_owners(s, flags);
	s->list_failed = list_err != 0;
	if (list_err) {
		/* Nobody ended because a reading failed: this tick has no processes. */
		log_debug_errno(list_err, "%s", s->tasks->name);
		s->n_task_errors++;
	} else {
		err = add_processes(s, flags, t);
	}
	/* Nobody's pages are gone because a reading failed. */
	if (!err && s->n_owner_errors == owner_errors)
		err = delta__owners(s->delta, s->owners.v, s->owners.n, t);
	if (err)
		return err;
	err = sampler_complete_ends(&s->owners, flags & SAMPLE_LAST, t);
	add_cgroups(s, t);
	if (!err && s->targets && flags & (SAMPLE_FIRST | SAMPLE_LAST))
		err = target_set__each(s->targets, add_smaps, &arg);
	if (!err && flags & SAMPLE_LAST)
		err = add_ownership(s, t);
	if (!err)
		err = add_machine(s, flags, t);
	if (!err)
		err = sampler_paths__tick(&s->paths, flags & SAMPLE_LAST, t);
	if (!err)
		err = add_limits(s, t);
	sampler__add_self(s, t);
	return err;
}
