/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/pid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char *path = NULL;
	int err = cgroup_parse((struct cursor){text, text + size}, &path);

	if (err) {
		assert(err == -ENOENT && !path);
		return 0;
	}
	assert(path[0] == '/' && !strchr(path, '\n'));
	assert(memmem(data, size, path, strlen(path)));
	free(path);
	return 0;
}
