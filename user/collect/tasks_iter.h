/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "collect/bpf/tracer.h"
#include "collect/tasks.h"

/* Every process by the BPF task iterator of the tracer, which must outlive it.
 * root_fd (kept by the caller): /proc, for what the iterator leaves out. */
int tasks_iter__open(const struct tracer *tracer, int root_fd, struct task_source **ret);
