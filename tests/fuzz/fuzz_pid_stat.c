/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "collect/pid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct pid_stat s, untouched;
	int err;

	memset(&untouched, 0x5a, sizeof(untouched));
	memcpy(&s, &untouched, sizeof(s));
	err = pid_stat_parse((struct cursor){text, text + size}, &s);
	if (err) {
		assert(err == -EBADMSG);
		assert(!memcmp(&s, &untouched, sizeof(s)));
		return 0;
	}
	assert(s.comm[COMM_SIZE - 1] == '\0');
	/* What was accepted ends in a newline; without its last byte it is cut. */
	assert(text[size - 1] == '\n');
	assert(pid_stat_parse((struct cursor){text, text + size - 1}, &s) == -EBADMSG ||
	       text[size - 2] == '\n');
	return 0;
}
