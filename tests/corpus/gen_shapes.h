/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formulas of gen.c: each adds to the values what its class is about. */
#pragma once

#include "gen.h"

/* What the shapes are made with. Times are fractions of the window. */
struct gen_ctx {
	struct gen_rng *r;
	const struct gen_duration *d;
	struct gen_series *s;
	double base, leaked; /* KiB */
	double x[GEN_MAX];   /* t / span */
	bool shifted, daily; /* daily: load follows the day */
};

void add_warmup(struct gen_ctx *c, double height, double tau);
/* kind 1 white, 2 AR(1), 3 white with outliers */
void add_noise(struct gen_ctx *c, double sd, unsigned int kind);
void leak_shape(struct gen_ctx *c, enum gen_class class);
void innocent_shape(struct gen_ctx *c, enum gen_class class);
