/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Free blocks by size: /proc/buddyinfo, and by migration type: /proc/pagetypeinfo. */
#pragma once

#include "base/parse.h"
#include "model/system.h"

/* Appends to s->zones. Lines of another form, with more orders than we hold, or
 * cut are skipped. 0 or -ENOMEM. Pure. */
int buddyinfo_parse(struct cursor text, struct system_sample *s);
int buddyinfo_read(int root_fd, struct system_sample *s); /* 0 or -errno, -EBADMSG: no zone */

/* Appends to s->page_types: free blocks and the number of page blocks of each type in each zone.
 * 0 or -ENOMEM. Pure. */
int pagetypeinfo_parse(struct cursor text, struct system_sample *s);
/* 0 or -errno (-EACCES: for root only). The kernel walks the free lists under the zones' locks for
 * it (10 ms on 12 GiB, where all the other parts take 1.5): not for every tick. */
int pagetypeinfo_read(int root_fd, struct system_sample *s);
