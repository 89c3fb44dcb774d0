/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page attribution: reads the owner tables that the page programs keep, and
 * keeps house in them (recycles the ids of dead owners, folds those that left
 * pages behind).
 */
#pragma once

#include "collect/bpf/tracer.h"
#include "model/tick.h"

struct owner_list {
	struct owner_sample *v;
	size_t n, cap;
};

struct pages;

/* Opens what the later calls need (kpageflags among it), so that privileges can
 * be dropped afterwards. The tracer must outlive it. 0 or -errno. */
int pages__open(struct tracer *tracer, int root_fd, struct pages **ret);
void pages__close(struct pages *p);

/* Every owner that took pages since attach, and once more those that
 * pages__keep_house() removed since the last call, dead and with nothing live.
 * ret is cleared first. 0 or -errno. */
int pages__read(struct pages *p, struct owner_list *ret);

/* Has this owner executed another program since the last call? By owner id. */
bool pages__take_exec(struct pages *p, uint32_t owner);

/* To be called about once a second: makes room for new owners. 0 or -errno. */
int pages__keep_house(struct pages *p);

/* Looks up in the page flags what pages dead owners left behind, and fills the
 * residue of those entries of list. Walks the whole owner table: once a report,
 * not each tick. 0, or -errno (residue then stays unknown). */
int pages__residue(struct pages *p, struct owner_list *list);

/* 0 or -ENOMEM. */
int pages__limits(struct pages *p, struct limits *l);
uint64_t pages__events(const struct pages *p); /* runs of the page programs so far */
