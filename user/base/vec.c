/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/vec.h"

#include <string.h>

#define MIN_ELEMS 8

/* `v` points at a pointer of another type: copied as bytes, since reading it
 * as a void * would break the aliasing rules the optimiser relies on. */
int vec_grow_raw(void **v, size_t *cap, size_t want, size_t elem_size)
{
	size_t new_cap = *cap > SIZE_MAX / 2 ? want : *cap * 2, bytes;
	void *old, *new;

	if (new_cap < want)
		new_cap = want;
	if (new_cap < MIN_ELEMS)
		new_cap = MIN_ELEMS;
	if (__builtin_mul_overflow(new_cap, elem_size, &bytes))
		return -ENOMEM;

	memcpy(&old, v, sizeof(old));
	new = realloc(old, bytes);
	if (!new)
		return -ENOMEM;
	memcpy(v, &new, sizeof(new));
	*cap = new_cap;
	return 0;
}
