/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of options about call paths: parsers for option_table[]. */
#pragma once

#include "cli/option_table.h"

int option_set_size(const struct option_def *def, const char *arg, struct options *o);
int option_set_sample(const struct option_def *def, const char *arg, struct options *o);
int option_set_stack_size(const struct option_def *def, const char *arg, struct options *o);
int option_set_budget(const struct option_def *def, const char *arg, struct options *o);
int option_set_heap_sample(const struct option_def *def, const char *arg, struct options *o);
int option_set_heap_max(const struct option_def *def, const char *arg, struct options *o);
int option_add_debug_dir(const struct option_def *def, const char *arg, struct options *o);
int option_set_slab(const struct option_def *def, const char *arg, struct options *o);
