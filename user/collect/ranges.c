/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/ranges.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A treap (Seidel and Aragon): ordered by start, and by a random number a heap, so that it is
 * balanced whatever comes. */
struct range {
	uint64_t start, end; /* end is not in it */
	struct range_tag tag;
};

struct range_node {
	struct range range;
	uint32_t left, right; /* index + 1; 0: none */
	uint32_t priority;
};

static struct range_node *at(const struct ranges *r, uint32_t i)
{
	return &r->nodes.v[i - 1];
}

/* --- nodes --- */

/* Room for so many nodes more: what follows cannot fail half way. */
static int reserve(struct ranges *r, uint32_t n)
{
	for (uint32_t i = r->spare; n && i; i = at(r, i)->right)
		n--;
	return n ? vec_reserve(&r->nodes, r->nodes.n + n) : 0;
}

static uint32_t random_number(struct ranges *r)
{
	uint64_t x = r->seed ?: 0x9e3779b97f4a7c15ULL; /* xorshift64 */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	r->seed = x;
	return (uint32_t)(x >> 32);
}

static uint32_t node_new(struct ranges *r, struct range range)
{
	uint32_t i = r->spare;

	if (i)
		r->spare = at(r, i)->right;
	else
		i = (uint32_t)++r->nodes.n;
	*at(r, i) = (struct range_node){.range = range, .priority = random_number(r)};
	r->n++;
	return i;
}

static void node_free(struct ranges *r, uint32_t i)
{
	at(r, i)->right = r->spare;
	r->spare = i;
	r->n--;
}

/* --- trees --- */

/* What starts below `key`, and the rest. */
static void split(struct ranges *r, uint32_t tree, uint64_t key, uint32_t *ret_low,
		  uint32_t *ret_high)
{
	while (tree) {
		struct range_node *n = at(r, tree);

		if (n->range.start < key) {
			*ret_low = tree;
			ret_low = &n->right;
			tree = n->right;
		} else {
			*ret_high = tree;
			ret_high = &n->left;
			tree = n->left;
		}
	}
	*ret_low = *ret_high = 0;
}

static uint32_t merge(struct ranges *r, uint32_t low, uint32_t high)
{
	uint32_t tree, *link = &tree;

	while (low && high) {
		if (at(r, low)->priority > at(r, high)->priority) {
			*link = low;
			link = &at(r, low)->right;
			low = *link;
		} else {
			*link = high;
			link = &at(r, high)->left;
			high = *link;
		}
	}
	*link = low ?: high;
	return tree;
}

static void insert(struct ranges *r, uint32_t i)
{
	uint32_t low, high;

	at(r, i)->left = at(r, i)->right = 0;
	split(r, r->root, at(r, i)->range.start, &low, &high);
	r->root = merge(r, merge(r, low, i), high);
}

static uint32_t take_first(struct ranges *r, uint32_t *tree)
{
	uint32_t *link = tree, i;

	while (at(r, *link)->left)
		link = &at(r, *link)->left;
	i = *link;
	*link = at(r, i)->right;
	return i;
}

/* The last that starts below `key`; 0: none. */
static uint32_t last_below(const struct ranges *r, uint64_t key)
{
	uint32_t found = 0;

	for (uint32_t i = r->root; i;) {
		bool below = at(r, i)->range.start < key;

		if (below)
			found = i;
		i = below ? at(r, i)->right : at(r, i)->left;
	}
	return found;
}

/* No range goes across `addr` then. Takes a node. */
static void cut(struct ranges *r, uint64_t addr)
{
	uint32_t i = last_below(r, addr);
	struct range rest;

	if (!i || at(r, i)->range.end <= addr)
		return;
	rest = at(r, i)->range;
	rest.start = addr;
	at(r, i)->range.end = addr;
	insert(r, node_new(r, rest));
}

/* Takes [start, end) out, as a tree of its own. Takes two nodes. */
static uint32_t take(struct ranges *r, uint64_t start, uint64_t end)
{
	uint32_t low, middle, high;

	cut(r, start);
	cut(r, end);
	split(r, r->root, start, &low, &high);
	split(r, high, end, &middle, &high);
	r->root = merge(r, low, high);
	return middle;
}

/* --- changes --- */

/* A heap grows by small steps: those of one path are one range. */
static bool extend(struct ranges *r, uint64_t start, uint64_t end, const struct range_tag *tag)
{
	uint32_t i = last_below(r, start);
	struct range *before = i ? &at(r, i)->range : NULL;

	if (tag->origin != RANGE_BRK || !before || before->end != start ||
	    before->tag.origin != RANGE_BRK || before->tag.path != tag->path || tag->p != 1 ||
	    before->tag.p != 1)
		return false;
	before->end = end;
	return true;
}

int ranges__set(struct ranges *r, uint64_t start, uint64_t end, const struct range_tag *tag)
{
	uint32_t old;

	if (start >= end)
		return 0;
	if (reserve(r, 3))
		return -ENOMEM;
	old = take(r, start, end);
	while (old)
		node_free(r, take_first(r, &old));
	if (!extend(r, start, end, tag))
		insert(r, node_new(r, (struct range){start, end, *tag}));
	return 0;
}

static int fill_gap(struct ranges *r, uint64_t start, uint64_t end, const struct range_tag *tag)
{
	if (start >= end)
		return 0;
	if (reserve(r, 1))
		return -ENOMEM;
	insert(r, node_new(r, (struct range){start, end, *tag}));
	return 0;
}

int ranges__fill(struct ranges *r, uint64_t start, uint64_t end, const struct range_tag *tag)
{
	uint64_t gap = start;
	uint32_t there;
	int err = 0;

	if (start >= end)
		return 0;
	if (reserve(r, 2))
		return -ENOMEM;
	there = take(r, start, end);
	while (there) {
		uint32_t i = take_first(r, &there);
		struct range range = at(r, i)->range;

		insert(r, i);
		err = err ?: fill_gap(r, gap, range.start, tag);
		gap = range.end;
	}
	return err ?: fill_gap(r, gap, end, tag);
}

/* Takes the range out, and puts back what is not old enough; the rest is a list by `right`, last
 * first. */
static uint32_t take_old(struct ranges *r, uint64_t start, uint64_t end, uint64_t before_ns)
{
	uint32_t there = take(r, start, end), list = 0;

	while (there) {
		uint32_t i = take_first(r, &there);

		if (at(r, i)->range.tag.since_ns >= before_ns) {
			insert(r, i);
			continue;
		}
		at(r, i)->right = list;
		list = i;
	}
	return list;
}

static uint32_t take_next(const struct ranges *r, uint32_t *list)
{
	uint32_t i = *list;

	*list = at(r, i)->right;
	return i;
}

int ranges__clear(struct ranges *r, uint64_t start, uint64_t end, uint64_t before_ns)
{
	uint32_t old;

	if (start >= end)
		return 0;
	if (reserve(r, 2))
		return -ENOMEM;
	old = take_old(r, start, end, before_ns);
	while (old)
		node_free(r, take_next(r, &old));
	return 0;
}

int ranges__move(struct ranges *r, uint64_t from, uint64_t to, uint64_t len, uint64_t before_ns)
{
	uint32_t moving, old;

	if (!len || from + len < from || to + len < to)
		return 0;
	if (reserve(r, 4))
		return -ENOMEM;
	moving = take_old(r, from, from + len, before_ns);
	old = take(r, to, to + len);
	while (old)
		node_free(r, take_first(r, &old));
	while (moving) {
		uint32_t i = take_next(r, &moving);

		at(r, i)->range.start += to - from;
		at(r, i)->range.end += to - from;
		insert(r, i);
	}
	return 0;
}

int ranges__copy(const struct ranges *r, struct ranges *ret)
{
	int err = vec_reserve(&ret->nodes, r->nodes.n);

	if (err)
		return err;
	if (r->nodes.n)
		memcpy(ret->nodes.v, r->nodes.v, r->nodes.n * sizeof(*r->nodes.v));
	ret->nodes.n = r->nodes.n;
	ret->root = r->root;
	ret->spare = r->spare;
	ret->n = r->n;
	ret->seed = r->seed;
	return 0;
}

void ranges__free(struct ranges *r)
{
	vec_free(&r->nodes);
	*r = (struct ranges){};
}

static int each(struct ranges *r, uint32_t tree, range_fn *fn, void *arg)
{
	int ret = 0;

	while (tree && !ret) {
		struct range_node *n = at(r, tree);

		ret = each(r, n->left, fn, arg);
		if (!ret)
			ret = fn(arg, n->range.start, n->range.end, &n->range.tag);
		tree = n->right;
	}
	return ret;
}

int ranges__each(struct ranges *r, range_fn *fn, void *arg)
{
	return each(r, r->root, fn, arg);
}
