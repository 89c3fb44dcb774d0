/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The modes. Each returns the exit status: 0 fine, 1 failed. */
#pragma once

#include "cli/options.h"

int run_trace(const struct options *o);	 /* --pid, --comm, --cgroup, COMMAND */
int run_report(const struct options *o); /* --report SESSION */
int run_doctor(const struct options *o);
int run_boot(const struct options *o);
int run_install_service(const struct options *o);
int run_uninstall_service(const struct options *o);
int run_status(const struct options *o);
int run_bugreport(const struct options *o);
int run_monitor(const struct options *o); /* --monitor */
int run_analyze(const struct options *o); /* --analyze */
int run_judge(const struct options *o);	  /* --judge FILE|DIR */
