/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures, before anything else is loaded, two things the kernel has no
 * interface for:
 *  - where struct page 0 is (vmemmap is randomized, its symbol often hidden):
 *    user space faults in a page, asks /proc/self/pagemap for its frame number,
 *    and this program saw the struct page it got;
 *  - where each CPU's per-CPU memory is: the offset a map keeps against the
 *    address a lookup gives. Needed to add up per-CPU counters exactly.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "memtrace.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct mt_config cfg SEC(".rodata.cfg") = {};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mt_calibration);
} calibration SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} percpu_probe SEC(".maps");

SEC("raw_tp/mm_page_alloc")
int calibrate_page(struct bpf_raw_tracepoint_args *ctx)
{
	struct mt_calibration *c;
	__u32 zero = 0;

	if ((__u32)bpf_get_current_pid_tgid() != cfg.calibrate_tid || ctx->args[1])
		return 0;
	c = bpf_map_lookup_elem(&calibration, &zero);
	if (c)
		c->page = ctx->args[0];
	return 0;
}

SEC("iter/bpf_map")
int calibrate_percpu(void *ctx)
{
	struct mt_calibration *c;
	__u32 zero = 0;
	__u64 map;

	c = bpf_map_lookup_elem(&calibration, &zero);
	if (!c || c->percpu_base)
		return 0;
	/* Through memory, so that the pointer becomes a plain number. */
	*(volatile __u64 *)&c->percpu_base = (__u64)&percpu_probe;
	map = *(volatile __u64 *)&c->percpu_base;
	bpf_probe_read_kernel(&c->percpu_base, sizeof(c->percpu_base),
			      (void *)(map + bpf_core_field_offset(struct bpf_array, pptrs)));
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_map_lookup_percpu_elem))
		return 0; /* before 5.19; rss_stat is no percpu_counter there */
	for (__u32 cpu = 0; cpu < MT_MAX_CPUS; cpu++) {
		void *p;

		if (cpu >= cfg.n_cpus)
			break;
		p = bpf_map_lookup_percpu_elem(&percpu_probe, &zero, cpu);
		if (p)
			c->percpu_address[cpu] = (__u64)p;
	}
	return 0;
}

/*
 * Can the CPU's preempt_count be read? x86 keeps it per CPU: up to 6.1 and from
 * 6.14 in __preempt_count, between in pcpu_hot. Both are data symbols, which
 * resolve only where kallsyms lists data (CONFIG_KALLSYMS_ALL): loading these
 * is the question, they are never attached.
 */
extern const int __preempt_count __ksym __weak;

struct pcpu_hot {
	int preempt_count;
} __attribute__((preserve_access_index));

extern const struct pcpu_hot pcpu_hot __ksym __weak;

SEC("?raw_tp/mm_page_alloc")
int probe_pc(void *ctx)
{
	const int *count = bpf_this_cpu_ptr(&__preempt_count);

	return *count;
}

SEC("?raw_tp/mm_page_alloc")
int probe_hot(void *ctx)
{
	const struct pcpu_hot *hot = bpf_this_cpu_ptr(&pcpu_hot);

	return hot->preempt_count;
}
