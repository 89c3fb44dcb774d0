/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of /proc: each takes every text. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "collect/buddyinfo.h"
#include "collect/file_nr.h"
#include "collect/slabinfo.h"
#include "collect/swaps.h"
#include "collect/vmstat.h"
#include "collect/zram.h"
#include "model/fragmentation.h"

static void check_zones(const struct system_sample *s)
{
	vec_for_each(z, &s->zones) {
		assert(z->n_orders && z->n_orders <= BUDDY_ORDERS_MAX);
		assert(memchr(z->zone, '\0', sizeof(z->zone)));
		for (uint32_t order = 0; order < z->n_orders; order++) {
			uint32_t index;

			assert(!unusable_index(z, order, &index) && index <= 1000);
			if (!fragmentation_index(z, order, &index))
				assert(index <= 1000);
		}
	}
	vec_for_each(t, &s->page_types) {
		assert(t->n_orders && t->n_orders <= BUDDY_ORDERS_MAX);
		assert(!(t->capped >> t->n_orders));
		assert(memchr(t->type, '\0', sizeof(t->type)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cursor text = {(const char *)data, (const char *)data + size};
	struct system_sample s = {0};
	struct zram_device zram = {0};
	struct file_table files;
	size_t n_lines = 0;
	uint64_t limit;

	for (size_t i = 0; i < size; i++)
		n_lines += data[i] == '\n';
	assert(!counters_parse(text, &s.vmstat));
	assert(!buddyinfo_parse(text, &s) && !pagetypeinfo_parse(text, &s));
	if (swaps_parse(text, &s))
		assert(!s.swaps.n);
	if (slabinfo_parse(text, &s))
		assert(!s.slabs.n);
	assert(s.vmstat.n <= n_lines && s.zones.n <= n_lines && s.page_types.n <= n_lines &&
	       s.swaps.n <= n_lines && s.slabs.n <= n_lines);
	vec_for_each(d, &s.swaps)
		assert(memchr(d->path, '\0', sizeof(d->path)));
	check_zones(&s);
	if (zram_mm_stat_parse(text, &zram))
		assert(!zram.original && !zram.used);
	file_nr_parse(text, &files);
	pid_fd_limit_parse(text, &limit);
	system_sample__free(&s);
	return 0;
}
