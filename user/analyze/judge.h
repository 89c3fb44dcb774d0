/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Series from elsewhere: rows of `t_seconds,value_kb` text into a verdict, and
 * the scoring of verdicts against labels. No I/O: the caller reads and prints.
 */
#pragma once

#include "analyze/verdict/many.h"
#include "analyze/verdict/verdict.h"

#define JUDGE_LINE_MAX 4096

struct judge {
	struct series series;
	struct verdict_context ctx;
	uint64_t lines;
	uint64_t n_missing;   /* rows without a value: empty, NaN, null ... */
	uint64_t n_duplicate; /* rows at the time of the row before */
	bool seen_data;	      /* a first line that is no number is a header */
	bool follow;	      /* look as the rows come, for the detection delay */
	double alarm_s;	      /* when the alarm that is on now went on, since the start */
};

/*
 * One line without its newline. Separators are comma, semicolon and tab; values
 * may be quoted; empty lines and lines that begin with # are skipped. Returns
 * 0, or -EINVAL with one sentence in err.
 */
#define JUDGE_ERROR_SIZE 160
int judge__line(struct judge *j, const char *line, size_t len, char err[static JUDGE_ERROR_SIZE]);

void judge__verdict(const struct judge *j, struct verdict *ret);

/* The label of a series and what was said about it. */
struct judge_label {
	bool is_leak;
	bool is_decidable;
	enum verdict_kind kind; /* expected; VERDICT_INSUFFICIENT: not told */
	bool has_rate;
	double rate_kb_h; /* true rate */
	double onset_s;
};

#define JUDGE_DELAYS_MAX 4096

struct judge_score {
	unsigned int n, n_undecidable, undecidable_leaks;
	unsigned int tp, fp, fn, tn;
	unsigned int confusion[_VERDICT_KIND_MAX][_VERDICT_KIND_MAX]; /* expected, said */
	unsigned int rated, covered; /* found leaks of known rate; rate inside the interval */
	unsigned int n_delays;
	double delay_s[JUDGE_DELAYS_MAX]; /* from onset to the alarm that stayed */
};

/* "leak", "LEAK", "shrink" ... -> kind; -EINVAL for other words. */
int verdict_kind_from_name(const char *name, enum verdict_kind *ret);

/*
 * A label from a file name: its words (separated by anything that is no letter)
 * name a leak or a kind, "no leak", "noleak" and "not" deny one. -EINVAL when they do not.
 */
int judge_label_from_name(const char *name, struct judge_label *ret);

void judge_score__add(struct judge_score *s, const struct judge_label *label, const struct judge *j,
		      const struct verdict *v);

double judge_score__precision(const struct judge_score *s);
double judge_score__recall(const struct judge_score *s);
double judge_score__f1(const struct judge_score *s);
/* Median and 90th percentile; reorders the delays. */
void judge_score__delays(struct judge_score *s, double *ret_median, double *ret_p90);
