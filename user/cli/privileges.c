/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/privileges.h"

#include <errno.h>
#include <stddef.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static int add(cap_t to, cap_t have, cap_value_t cap)
{
	cap_flag_value_t set;

	if (cap_get_flag(have, cap, CAP_PERMITTED, &set) || set != CAP_SET)
		return 0; /* not ours to keep, or not known to this kernel */
	if (cap_set_flag(to, CAP_PERMITTED, 1, &cap, CAP_SET) ||
	    cap_set_flag(to, CAP_EFFECTIVE, 1, &cap, CAP_SET))
		return -errno;
	return 0;
}

static int drop_to(cap_t to, const bool keep[CAP_LAST_CAP + 1])
{
	/* The bounding set first: it takes CAP_SETPCAP to change. */
	for (cap_value_t cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!keep[cap] && CAP_IS_SUPPORTED(cap))
			cap_drop_bound(cap);
	return cap_set_proc(to) ? -errno : 0;
}

int privileges_drop(const struct privileges_keep *keep)
{
	const struct {
		cap_value_t cap;
		bool wanted;
	} caps[] = {
		{CAP_SYS_PTRACE, true}, /* smaps_rollup, fd of others */
		{CAP_DAC_READ_SEARCH, true},
		{CAP_SYS_ADMIN, keep->probes},
		{CAP_SYS_NICE, keep->probes}, /* of the thread that must not be late */
		{CAP_BPF, keep->bpf},
		{CAP_PERFMON, keep->bpf},
		{CAP_CHECKPOINT_RESTORE, keep->map_files},
		{CAP_KILL, keep->kill},
		{CAP_DAC_OVERRIDE, keep->write_anywhere},
	};
	bool kept[CAP_LAST_CAP + 1] = {};
	cap_t have = cap_get_proc(), to = cap_init();
	int err = have && to ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof(caps) / sizeof(caps[0]); i++) {
		if (!caps[i].wanted)
			continue;
		kept[caps[i].cap] = true;
		err = add(to, have, caps[i].cap);
	}
	if (!err)
		err = drop_to(to, kept);
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	if (have)
		cap_free(have);
	if (to)
		cap_free(to);
	return err;
}
