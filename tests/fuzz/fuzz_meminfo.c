/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>

#include "collect/meminfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct tick t = {0};
	size_t n_lines = 0;

	for (size_t i = 0; i < size; i++)
		n_lines += text[i] == '\n';
	assert(!meminfo_parse((struct cursor){text, text + size}, &t));
	assert(t.meminfo.n <= n_lines);
	vec_for_each(m, &t.meminfo) {
		uint64_t bytes;

		assert(m->name[0] && memchr(m->name, '\0', sizeof(m->name)));
		assert(!strchr(m->name, ':') && !strchr(m->name, '\n'));
		assert(m->is_count || m->bytes % 1024 == 0);
		assert(!meminfo_find(t.meminfo.v, t.meminfo.n, m->name, &bytes));
	}
	tick__free(&t);
	return 0;
}
