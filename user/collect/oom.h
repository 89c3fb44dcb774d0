/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OOM kills as the BPF source saw them. */
#pragma once

#include "collect/bpf/tracer.h"
#include "model/oom.h"

struct oom_source {
	const struct mt_oom_log *log; /* NULL: not there */
	uint64_t n_read, n_lost;
};

/* The tracer must outlive it. 0, -ENOENT without the source, -errno. */
int oom_source__open(struct oom_source *s, const struct tracer *tracer);
void oom_source__close(struct oom_source *s);

/* Calls back for each kill since the last call; stops at its error. 0 or that error. */
int oom_source__each(struct oom_source *s, int (*kill)(void *arg, const struct oom_kill *k),
		     void *arg);
/* 0 or -ENOMEM. */
int oom_source__limits(const struct oom_source *s, struct limits *l);

/* What one record of the map says; now_real - now_boot is the time between the clocks. Pure. */
struct oom_kill oom_kill_from_map(const struct mt_oom *k, int64_t boot_to_real_ns);
