/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the modes. */
#pragma once

#include <stdbool.h>

#include "cli/options.h"
#include "collect/bpf/sources.h"
#include "model/history.h"

struct follow;
struct output;
struct report;

/* The directory --sysroot names; descriptor, or -errno after one line. */
int open_root(const struct options *o);
/* Sources named by --no-source. */
void disabled_sources(const struct options *o, bool ret[_SOURCE_MAX]);
/* The report of h as the options want it; 0, or -errno after one line. */
int make_report(const struct options *o, const struct history *h, const struct follow *f,
		struct report **ret);
/* Builds the report of h and writes it; exit status, EXIT_FAIL_ON when --fail-on matches. */
int write_report(struct output *out, const struct history *h, const struct follow *f);

#define EXIT_FAIL_ON 10
