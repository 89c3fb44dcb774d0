/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "analyze/verdict/verdict.h"

/* One sentence: what was seen, what decided, and what is not excluded yet. */
void explain(const struct window *w, const struct evidence *ev, const struct verdict_context *ctx,
	     struct verdict *v);
