/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that network drivers keep for their receive rings (netdev netlink, 6.8 on). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/vec.h"

struct page_pool {
	uint32_t ifindex;      /* 0: its device is gone, pages of it are still somewhere */
	uint64_t bytes, pages; /* taken from the page allocator and not given back */
};

struct page_pools {
	struct page_pool *v;
	size_t n, cap;
};

/* One netlink datagram of the dump: appends its pools. 0 (more to come), 1 (was the last),
 * -ENOMEM, -EBADMSG or the kernel's -errno. Pure. */
int page_pool_parse(const void *data, size_t len, struct page_pools *p);
/* Those of our network namespace. Appends; 0 or -errno (-ENOENT: this kernel does not tell). */
int page_pool_read(struct page_pools *p);
