/* SPDX-License-Identifier: GPL-2.0-or-later */
/* maps and smaps. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "collect/mapping.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor text = {(const char *)data, (const char *)data + size}, line;
	struct smaps_scan scan = {0};
	uint64_t n = 0;

	while (!cursor_line(&text, &line)) {
		struct mapping_line m, untouched;
		int err;

		memset(&untouched, 0x5a, sizeof(untouched));
		memcpy(&m, &untouched, sizeof(m));
		err = mapping_line_parse(line, &m);
		assert(!err || (err == -EBADMSG && !memcmp(&m, &untouched, sizeof(m))));
		if (!err) {
			assert(m.start <= m.end && memchr(m.name, '\0', sizeof(m.name)));
			assert(mapping_class_of(&m) < _MAPPING_CLASS_MAX);
		}
		smaps_scan__line(&scan, line);
	}
	smaps_scan__end(&scan);
	for (int i = 0; i < _MAPPING_CLASS_MAX; i++) {
		const struct mapping_sample *m = &scan.class[i];

		n += m->n;
		assert(m->n || (!m->size && !m->rss && !m->swap));
		assert(m->largest <= m->rss || m->largest - m->rss <= m->swap);
		assert(memchr(m->name, '\0', sizeof(m->name)));
	}
	assert(n <= size);
	return 0;
}
