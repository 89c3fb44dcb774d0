/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/cgroup_names.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "collect/container.h"

#define BATCH 32

/* Where the name before the one at `at` begins. */
static uint32_t name_before(const struct mt_cgroup *c, uint32_t at)
{
	uint32_t i = at - 1;

	while (i && c->names[i - 1])
		i--;
	return i;
}

int cgroup_path_of(const struct mt_cgroup *c, char **ret)
{
	uint32_t at = c->n < sizeof(c->names) ? c->n : sizeof(c->names) - 1;
	struct strbuf b = {0};

	if (c->cut)
		strbuf_addf(&b, "/...");
	else if (!at)
		strbuf_addf(&b, "/");
	while (at) {
		uint32_t end = at;

		at = name_before(c, at);
		strbuf_addf(&b, "/%.*s", (int)(end - at), &c->names[at]);
	}
	if (b.failed) {
		strbuf_free(&b);
		return -ENOMEM;
	}
	*ret = b.s;
	return 0;
}

void cgroup_names__free(struct cgroup_names *n)
{
	vec_for_each(c, &n->v)
		free(c->path);
	vec_free(&n->v);
	hmap_free(&n->index);
}

const struct cgroup_name *cgroup_names__find(const struct cgroup_names *n, uint64_t id)
{
	uint32_t i;

	return hmap_get(&n->index, (struct hmap_key){{id, 0, 0}}, &i) ? &n->v.v[i] : NULL;
}

int cgroup_names__add(struct cgroup_names *n, uint64_t id, const struct mt_cgroup *c)
{
	struct cgroup_name name = {0};
	int err;

	if (cgroup_names__find(n, id))
		return 0;
	err = cgroup_path_of(c, &name.path);
	err = err ?: container_identify(n->root_fd, name.path, &name.container);
	err = err ?: vec_push(&n->v, name);
	if (err) {
		free(name.path);
		return err;
	}
	return hmap_put(&n->index, (struct hmap_key){{id, 0, 0}}, n->v.n - 1);
}

int cgroup_names__take(struct cgroup_names *n, int map_fd)
{
	_cleanup_free_ struct mt_cgroup *batch = malloc(BATCH * sizeof(*batch));
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	__u64 keys[BATCH], next[2];
	int err = 0, added = 0;
	bool first = true;

	if (!batch)
		return -ENOMEM;
	while (!err && !added) {
		__u32 count = BATCH;

		err = bpf_map_lookup_and_delete_batch(map_fd, first ? NULL : next, next, keys,
						      batch, &count, &opts);
		first = false;
		for (__u32 i = 0; (!err || err == -ENOENT) && i < count; i++)
			added = added ?: cgroup_names__add(n, keys[i], &batch[i]);
	}
	return added ?: err == -ENOENT ? 0 : err;
}
