/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segments, mounts, links of descriptors. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collect/fd_links.h"
#include "collect/sysv_shm.h"
#include "collect/tmpfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cursor text = {(const char *)data, (const char *)data + size};
	char *link = strndup(text.p, size);
	struct sysv_list segments = {0};
	struct tmpfs_list mounts = {0};
	struct open_file f;
	int err;

	assert(link);
	fd_link_parse(link, &f);
	assert(f.kind < _FD_KIND_MAX && memchr(f.target, '\0', sizeof(f.target)));
	free(link);

	err = sysv_shm_parse(text, &segments);
	assert(!err || (err == -EBADMSG && !segments.n));
	vec_for_each(s, &segments)
		assert(s->mode <= 0777);
	vec_free(&segments);

	assert(!tmpfs_parse(text, &mounts));
	vec_for_each(m, &mounts) {
		assert(!m->use_known && memchr(m->path, '\0', sizeof(m->path)));
		for (struct tmpfs_mount *o = mounts.v; o < m; o++)
			assert(o->major != m->major || o->minor != m->minor);
	}
	vec_free(&mounts);
	return 0;
}
