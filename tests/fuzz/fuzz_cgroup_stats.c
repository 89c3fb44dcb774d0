/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>

#include "collect/cgroup_stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cursor text = {(const char *)data, (const char *)data + size};

	for (int value = 0; value < _CGROUP_VALUE_MAX; value++) {
		struct cgroup_sample c = {0};
		int err = cgroup_value_parse(text, (enum cgroup_value)value, &c);

		/* either a number or no limit, and of this value alone */
		assert(err ? err == -EBADMSG && !(c.known | c.unlimited)
			   : (c.known ^ c.unlimited) == 1u << value);
	}
	for (int i = 0; i < 3; i++) {
		struct cgroup_sample c = {0};
		int err = i < 2 ? cgroup_stat_parse(text, i, &c) : cgroup_events_parse(text, &c);

		assert(!err ? c.known && !(c.known >> _CGROUP_VALUE_MAX) : !c.known);
		for (int value = 0; value < _CGROUP_VALUE_MAX; value++)
			assert((c.known & 1u << value) || !c.value[value]);
	}
	return 0;
}
