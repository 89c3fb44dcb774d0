/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdint.h>

#include "collect/proc_maps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor text = {(const char *)data, (const char *)data + size};
	struct map_line m;

	while (proc_maps_next(&text, &m) == 0) {
		assert(m.end > m.start);
		assert(m.path.p <= m.path.end);
		assert(m.path.p >= (const char *)data && m.path.end <= (const char *)data + size);
	}
	return 0;
}
