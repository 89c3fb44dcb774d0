/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/flame_tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/frame_text.h"
#include "sink/stack_name.h"

#define NO_PARENT UINT32_MAX

struct builder {
	struct flame_tree *tree;
	struct hmap children; /* of (parent, name) */
	const struct report_path *path;
	uint32_t at; /* node that was reached */
};

/* Goes up to the child of this name, making it when it is new. */
static int step(struct builder *b, const char *name, const struct path_frame *f)
{
	struct flame_tree *t = b->tree;
	const char *kept = strings__keep(&t->strings, name);
	struct hmap_key key = {{b->at, (uintptr_t)kept, f && f->inlined}};
	uint32_t number = (uint32_t)t->nodes.n;
	struct flame_node *n;

	if (!kept)
		return -ENOMEM;
	if (!hmap_get(&b->children, key, &number)) {
		struct flame_node new = {.name = kept, .parent = b->at, .domain = b->path->domain};

		if (b->at != NO_PARENT)
			new.depth = t->nodes.v[b->at].depth + 1;
		if (f) {
			new.module = f->module;
			new.file = f->file;
			new.line = f->line;
			new.inlined = f->inlined;
		}
		if (vec_push(&t->nodes, new) || hmap_put(&b->children, key, number))
			return -ENOMEM;
	}
	n = &t->nodes.v[number];
	/* One function at several places: none of them is the node's. */
	if (f && (n->line != f->line || n->file != f->file))
		n->line = 0;
	n->bytes += report_path__held(b->path);
	n->samples += b->path->samples;
	n->error_squared += (double)b->path->error_bytes * (double)b->path->error_bytes;
	b->at = number;
	if (n->depth + 1 > t->depth)
		t->depth = n->depth + 1;
	return 0;
}

static int add_frames(struct builder *b, const struct path_frames *f)
{
	char name[FRAME_NAME_SIZE];
	int err = 0;

	for (size_t i = f->n; !err && i-- > 0;) {
		if (b->tree->nodes.v[b->at].depth + 2 >= FLAME_DEPTH_MAX && i) {
			snprintf(name, sizeof(name), "[%zu more frames]", i + 1);
			return step(b, name, NULL);
		}
		err = step(b, frame_name(name, &f->v[i]), &f->v[i]);
	}
	return err;
}

static int add_path(struct builder *b)
{
	char owner[STACK_ROOT_SIZE];
	const char *missing = stack_missing(b->path);
	int err;

	b->at = NO_PARENT;
	err = step(b, path_domain_names[b->path->domain], NULL);
	if (!err)
		err = step(b, stack_owner(owner, b->path), NULL);
	if (!err && missing)
		err = step(b, missing, NULL);
	return err ? err : add_frames(b, &b->path->frames);
}

static int compare(const void *a, const void *b)
{
	const struct flame_node *x = *(const struct flame_node *const *)a;
	const struct flame_node *y = *(const struct flame_node *const *)b;

	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Levels one after the other, each by bytes: siblings are so as well. Pages of processes come
 * first: address space is larger, and no memory. */
static int sort_nodes(struct flame_tree *t)
{
	size_t n = t->nodes.n;
	_cleanup_free_ const struct flame_node **order = calloc(n ? n : 1, sizeof(*order));
	_cleanup_free_ uint32_t *place = calloc(n ? n : 1, sizeof(*place));
	struct flame_node *sorted = calloc(n ? n : 1, sizeof(*sorted));

	if (!order || !place || !sorted) {
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		order[i] = &t->nodes.v[i];
	qsort(order, n, sizeof(*order), compare);
	for (size_t i = 0; i < n; i++)
		place[order[i] - t->nodes.v] = (uint32_t)i;
	for (size_t i = 0; i < n; i++) {
		sorted[i] = *order[i];
		if (sorted[i].parent != NO_PARENT)
			sorted[i].parent = place[sorted[i].parent];
	}
	free(t->nodes.v);
	t->nodes.v = sorted;
	t->nodes.cap = n;
	return 0;
}

static int put_in_row(struct flame_tree *t)
{
	_cleanup_free_ uint64_t *taken = calloc(t->nodes.n + 1, sizeof(*taken));

	if (!taken)
		return -ENOMEM;
	vec_for_each(n, &t->nodes) {
		uint64_t *of_parent = n->parent == NO_PARENT ? &t->bytes : &taken[n->parent];

		n->before = *of_parent;
		*of_parent += n->bytes;
	}
	return 0;
}

int flame_tree__build(const struct report *r, struct flame_tree *ret)
{
	struct flame_tree t = {0};
	struct builder b = {.tree = &t};
	int err = 0;

	vec_for_each(p, &r->paths) {
		if (!report_path__held(p))
			continue;
		b.path = p;
		err = add_path(&b);
		if (err)
			break;
	}
	hmap_free(&b.children);
	if (!err)
		err = sort_nodes(&t);
	if (!err)
		err = put_in_row(&t);
	if (err)
		flame_tree__free(&t);
	else
		*ret = t;
	return err;
}

void flame_tree__free(struct flame_tree *t)
{
	vec_free(&t->nodes);
	strings__free(&t->strings);
}
