/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/boot_growth.h"

const char *const activity_part_names[] = {
	[ACTIVITY_CPU] = "cpu",	      [ACTIVITY_IO] = "io",	    [ACTIVITY_NET] = "net",
	[ACTIVITY_STARTS] = "starts", [ACTIVITY_LOGINS] = "logins",
};

const char *const boot_phase_names[] = {
	[PHASE_WARM_UP] = "warm-up",
	[PHASE_IDLE] = "idle",
	[PHASE_LOAD] = "load",
	[PHASE_UNKNOWN] = "unknown",
};

const char *const critical_kind_names[] = {
	[CRITICAL_NONE] = "other",
	[CRITICAL_OOM] = "oom",
	[CRITICAL_ALLOCATION] = "allocation",
	[CRITICAL_HUNG] = "hung",
	[CRITICAL_IO] = "io-error",
	[CRITICAL_OOPS] = "oops",
	[CRITICAL_HARDWARE] = "hardware",
	[CRITICAL_CRASH] = "crash",
	[CRITICAL_SERVICE] = "service",
	[CRITICAL_SUSPEND] = "suspend",
	[CRITICAL_RESUME] = "resume",
};

const char *const grower_kind_names[] = {
	[GROWER_LINE] = "line",
	[GROWER_PROCESS] = "process",
	[GROWER_GROUP] = "group",
	[GROWER_SLAB] = "slab",
};

void boot_growth__free(struct boot_growth *g)
{
	vec_free(&g->v);
	hmap_free(&g->index);
}

void boot_run__free(struct boot_run *r)
{
	vec_for_each(unit, &r->units)
		free(*unit);
	vec_free(&r->units);
	vec_free(&r->points);
}
