/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smaps_rollup, and the head of maps: both are lists of mappings and sizes. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "collect/pid.h"
#include "collect/smaps.h"

static void rollup(struct cursor text)
{
	struct smaps_sample s, untouched;
	int err;

	memset(&untouched, 0x5a, sizeof(untouched));
	memcpy(&s, &untouched, sizeof(s));
	err = smaps_rollup_parse(text, &s);
	assert(s.id.pid == untouched.id.pid && s.id.start_ticks == untouched.id.start_ticks);
	if (err) {
		assert(err == -EBADMSG);
		assert(!memcmp(&s, &untouched, sizeof(s)));
		return;
	}
	assert(s.rss % 1024 == 0 && s.pss % 1024 == 0 && s.swap % 1024 == 0);
}

static void heap(struct cursor text, uint64_t start_brk)
{
	const uint64_t untouched = 0x5a5a5a5a5a5a5a5aULL;
	uint64_t whole = untouched, head = untouched;
	int err_whole = pid_heap_parse(text, true, start_brk, &whole);
	int err_head = pid_heap_parse(text, false, start_brk, &head);

	assert(!err_whole || err_whole == -EBADMSG ||
	       (err_whole == -ENODATA && text.p == text.end));
	assert(!err_head || err_head == -EBADMSG || err_head == -ENODATA);
	assert(!err_whole || whole == untouched);
	assert(!err_head || head == untouched);
	/* What the head of the file told, the rest of it cannot change. */
	assert(err_head || (!err_whole && whole == head));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor text = {(const char *)data, (const char *)data + size};

	rollup(text);
	heap(text, 0);
	heap(text, 0x5000);
	return 0;
}
