/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cli/doctor.h"
#include "cli/run.h"
#include "cli/run_common.h"
#include "cli/sampler.h"

static const struct {
	const char *name, *path, *gives, *fix;
} files[] = {
	{"page flags", "proc/kpageflags", "tells what exited processes left behind", "run as root"},
	{"pressure", "proc/pressure/memory", "memory pressure (PSI)", "boot with psi=1"},
	{"zoneinfo", "proc/zoneinfo", "extent of physical memory", ""},
};

static void probe_files(int root_fd, struct features *f)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		_cleanup_close_ int fd = openat(root_fd, files[i].path, O_RDONLY | O_CLOEXEC);

		if (fd >= 0)
			features__set(f, files[i].name, FEATURE_WORKS, "", "%s", files[i].gives);
		else
			features__set(f, files[i].name, FEATURE_MISSING, files[i].fix,
				      "%s: /%s: %m", files[i].gives, files[i].path);
	}
}

static void probe_reading(struct sampler *s, struct features *f)
{
	int err = s->tasks->read(s->tasks, &s->list);

	if (err)
		features__set(f, "process list", FEATURE_MISSING, "", "%s: %s", s->tasks->name,
			      strerror(-err));
	else
		features__set(f, "process list", FEATURE_WORKS, "", "%zu processes by %s",
			      s->list.n, s->tasks->name);
}

int run_doctor(const struct options *o)
{
	_cleanup_close_ int root_fd = open_root(o);
	_cleanup_(features__free) struct features features = {};
	_cleanup_(sampler__close) struct sampler s = {};
	bool disabled[_SOURCE_MAX];
	const struct sampling_options sampling = {
		.interval_bytes = o->sample_bytes,
		.stack_bytes = o->stack_bytes,
		.budget_permille = o->unwind_permille,
	};
	/* What is attached on demand is tried as well. */
	const struct heap_options heap = {
		.max_blocks = o->heap_max,
		.stack_bytes = o->stack_bytes,
	};
	const struct sampler_options options = {
		.no_bpf = o->no_bpf,
		.disabled = disabled,
		.sampling = &sampling,
		.slab = {.mode = o->no_bpf ? SLAB_OFF : SLAB_ON},
		.heap = o->no_bpf ? NULL : &heap,
	};
	int err;

	if (root_fd < 0)
		return 1;
	disabled_sources(o, disabled);
	err = sampler__open(&s, root_fd, &options, &features);
	if (err)
		features__set(&features, "process list", FEATURE_MISSING, "", "/proc: %s",
			      strerror(-err));
	else
		probe_reading(&s, &features);
	probe_files(root_fd, &features);
	err = doctor_print(&features, o->format, stdout);
	return err ? 1 : 0;
}
