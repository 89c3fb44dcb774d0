/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source "async": tells interrupts from the process they interrupt, where the
 * CPU's preempt_count cannot be read. A softirq handler can itself be
 * interrupted, so each kind has its own flag; handlers of one kind do not nest.
 */
#include "owner.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("raw_tp/softirq_entry")
int softirq_enter(void *ctx)
{
	struct mt_cpu *cpu = this_cpu();

	if (cpu)
		cpu->in_softirq = 1;
	return 0;
}

SEC("raw_tp/softirq_exit")
int softirq_leave(void *ctx)
{
	struct mt_cpu *cpu = this_cpu();

	if (cpu)
		cpu->in_softirq = 0;
	return 0;
}

SEC("raw_tp/irq_handler_entry")
int hardirq_enter(void *ctx)
{
	struct mt_cpu *cpu = this_cpu();

	if (cpu)
		cpu->in_hardirq = 1;
	return 0;
}

SEC("raw_tp/irq_handler_exit")
int hardirq_leave(void *ctx)
{
	struct mt_cpu *cpu = this_cpu();

	if (cpu)
		cpu->in_hardirq = 0;
	return 0;
}
