/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strings kept once and for as long as the table lives: names of functions and
 * files repeat from path to path. All zero is empty.
 */
#pragma once

#include "base/hmap.h"
#include "base/vec.h"

struct strings {
	VEC(char *) all;
	struct hmap index;
};

/* The kept copy of s; NULL when s is NULL or there is no memory. */
const char *strings__keep(struct strings *t, const char *s);
void strings__free(struct strings *t);
