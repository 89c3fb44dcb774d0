/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/recording.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "analyze/follow.h"
#include "base/log.h"
#include "cli/privileges.h"
#include "cli/run_common.h"
#include "cli/run_info.h"
#include "collect/facts.h"

#define NS_PER_S 1000000000ull

/* The owner table is kept tidy at least so often, whatever the interval. */
#define HOUSE_NS NS_PER_S

uint64_t mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

int wait_signal(const sigset_t *signals, uint64_t deadline_ns, siginfo_t *ret)
{
	uint64_t now = mono_ns();
	struct timespec left = {};
	int sig;

	if (deadline_ns > now) {
		left.tv_sec = (deadline_ns - now) / NS_PER_S;
		left.tv_nsec = (deadline_ns - now) % NS_PER_S;
	}
	sig = sigtimedwait(signals, ret, &left);
	return sig > 0 ? sig : 0;
}

/* What works here, and how, explains a report to who reads it elsewhere. */
static int add_facts(struct recording *r, int root_fd)
{
	int err = facts_machine(root_fd, r->info.kernel, &r->facts);
	char self[16];

	snprintf(self, sizeof(self), "%u", r->info.pid);
	if (!err)
		err = facts__add(&r->facts, "self", "pid", self);
	for (size_t i = 0; !err && i < r->features.n; i++) {
		const struct feature *f = &r->features.v[i];
		char value[sizeof(((struct fact *)0)->value)];

		snprintf(value, sizeof(value), "%s: %.180s", feature_state_names[f->state],
			 f->detail);
		err = facts__add(&r->facts, "feature", f->name, value);
	}
	return err;
}

int recording__open(struct recording *r, int root_fd)
{
	const struct options *o = r->options;
	const struct sampling_options sampling = {
		.interval_bytes = o->sample_bytes,
		.stack_bytes = o->stack_bytes,
		.budget_permille = o->unwind_permille,
		.heirs = !o->no_follow,
	};
	const struct heap_options heap = {
		.interval_bytes = o->heap_sample_bytes,
		.max_blocks = o->heap_max,
		.stack_bytes = o->stack_bytes,
		.min_age_ns = o->older_ns,
		.heirs = !o->no_follow,
		.command = o->command ? o->command[0] : NULL,
	};
	bool disabled[_SOURCE_MAX];
	const struct sampler_options options = {
		.no_bpf = o->no_bpf,
		.disabled = disabled,
		.slab = {o->slab, o->exact, o->older_ns},
		.debug_dirs = o->debug_dirs.v,
		.heap = o->heap ? &heap : NULL,
		.sampling = o->mode == MODE_TRACE && o->sample_bytes ? &sampling : NULL,
	};
	int err;

	disabled_sources(o, disabled);
	err = sampler__open(&r->sampler, root_fd, &options, &r->features);
	r->sampler.scan_kmemleak = o->kmemleak_scan;
	if (err)
		return log_error_errno(err, "cannot read processes below %s", o->sysroot);
	malloc_trim(0); /* loading took the types of the kernel, some 10 MiB: free by now */
	run_info__fill(&r->info, o, root_fd);
	if (sampler_system__open(&r->system, root_fd, r->info.page_size))
		return log_error_errno(ENOMEM, "sampler");
	r->info.bpf = r->sampler.pages != NULL;
	if (!r->sampler.tracer && !o->no_bpf) {
		const struct feature *bpf = features__find(&r->features, "bpf");

		log_warning("no page attribution: %s (see --doctor)", bpf ? bpf->detail : "no BPF");
	}
	err = add_facts(r, root_fd);
	if (!err)
		err = history__new(&r->info, &r->history);
	if (!err)
		r->history->code.since_ns = o->since_ns;
	if (!err)
		err = follow__new(&r->follow);
	r->house_ns = mono_ns() + HOUSE_NS;
	return err ? log_error_errno(err, "history") : 0;
}

int recording__session(struct recording *r, const struct output_place *place)
{
	int err = output__session(&r->out, place, &r->info, &r->limits, &r->session);

	return err ? log_error_errno(err, "session") : 0;
}

void recording__drop_rights(struct recording *r, bool kill)
{
	struct privileges_keep keep = {
		.bpf = r->sampler.tracer != NULL || r->sampler.paths.heap.heap != NULL,
		.map_files = r->sampler.paths.paths != NULL || r->sampler.paths.heap.heap != NULL,
		.kill = kill,
		.write_anywhere = r->out.foreign_dir,
	};
	int err;

	/* Rights are each thread's own: the one that probes new processes keeps more. */
	if (r->sampler.paths.heap.heap) {
		keep.probes = true;
		if (privileges_drop(&keep) || sampler_heap__start(&r->sampler.paths.heap))
			log_warning("--heap: processes that start later are not followed");
		keep.probes = false;
	}
	err = privileges_drop(&keep);
	if (err)
		log_warning_errno(err, "privileges were not dropped, going on");
}

int recording__bear(struct recording *r, int err)
{
	static const char kind[] = "samples_incomplete";
	static const char meaning[] =
		"samples that lack what there was no memory to read or to keep: of what they lack, "
		"the one before stands";

	if (!err || !r->tick.seq)
		return err;
	if (!r->n_incomplete)
		log_warning_errno(err, "a sample is incomplete, going on");
	r->n_incomplete += r->incomplete_seq != r->tick.seq;
	r->incomplete_seq = r->tick.seq;
	if (limits__set(&r->limits, kind, r->n_incomplete, meaning) ||
	    limits__set(&r->history->limits, kind, r->n_incomplete, meaning))
		log_debug("no memory to tell that either");
	return 0;
}

static int store_tick(struct recording *r)
{
	int err;

	if (!r->session)
		return 0;
	err = session__write(r->session, &r->tick);
	if (err && !r->store_failing)
		log_warning_errno(err, "session file: samples are not kept, going on");
	if (!err && r->store_failing)
		log_warning("session file: samples are kept again");
	r->store_failing = err != 0;
	return session__limits(r->session, &r->history->limits);
}

int recording__sample(struct recording *r, unsigned int flags)
{
	int err = sampler__tick(&r->sampler, flags, &r->tick);

	if (!err && !r->has_system)
		err = sampler_system__tick(&r->system, flags & (SAMPLE_FIRST | SAMPLE_LAST),
					   &r->tick);
	for (size_t i = 0; !err && i < r->facts.n; i++)
		err = vec_push(&r->tick.facts, r->facts.v[i]);
	r->facts.n = 0;
	err = recording__bear(r, err);
	return err ? err : recording__bear(r, limits__merge(&r->tick.limits, &r->limits));
}

int recording__add_system(struct recording *r, const struct system_sample *system)
{
	return sampler_system__add(&r->system, system, &r->tick);
}

int recording__keep(struct recording *r)
{
	int err = history__add(r->history, &r->tick);

	if (!err)
		err = follow__tick(r->follow, &r->tick);
	/* What history had no memory for, the session may have room for. */
	err = recording__bear(r, err);
	return err ? err : recording__bear(r, store_tick(r));
}

void recording__keep_house(struct recording *r, uint64_t now_ns)
{
	int err;

	if (now_ns < r->house_ns)
		return;
	r->house_ns = now_ns + HOUSE_NS;
	err = r->sampler.pages ? pages__keep_house(r->sampler.pages) : 0;
	if (err)
		log_debug_errno(err, "owner table");
}

void recording__finish(struct recording *r)
{
	if (r->session && session__finish(r->session) == 0)
		log_info("session: %s", r->out.session_path);
}

void recording__close(struct recording *r)
{
	session__close(r->session);
	sampler__close(&r->sampler);
	sampler_system__close(&r->system);
	history__free(r->history);
	follow__free(r->follow);
	output__close(&r->out);
	features__free(&r->features);
	limits__free(&r->limits);
	vec_free(&r->facts);
	tick__free(&r->tick);
}
