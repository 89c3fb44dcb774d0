/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source "migrate" for kernels without bpf_loop() (before 5.17). */
#define MT_PLAIN_LOOPS
#include "migrate.bpf.c"
