/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of options: the parsers of option_table[]. Each returns 0, -ENOMEM, or
 * usage_error()'s value after it.
 */
#pragma once

#include "cli/option_table.h"

int add_pids(const struct option_def *def, const char *arg, struct options *o);
int add_source(const struct option_def *def, const char *arg, struct options *o);
int bugreport_word(unsigned int nth, const char *arg, struct options *o);
int analyze_word(unsigned int nth, const char *arg, struct options *o);
int monitor_word(unsigned int nth, const char *arg, struct options *o);
int say_less(const struct option_def *def, const char *arg, struct options *o);
int say_more(const struct option_def *def, const char *arg, struct options *o);
int set_duration(const struct option_def *def, const char *arg, struct options *o);
int set_fail_on(const struct option_def *def, const char *arg, struct options *o);
int set_flag(const struct option_def *def, const char *arg, struct options *o);
int set_format(const struct option_def *def, const char *arg, struct options *o);
int set_monitor(const struct option_def *def, const char *arg, struct options *o);
int set_nothing(const struct option_def *def, const char *arg, struct options *o);
int set_string(const struct option_def *def, const char *arg, struct options *o);
int set_threshold(const struct option_def *def, const char *arg, struct options *o);
int set_u32(const struct option_def *def, const char *arg, struct options *o);
