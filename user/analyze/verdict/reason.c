/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/verdict/reason.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MINUTE 60.0
#define HOUR 3600.0
#define DAY 86400.0

struct text {
	char *s;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->s + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (n > 0)
		t->len = t->len + (size_t)n < t->size ? t->len + (size_t)n : t->size - 1;
}

/* Three significant digits with a unit. */
static void add_scaled(struct text *t, double v, const char *unit)
{
	int digits = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	add(t, "%.*f %s", digits, v, unit);
}

static void add_amount(struct text *t, double kb, const struct verdict_context *ctx)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
	size_t u = 0;

	kb = num_abs(kb);
	if (ctx->is_count) {
		add(t, "%.0f", kb / VERDICT_COUNT_KB);
		return;
	}
	while (kb >= 1000 && u + 1 < sizeof(units) / sizeof(units[0])) {
		kb /= 1024;
		u++;
	}
	add_scaled(t, kb, units[u]);
}

static void add_time(struct text *t, double s)
{
	if (s < 100)
		add(t, "%.0f s", s);
	else if (s < 100 * MINUTE)
		add(t, "%.0f min", s / MINUTE);
	else if (s < 48 * HOUR)
		add(t, "%.1f h", s / HOUR);
	else
		add(t, "%.1f days", s / DAY);
}

#define AT_REST 0.1 /* of the mean pace */

static void add_pace(struct text *t, const struct evidence *ev, const struct verdict_context *ctx,
		     const struct verdict *v)
{
	if (v->has_rate) {
		add(t, " and goes on at ");
		add_amount(t, v->rate_kb_h, ctx);
		add(t, " an hour");
	} else if (v->kind == VERDICT_GROWING && ev->e[EV_TAIL_GROWTH] < AT_REST) {
		add(t, " and hardly any more at its end");
	}
}

/* What the series alone cannot exclude, which the reader must know. */
static void add_caveat(struct text *t, const struct verdict *v, const struct verdict_context *ctx)
{
	static const char *const ages[] = {
		[WITNESS_LEAKY] = "what was taken early is still held as much as what came late",
		[WITNESS_TURNS_OVER] = "what was taken early is mostly given back by now",
		[WITNESS_EARLY] = "most of what is held was taken early",
	};

	if (ctx->ages != WITNESS_SILENT) {
		add(t, "; %s", ages[ctx->ages]);
		return;
	}
	if (v->shape == SHAPE_SAWTOOTH || v->shape == SHAPE_STEPS)
		return;
	if (v->span_s < 10 * MINUTE)
		add(t, "; a start-up or a cache still filling is not excluded yet");
	else if (v->span_s < 2 * DAY)
		add(t, "; a cache still filling or part of a longer cycle is not excluded yet");
}

static const char *manner(const struct evidence *ev, const struct verdict *v)
{
	switch (v->shape) {
	case SHAPE_SAWTOOTH:
		return "the floors between its teeth rise";
	case SHAPE_SEASONAL:
		return "it rises from one cycle to the next";
	case SHAPE_STEPS:
		return "it grows in steps and gives none back";
	case SHAPE_SPIKES:
		return "the floor under its spikes rises";
	case SHAPE_ACCELERATING:
		return "growth is getting faster";
	case SHAPE_LATE:
		return "growth set in late and lasts";
	case SHAPE_NOISY:
		return "the trend stands out of its noise";
	default:
		if (!v->has_rate)
			return "the trend stands out of its noise";
		return ev->warmup.gain > 6 ? "growth lasts beyond its warm-up"
					   : "growth is steady and does not slow down";
	}
}

static void explain_growth(struct text *t, const struct window *w, const struct evidence *ev,
			   const struct verdict_context *ctx, const struct verdict *v)
{
	/* the trend goes on where what it is drawn through has stopped */
	add(t, "grew ");
	add_amount(t, num_min(ev->trend_kb, num_max(ev->range_kb, ev->net_kb)), ctx);
	add(t, " in ");
	add_time(t, w->span_s);
	add_pace(t, ev, ctx, v);
	if (ctx->is_reclaimable)
		add(t, ": the kernel can take this back, it is a cache");
	else if (v->kind == VERDICT_LEAK)
		add(t, ": %s", manner(ev, v));
	else if (v->has_rate)
		add(t, ", but not clearly as a leak does");
	if (!v->has_rate)
		add(t, v->kind == VERDICT_LEAK ? "; how fast it goes on cannot be told yet"
					       : "; whether it goes on cannot be told yet");
	if (w->cut_kb > 0) {
		add(t, " (start-up of ");
		add_amount(t, w->cut_kb, ctx);
		add(t, " set aside)");
	}
	if (!ctx->is_reclaimable)
		add_caveat(t, v, ctx);
}

static void explain_rest(struct text *t, const struct window *w, const struct evidence *ev,
			 const struct verdict_context *ctx, const struct verdict *v)
{
	static const char *const said[_VERDICT_KIND_MAX] = {
		[VERDICT_STABLE] = "no lasting growth",
		[VERDICT_PLATEAU] = "grew and came to rest",
		[VERDICT_SAWTOOTH] =
			"rises and falls, and the floors between its teeth do not rise",
		[VERDICT_STEP] = "one step up, flat before and after",
		[VERDICT_SPIKES] = "short spikes over a floor that does not rise",
		[VERDICT_SEASONAL] = "follows a cycle and comes back to where it was",
		[VERDICT_SHRINKING] = "fell",
	};

	add(t, "%s: moved within ", said[v->kind]);
	add_amount(t, ev->range_kb, ctx);
	add(t, " in ");
	add_time(t, w->span_s);
	if (v->kind == VERDICT_PLATEAU) {
		double tail = 100 * num_clamp(ev->e[EV_TAIL_GROWTH], 0, 1);

		add(t, ", its last two fifths at %.0f %% of the mean pace", tail);
	}
	if (v->has_detectable) {
		add(t, "; a leak faster than ");
		add_amount(t, v->detectable_kb_h, ctx);
		add(t, " an hour would show by now");
	}
}

void explain(const struct window *w, const struct evidence *ev, const struct verdict_context *ctx,
	     struct verdict *v)
{
	struct text t = {v->reason, sizeof(v->reason), 0};

	if (v->kind == VERDICT_LEAK || v->kind == VERDICT_GROWING)
		explain_growth(&t, w, ev, ctx, v);
	else
		explain_rest(&t, w, ev, ctx, v);
}
