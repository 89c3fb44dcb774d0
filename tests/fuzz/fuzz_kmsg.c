/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/kmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct oom_kill kill;
	int err = oom_kill_parse((struct cursor){text, text + size}, &kill);

	if (err) {
		assert(err == -ENOENT);
		return 0;
	}
	assert(kill.pid && memmem(data, size, kill.comm, strnlen(kill.comm, COMM_SIZE)));
	return 0;
}
