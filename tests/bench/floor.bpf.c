/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cheapest program there is: what a hook costs that does nothing. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp")
int empty(void *ctx)
{
	return 0;
}
