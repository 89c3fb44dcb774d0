/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts and netlink answers about hidden owners; and any meminfo makes a ledger that closes. */
#include <assert.h>
#include <string.h>

#include "analyze/ledger.h"
#include "collect/allocinfo.h"
#include "collect/fd_walk.h"
#include "collect/kmemleak.h"
#include "collect/meminfo.h"
#include "collect/page_pool.h"
#include "collect/sock_diag.h"
#include "collect/vmallocinfo.h"
#include "collect/zoneinfo.h"

static void ledger(struct cursor text)
{
	struct tick t = {0};
	struct ledger l;
	uint64_t sum = 0;

	assert(!meminfo_parse(text, &t));
	if (!ledger_make(&(struct ledger_input){.meminfo = t.meminfo.v, .n_meminfo = t.meminfo.n},
			 &l)) {
		for (int i = 0; i < _LEDGER_LINE_MAX; i++)
			assert(!__builtin_add_overflow(sum, l.line[i], &sum));
		assert(sum == l.total);
	}
	tick__free(&t);
}

static void sites(struct cursor text)
{
	struct alloc_sites s = {0};
	int err = allocinfo_parse(text, &s);

	assert(!err || (err == -EBADMSG && !s.n));
	assert(!page_stacks_parse(text, 4096, &s));
	assert(!kmemleak_parse(text, &s));
	vec_for_each(site, &s)
		assert(memchr(site->name, '\0', sizeof(site->name)));
	vec_free(&s);
}

static void vmalloc(struct cursor text)
{
	struct vmalloc_callers c = {0};

	assert(!vmallocinfo_parse(text, &c));
	vec_for_each(v, &c)
		assert(memchr(v->name, '\0', sizeof(v->name)) && v->areas);
	vec_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cursor text = {(const char *)data, (const char *)data + size};
	struct page_pools pools = {0};
	struct socket_list l = {0};
	uint64_t a, b;

	ledger(text);
	sites(text);
	vmalloc(text);
	zoneinfo_pcp_parse(text, &a);
	fdinfo_find(text, "memlock", &a);
	maps_sum(text, "anon_inode:[io_uring]", 4 << 20, &a, &b);
	for (int family = 0; family < _SOCKET_FAMILY_MAX; family++)
		assert(sock_diag_parse((enum socket_family)family, data, size, &l) <= 1);
	vec_free(&l);
	assert(page_pool_parse(data, size, &pools) <= 1);
	vec_free(&pools);
	return 0;
}
