/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the modes. */
#pragma once

#include <stdbool.h>

#include "cli/options.h"
#include "collect/bpf/sources.h"
#include "model/history.h"

struct output;

/* The directory --sysroot names; descriptor, or -errno after one line. */
int open_root(const struct options *o);
/* Sources named by --no-source. */
void disabled_sources(const struct options *o, bool ret[_SOURCE_MAX]);
/* Builds the report of h and writes it; exit status. */
int write_report(struct output *out, const struct history *h);
