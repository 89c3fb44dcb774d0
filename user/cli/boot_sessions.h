/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions that --boot left in a directory: boot-YYYYMMDD_HHMMSS.db and its logs. */
#pragma once

#include "model/boot_growth.h"

#define BOOT_STAMP_SIZE 32

struct boot_session {
	char stamp[BOOT_STAMP_SIZE];
	uint64_t bytes;	    /* with its logs */
	uint64_t changed_s; /* when something of it was written last, CLOCK_REALTIME */
};

struct boot_sessions {
	struct boot_session *v; /* newest first */
	size_t n, cap;
};

/* 0 or -errno. */
int boot_sessions__list(int dirfd, struct boot_sessions *ret);
/* Keeps the newest as boots__retain() decides; never `own`, nor one that was written to in the
 * last ten minutes: somebody may still do so. Returns how many were removed, or -errno. */
int boot_sessions__retain(int dirfd, const char *own, uint32_t keep, uint64_t max_bytes);
/* Memory used over time, and facts; a damaged session gives what can be read. 0 or -errno, then
 * ret is empty. */
int boot_session__load(const char *dir, const char *stamp, struct boot_run *ret);

/* Copies of the units of f that r does not have; keeps r->units sorted. 0 or -ENOMEM. */
struct facts;
int boot_run__add_units(struct boot_run *r, const struct facts *f);
