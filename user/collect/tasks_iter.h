/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "collect/bpf/tracer.h"
#include "collect/tasks.h"

/* Every process by the BPF task iterator of the tracer, which must outlive it. */
int tasks_iter__open(const struct tracer *tracer, struct task_source **ret);
