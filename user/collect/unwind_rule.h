/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call frame information as rules that can be followed one look-up a frame:
 * where the caller's frame is, told by a return address alone. x86-64.
 */
#pragma once

#include "collect/unwind.h"
#include "memtrace_heap.h"

/*
 * How to go on from the function that this return address leads into.
 * MT_RULE_BROKEN where its frame information says it in a way that a rule
 * cannot (signal frames), or there is none.
 */
struct mt_heap_rule unwind_rule(const struct unwind_space *u, uint64_t pc);

/*
 * Follows rules from s on as the kernel side does, asking for each: appends
 * addresses to s->path.ip, and sets its n and end. `rule` tells the rule of a
 * return address. `full`: the copy of the stack was not ended by the stack's
 * own end. Pure but for `rule`.
 */
typedef struct mt_heap_rule unwind_rule_fn(void *arg, uint64_t pc);
void unwind_by_rules(struct mt_heap_stack *s, unwind_rule_fn *rule, void *arg);
