/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/machine_files.h"

#include "model/machine.h"

struct machine_files machine_files_of(const struct history *h)
{
	const struct meminfo_line *first = h->machine_first.v, *last = h->machine_last.v;
	size_t n_first = h->machine_first.n, n_last = h->machine_last.n;
	struct machine_files f = {0};

	f.known = !meminfo_find(last, n_last, MACHINE_FILES, &f.now);
	f.before_known = !meminfo_find(first, n_first, MACHINE_FILES, &f.before);
	f.max_known = !meminfo_find(last, n_last, MACHINE_FILES_MAX, &f.max) && f.max;
	return f;
}
