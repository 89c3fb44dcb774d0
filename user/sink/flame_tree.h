/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Paths merged from their roots on: the kinds of memory (which overlap, so
 * that there is no sum above them), their processes, their frames.
 */
#pragma once

#include "model/report.h"

/* Deeper stacks end in a node that says how many frames it stands for. */
#define FLAME_DEPTH_MAX 1024

struct flame_node {
	const char *name;	   /* raw, the tree's */
	const char *module, *file; /* the report's; NULL unknown, or differing */
	uint32_t line;
	uint32_t parent; /* of the roots: UINT32_MAX */
	uint32_t depth;	 /* 0: a kind of memory */
	enum path_domain domain;
	uint64_t bytes, samples; /* of itself and all above it */
	double error_squared;	 /* of bytes; paths err independently of each other */
	uint64_t before;	 /* bytes of its siblings that come before it */
	bool inlined;
};

struct flame_tree {
	VEC(struct flame_node)
	nodes;		/* parents before children, siblings by bytes, largest first */
	uint32_t depth; /* levels */
	uint64_t bytes; /* of all roots: to lay them out, no meaning else */
	struct strings strings;
};

/* Paths that hold nothing are left out. 0 or -ENOMEM. */
int flame_tree__build(const struct report *r, struct flame_tree *ret);
void flame_tree__free(struct flame_tree *t);
