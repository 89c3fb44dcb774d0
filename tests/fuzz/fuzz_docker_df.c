/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon answers, and where runtimes were told to keep their state. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "collect/container.h"
#include "collect/docker_df.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cursor text = {(const char *)data, (const char *)data + size};
	struct docker_disk disk = {.kind[0].total = 77};
	char root[CONTAINER_ROOT_SIZE] = "";
	int err = docker_df_parse(text, &disk);

	if (err)
		assert(disk.kind[0].total == 77 && (err == -EPROTO || err == -EBADMSG));
	if (!container_graphroot_parse(text, root))
		assert(root[0] && root[0] != '/' && memchr(root, '\0', sizeof(root)));
	return 0;
}
