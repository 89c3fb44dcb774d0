/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thresholds of alerts, from the command line and from a file. */
#pragma once

#include "cli/options.h"

#define THRESHOLD_WHY_SIZE 256

/*
 * NAME=VALUE: percent (80 or 80%), a size (64M) or a count, as the alert of
 * that name has it. Sets thresholds[] and its bit in *set. 0, or -EINVAL with
 * the reason in why.
 */
int threshold_set(const char *text, uint64_t thresholds[_ALERT_KIND_MAX], uint32_t *set,
		  char why[static THRESHOLD_WHY_SIZE]);

/* Lines NAME=VALUE; blanks around either, empty lines and # comments are fine. What --threshold
 * gave stays. 0, or -errno after one line that names file and line. */
int config_read(const char *path, struct options *o);
