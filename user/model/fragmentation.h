/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a zone's free memory is of use to an allocation of a given order. Pure. */
#pragma once

#include "model/system.h"

/*
 * Share of the free memory that lies in blocks too small for 2^order pages, in
 * thousandths: 0 all of it serves, 1000 none does (also when none is free).
 * The kernel's "unusable free space index" (mm/vmstat.c). -EINVAL: no such order.
 */
int unusable_index(const struct buddy_zone *z, uint32_t order, uint32_t *ret_permille);

/*
 * Why an allocation of this order would fail, in thousandths: towards 0 for
 * lack of memory, towards 1000 because of fragmentation. The kernel's
 * "fragmentation index", compared with vm.extfrag_threshold (500) before it
 * compacts. -ENODATA when the allocation would succeed; -EINVAL: no such order.
 */
int fragmentation_index(const struct buddy_zone *z, uint32_t order, uint32_t *ret_permille);
