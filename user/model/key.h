/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tells processes and owners apart, as keys of a hash map. */
#pragma once

#include <string.h>

#include "base/hmap.h"
#include "model/tick.h"

static inline struct hmap_key proc_key(struct proc_id id)
{
	return (struct hmap_key){{id.pid, id.start_ticks, 0}};
}

/*
 * An owner with a process is that process: its dense owner id is used again
 * for others. Those without one are told apart by kind, and groups of exited
 * processes by the name they have in common. (A pid has 32 bits: the high
 * half of the first word keeps the two sorts apart.)
 */
static inline struct hmap_key owner_key(const struct owner_sample *o)
{
	struct hmap_key key = proc_key(o->id);

	if (o->id.pid || o->id.start_ticks)
		return key;
	key.w[0] = (uint64_t)(o->kind + 1) << 32;
	if (o->kind == OWNER_EXITED_GROUP) {
		_Static_assert(sizeof(o->comm) == 2 * sizeof(key.w[0]), "comm fills two words");
		memcpy(&key.w[1], o->comm, sizeof(o->comm));
	}
	return key;
}

/* A name of any length: two hashes of it (FNV-1a from two starts), and what kind of name. */
static inline struct hmap_key name_key(const char *name, uint64_t kind)
{
	uint64_t a = 0xcbf29ce484222325ULL, b = 0x9e3779b97f4a7c15ULL;

	for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
		a = (a ^ *p) * 0x100000001b3ULL;
		b = (b ^ *p) * 0x100000001b3ULL;
	}
	return (struct hmap_key){{a, b, kind}};
}
