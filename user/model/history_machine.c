/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/history_machine.h"

#include <string.h>

/* The newer of two readings replaces the older; the first one is kept as well. */
#define KEEP_ENDS(first, last, from, is_first)                                                     \
	({                                                                                         \
		int _keep = copy_rows(last, from);                                                 \
		if (!_keep && (is_first))                                                          \
			_keep = copy_rows(first, from);                                            \
		_keep;                                                                             \
	})

#define copy_rows(to, from)                                                                        \
	({                                                                                         \
		int _copy = vec_reserve(to, (from)->n);                                            \
		if (!_copy && (from)->n)                                                           \
			memcpy((to)->v, (from)->v, (from)->n * sizeof(*(from)->v));                \
		if (!_copy)                                                                        \
			(to)->n = (from)->n;                                                       \
		_copy;                                                                             \
	})

int history_add_machine(struct history *h, const struct tick *t)
{
	int err = 0;

	if (t->meminfo.n) {
		err = KEEP_ENDS(&h->meminfo_first, &h->meminfo_last, &t->meminfo,
				!h->meminfo_first.n);
		if (!err)
			err = KEEP_ENDS(&h->machine_first, &h->machine_last, &t->machine,
					!h->machine_first.n);
	}
	if (err || !t->hidden.n)
		return err;
	err = KEEP_ENDS(&h->hidden_first, &h->hidden_last, &t->hidden, !h->n_hidden_reads);
	h->n_hidden_reads++;
	h->hidden_last_ns = t->time_ns;
	return err;
}
