/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of sockets: the first byte says which. */
#include <assert.h>
#include <string.h>

#include "collect/net_sockets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct net_sockets s = {0};

	if (!size)
		return 0;
	assert(!net_sockets__parse(
		&s, (enum net_table)(data[0] % _NET_TABLE_MAX),
		(struct cursor){(const char *)data + 1, (const char *)data + size}));
	for (size_t i = 0; i < s.n; i++) {
		const struct net_socket *found = net_sockets__find(&s, s.v[i].inode);

		assert(s.v[i].inode && found && found->inode == s.v[i].inode);
		assert(*s.v[i].text && memchr(s.v[i].text, '\0', sizeof(s.v[i].text)));
	}
	assert(s.n + s.n_skipped <= size);
	net_sockets__free(&s);
	return 0;
}
