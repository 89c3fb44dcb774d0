/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes probes off in the background: each one waits for a grace period of the
 * kernel, some fifty milliseconds, and they do so one after the other.
 */
#pragma once

#include "collect/bpf/object.h"

struct link_reaper;

int link_reaper__new(struct link_reaper **ret); /* 0 or -errno */
/* Takes the links over; links is empty after it. Without memory it waits for them itself. */
void link_reaper__take(struct link_reaper *r, struct bpf_links *links);
void link_reaper__free(struct link_reaper *r); /* waits for what is left; NULL allowed */
