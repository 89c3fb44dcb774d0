/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/parse.h"

/* Text of /proc/zoneinfo: pages on the CPUs' own free lists, of all zones ("count:" below
 * "pagesets"). 0, or -EBADMSG when it has no such lists. Pure. */
int zoneinfo_pcp_parse(struct cursor text, uint64_t *ret_pages);
