/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "collect/pid.h"

#define BIT(value) (1U << (value))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint32_t sizes = BIT(PROC_RSS) | BIT(PROC_ANON) | BIT(PROC_FILE) | BIT(PROC_SHMEM) |
			       BIT(PROC_SWAP) | BIT(PROC_PAGE_TABLE);
	const char *text = (const char *)data;
	struct pid_status s, untouched;
	int err;

	memset(&untouched, 0x5a, sizeof(untouched));
	memcpy(&s, &untouched, sizeof(s));
	err = pid_status_parse((struct cursor){text, text + size}, &s);
	if (err) {
		assert(err == -EBADMSG);
		assert(!memcmp(&s, &untouched, sizeof(s)));
		return 0;
	}
	assert(s.known || s.has_uid);
	assert(!(s.known & ~(sizes | BIT(PROC_THREADS))));
	for (int i = 0; i < _PROC_VALUE_MAX; i++) {
		assert((s.known & BIT(i)) || s.value[i] == 0);
		assert(!(sizes & BIT(i)) || s.value[i] % 1024 == 0);
	}
	if (s.known & BIT(PROC_RSS))
		assert(s.value[PROC_RSS] ==
		       s.value[PROC_ANON] + s.value[PROC_FILE] + s.value[PROC_SHMEM]);
	return 0;
}
