/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/idle.h"

#define NS_PER_S 1000000000.0

static double rate(uint64_t before, uint64_t now, uint64_t passed_ns)
{
	/* Counters that went back: an interface is gone. Nothing was measured. */
	return now > before ? (double)(now - before) * NS_PER_S / (double)passed_ns : 0;
}

static bool cpu_busy(const struct idle_interval *i)
{
	uint64_t total =
		i->now->cpu_ns > i->before->cpu_ns ? i->now->cpu_ns - i->before->cpu_ns : 0;
	uint64_t others = total > i->own_cpu_ns ? total - i->own_cpu_ns : 0;
	double of_one = (double)others * 1000 / (double)i->passed_ns;

	return of_one > IDLE_CPU_MAX_PERMILLE ||
	       (i->now->n_cpus && of_one / i->now->n_cpus > IDLE_CPU_PERMILLE);
}

static bool io_busy(const struct idle_interval *i)
{
	return rate(i->before->io_bytes, i->now->io_bytes, i->passed_ns) > IDLE_IO_BYTES_S;
}

static bool net_busy(const struct idle_interval *i)
{
	return rate(i->before->net_bytes, i->now->net_bytes, i->passed_ns) > IDLE_NET_BYTES_S;
}

static bool starts_busy(const struct idle_interval *i)
{
	return rate(i->before->starts + i->own_starts, i->now->starts, i->passed_ns) * 60 >
	       IDLE_STARTS_MIN;
}

static bool logins_busy(const struct idle_interval *i)
{
	return i->before->sessions != i->now->sessions || i->now->terminal_ns > i->start_ns;
}

struct idle_verdict idle__judge(const struct idle_interval *i)
{
	static bool (*const parts[_ACTIVITY_PART_MAX])(const struct idle_interval *) = {
		[ACTIVITY_CPU] = cpu_busy,	 [ACTIVITY_IO] = io_busy,
		[ACTIVITY_NET] = net_busy,	 [ACTIVITY_STARTS] = starts_busy,
		[ACTIVITY_LOGINS] = logins_busy,
	};
	uint32_t known = i->before->known & i->now->known;
	struct idle_verdict v = {0};

	for (int part = 0; part < _ACTIVITY_PART_MAX; part++) {
		if (!i->passed_ns || !(known & 1u << part))
			v.uncertain |= 1u << part;
		else if (parts[part](i))
			v.busy |= 1u << part;
	}
	return v;
}

enum boot_phase boot_phase_of(const struct idle_verdict *v, uint64_t uptime_ns, uint64_t warm_up_ns)
{
	const uint32_t needed = 1u << ACTIVITY_CPU | 1u << ACTIVITY_IO;

	if (uptime_ns <= warm_up_ns)
		return PHASE_WARM_UP;
	if (v->busy)
		return PHASE_LOAD;
	return v->uncertain & needed ? PHASE_UNKNOWN : PHASE_IDLE;
}
