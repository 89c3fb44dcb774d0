/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/path_table.h"

#include <errno.h>
#include <string.h>

#include "collect/sample_sums.h"

static int add_node(struct path_table *t, struct code_node node, struct hmap_key key, uint32_t *ret)
{
	int err;

	node.id = t->nodes.n + 1;
	err = vec_push(&t->nodes, node);
	if (err)
		return err;
	err = hmap_put(&t->node_index, key, node.id);
	if (err)
		t->nodes.n--;
	else
		*ret = node.id;
	return err;
}

int path_table__stack(struct path_table *t, const struct path_frame_at *frames, size_t n,
		      uint32_t *ret_leaf)
{
	uint32_t id = 0;

	if (t->nodes.n + n > PATH_NODES_MAX) {
		t->n_over++;
		*ret_leaf = 0;
		return 0;
	}
	for (size_t i = n; i-- > 0;) {
		struct code_node node = {
			.parent = id, .module = frames[i].module, .addr = frames[i].addr};
		struct hmap_key key = {{node.parent, node.module, node.addr}};
		int err;

		if (hmap_get(&t->node_index, key, &id))
			continue;
		err = add_node(t, node, key, &id);
		if (err)
			return err;
	}
	*ret_leaf = id;
	return 0;
}

static struct hmap_key path_key(const struct path_sample *p, uint64_t exec_id)
{
	return (struct hmap_key){{
		p->proc.pid | (uint64_t)p->domain << 32 | (uint64_t)p->complete << 40,
		p->proc.start_ticks,
		p->leaf | exec_id << 32,
	}};
}

int path_table__path(struct path_table *t, const struct path_sample *like, uint64_t exec_id,
		     uint32_t *ret_path)
{
	struct path_entry e = {.now = *like, .exec_id = exec_id};
	struct hmap_key key = path_key(like, exec_id);
	int err;

	if (hmap_get(&t->path_index, key, ret_path))
		return 0;
	if (t->paths.n >= PATHS_MAX && like->leaf) {
		t->n_over++;
		e.now.leaf = 0;
		e.now.complete = false;
		return path_table__path(t, &e.now, exec_id, ret_path);
	}
	e.now.id = t->paths.n + 1;
	err = vec_push(&t->paths, e);
	if (err)
		return err;
	err = hmap_put(&t->path_index, key, e.now.id);
	if (err)
		t->paths.n--;
	else
		*ret_path = e.now.id;
	return err;
}

bool path_table__has(const struct path_table *t, const struct path_sample *like, uint64_t exec_id)
{
	uint32_t i;

	return hmap_get(&t->path_index, path_key(like, exec_id), &i);
}

void path_table__begin(struct path_table *t, enum path_domain domain)
{
	vec_for_each(e, &t->paths) {
		if (e->now.domain != domain)
			continue;
		e->live = e->variance = 0;
		e->now.samples = e->now.oldest = 0;
	}
}

void path_table__end(struct path_table *t, enum path_domain domain)
{
	vec_for_each(e, &t->paths) {
		if (e->now.domain != domain)
			continue;
		e->now.live = (uint64_t)e->live;
		e->now.error = (uint64_t)(SAMPLE_ERROR_SIGMAS * sqrt(e->variance));
	}
}

int path_table__tell(struct path_table *t, struct tick *tick)
{
	int err = 0;

	for (; !err && t->n_nodes_told < t->nodes.n; t->n_nodes_told += !err)
		err = vec_push(&tick->nodes, t->nodes.v[t->n_nodes_told]);
	vec_for_each(p, &t->paths) {
		if (err)
			return err;
		if (!memcmp(&p->now, &p->told, sizeof(p->now)))
			continue;
		err = vec_push(&tick->paths, p->now);
		if (!err)
			p->told = p->now;
	}
	return err;
}

void path_table__free(struct path_table *t)
{
	vec_free(&t->nodes);
	vec_free(&t->paths);
	hmap_free(&t->node_index);
	hmap_free(&t->path_index);
}
