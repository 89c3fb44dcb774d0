/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source "heap" for kernels with sessions of uprobes (6.13 on): entry and return are one program,
 * which can do without the return. */
#define MT_HEAP_SESSION
#include "heap.bpf.c"
