/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <errno.h>

#include "collect/psi.h"

static void check(const struct psi_line *l)
{
	assert(l->known || (!l->avg10 && !l->avg60 && !l->avg300 && !l->total_us));
	assert(l->avg10 < 10100 && l->avg60 < 10100 && l->avg300 < 10100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct psi p = {0};
	int err = psi_parse((struct cursor){text, text + size}, &p);

	assert(!err || err == -EBADMSG);
	assert(!err == (p.some.known || p.full.known));
	check(&p.some);
	check(&p.full);
	return 0;
}
