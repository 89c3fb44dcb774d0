/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typed growable arrays. A vector is any struct with the members `v`, `n` and
 * `cap`, declared by VEC(type); all zero is empty. vec_push() copies the value
 * and evaluates to 0 or -ENOMEM, on which the vector is unchanged.
 */
#pragma once

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n, cap;                                                                     \
	}

int vec_grow_raw(void **v, size_t *cap, size_t want, size_t elem_size);

#define vec_reserve(vec, want)                                                                     \
	((want) <= (vec)->cap                                                                      \
		 ? 0                                                                               \
		 : vec_grow_raw((void **)&(vec)->v, &(vec)->cap, (want), sizeof(*(vec)->v)))

#define vec_push(vec, ...)                                                                         \
	({                                                                                         \
		int _err = vec_reserve(vec, (vec)->n + 1);                                         \
		if (!_err)                                                                         \
			(vec)->v[(vec)->n++] = (__VA_ARGS__);                                      \
		_err;                                                                              \
	})

#define vec_free(vec)                                                                              \
	do {                                                                                       \
		free((vec)->v);                                                                    \
		(vec)->v = NULL;                                                                   \
		(vec)->n = (vec)->cap = 0;                                                         \
	} while (0)

#define vec_for_each(it, vec)                                                                      \
	for (typeof(*(vec)->v) *it = (vec)->v; it && it < (vec)->v + (vec)->n; it++)
