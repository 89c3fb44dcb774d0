/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --judge: the verdict on any series (CSV: t_seconds,value_kb), and the score
 * of verdicts over a labelled directory.
 */
#pragma once

#include <stdio.h>

#include "analyze/judge.h"

/*
 * `path` is a CSV file, "-" for standard input, or a directory of them with
 * labels (manifest.tsv or labels.csv with a header line, else file names).
 * `format` is "text" or "json". Returns 0, or -errno after one line on stderr.
 * *ret_kind, when not NULL, is the verdict on a file (for --fail-on), and
 * VERDICT_INSUFFICIENT for a directory.
 */
int judge_main(const char *path, const char *format, FILE *out, enum verdict_kind *ret_kind);

/* Feeds a stream to a judge; `name` is for messages. 0, or -errno after one line on stderr. */
int judge_read(FILE *in, const char *name, struct judge *j);

/* The labelled directory. */
int judge_corpus(const char *path, bool json, FILE *out);

/* Printing: what judge_main and judge_corpus found. 0 or -errno. */
struct judge_group {
	char name[64]; /* "all", or the duration column of a manifest */
	struct judge_score score;
};

int judge_print_verdict(const struct judge *j, const struct verdict *v, const char *name, bool json,
			FILE *out);
int judge_print_score(struct judge_group *groups, size_t n, bool json, FILE *out);
