/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <string.h>

#include "analyze/judge.h"

/* Any bytes as a CSV: an error that can be printed, or a verdict that makes sense. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	static struct judge j;
	struct verdict v;

	memset(&j, 0, sizeof(j));
	j.follow = size % 2;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;
		char err[JUDGE_ERROR_SIZE] = "";

		if (judge__line(&j, text, (size_t)(stop - text), err) < 0) {
			assert(err[0] && strlen(err) < sizeof(err));
			for (const char *p = err; *p; p++)
				assert(*p >= ' ' && *p <= '~');
		}
		text = stop + 1;
	}
	assert(j.series.n_buckets <= SERIES_BUCKETS);
	judge__verdict(&j, &v);
	assert(v.kind < _VERDICT_KIND_MAX && v.shape < _SHAPE_MAX && v.reason[0]);
	assert(v.leak_probability >= 0 && v.leak_probability <= 1);
	assert(v.confidence_permille <= 1000);
	if (v.has_rate)
		assert(v.rate_low_kb_h <= v.rate_kb_h && v.rate_kb_h <= v.rate_high_kb_h);
	return 0;
}
