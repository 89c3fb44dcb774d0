/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --on-alert: a program that is run for each alert, without a shell and
 * without arguments; the alert is JSON on its standard input, what it prints
 * goes to our standard error. It has the rights that we kept, no more. It is
 * not waited for: at most ALERT_COMMANDS run at a time, each for a minute.
 */
#pragma once

#include <sys/types.h>

#include "model/alert.h"
#include "model/limit.h"

#define ALERT_COMMANDS 8

/* All zero has no program and does nothing. */
struct alert_command {
	const char *program;
	struct {
		pid_t pid; /* 0: free */
		uint64_t deadline_ns;
	} running[ALERT_COMMANDS];
	uint64_t n_skipped, n_failed;
};

/* now_ns: CLOCK_MONOTONIC, as below. */
void alert_command__run(struct alert_command *c, const struct alert *a, uint64_t now_ns);
/* Collects those that ended, ends those that are over their time. Returns how many still run. */
unsigned int alert_command__reap(struct alert_command *c, uint64_t now_ns);
/* 0 or -ENOMEM. */
int alert_command__limits(const struct alert_command *c, struct limits *l);
