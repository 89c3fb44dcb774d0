/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/str.h"
#include "cli/judge.h"

/* json-c takes ownership of what is added; NULL (no memory) adds null. */
static void put_double(struct json_object *o, const char *name, double v)
{
	char text[40];

	snprintf(text, sizeof(text), "%.0f", v);
	json_object_object_add(o, name, json_object_new_double_s(v, text));
}

static void put_int(struct json_object *o, const char *name, uint64_t v)
{
	json_object_object_add(o, name, json_object_new_int64((int64_t)v));
}

static void put_ratio(struct json_object *o, const char *name, double v)
{
	char text[40];

	snprintf(text, sizeof(text), "%.3f", v);
	json_object_object_add(o, name, json_object_new_double_s(v, text));
}

static void put_text(struct json_object *o, const char *name, const char *text)
{
	char safe[1024];

	safe_utf8(safe, sizeof(safe), text, strlen(text));
	json_object_object_add(o, name, json_object_new_string(safe));
}

static int print_json(struct json_object *root, FILE *out)
{
	const char *text = json_object_to_json_string_ext(
		root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
	int r = text && fprintf(out, "%s\n", text) > 0 ? 0 : -EIO;

	json_object_put(root);
	return r;
}

static struct json_object *verdict_json(const struct verdict *v)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "kind", verdict_kind_names[v->kind]);
	put_text(o, "shape", verdict_shape_names[v->shape]);
	if (v->has_rate) {
		put_double(o, "rate_bytes_per_hour", v->rate_kb_h * 1024);
		put_double(o, "rate_low", v->rate_low_kb_h * 1024);
		put_double(o, "rate_high", v->rate_high_kb_h * 1024);
	}
	if (v->kind != VERDICT_INSUFFICIENT) {
		put_int(o, "confidence_permille", v->confidence_permille);
		put_int(o, "leak_permille", (uint64_t)(v->leak_probability * 1000 + 0.5));
	}
	if (v->has_exhaustion)
		put_double(o, "exhaustion_s", v->exhaustion_s);
	if (v->has_detectable)
		put_double(o, "detectable_bytes_per_hour", v->detectable_kb_h * 1024);
	put_text(o, "reason", v->reason);
	return o;
}

static int print_verdict_json(const struct judge *j, const struct verdict *v, const char *name,
			      FILE *out)
{
	struct json_object *root = json_object_new_object();

	put_text(root, "schema", "memtrace.verdict/1");
	put_text(root, "series", name);
	put_int(root, "samples", j->series.n);
	put_ratio(root, "span_s", j->series.last_s);
	put_int(root, "missing", j->n_missing);
	put_int(root, "duplicates", j->n_duplicate);
	put_int(root, "backward", j->series.n_backward);
	put_int(root, "empty_buckets", v->n_gaps);
	json_object_object_add(root, "verdict", verdict_json(v));
	return print_json(root, out);
}

#define RATE_SIZE (HUMAN_BYTES_SIZE + 8)
/* Below INT64_MAX, and a double. */
#define RATE_MAX 9e18

/* KiB an hour as bytes with a sign: "+5.0 MiB". */
static const char *rate_text(double kb_h, char dst[static RATE_SIZE])
{
	double bytes = kb_h * 1024;
	char text[HUMAN_BYTES_SIZE];

	snprintf(dst, RATE_SIZE, "%s%s",
		 bytes > RATE_MAX    ? "above "
		 : bytes < -RATE_MAX ? "below "
				     : "",
		 human_delta(text, (int64_t)num_clamp(bytes, -RATE_MAX, RATE_MAX)));
	return dst;
}

static void print_faults(const struct judge *j, const struct verdict *v, FILE *out)
{
	if (j->n_missing)
		fprintf(out, "  missing     %llu rows without a value\n",
			(unsigned long long)j->n_missing);
	if (j->series.n_backward)
		fprintf(out,
			"  backward    %u rows left out: their time lies before the row above\n",
			j->series.n_backward);
	if (j->n_duplicate)
		fprintf(out, "  duplicates  %llu rows at the time of the row above\n",
			(unsigned long long)j->n_duplicate);
	if (v->n_gaps)
		fprintf(out, "  gaps        %u of the time buckets hold no sample\n", v->n_gaps);
}

static int print_verdict_text(const struct judge *j, const struct verdict *v, const char *name,
			      FILE *out)
{
	char a[RATE_SIZE], b[RATE_SIZE], c[RATE_SIZE], safe[200];

	fprintf(out, "%s: %s", safe_text(safe, sizeof(safe), name, strlen(name)),
		verdict_kind_names[v->kind]);
	if (v->kind != VERDICT_INSUFFICIENT)
		fprintf(out, " (%s), confidence %u.%u %%", verdict_shape_names[v->shape],
			v->confidence_permille / 10, v->confidence_permille % 10);
	fprintf(out, "\n  %s\n", v->reason);
	if (v->has_rate)
		fprintf(out, "  rate        %s/h, between %s and %s\n", rate_text(v->rate_kb_h, a),
			rate_text(v->rate_low_kb_h, b), rate_text(v->rate_high_kb_h, c));
	else if (v->kind != VERDICT_INSUFFICIENT)
		fputs("  rate        unknown\n", out);
	if (v->has_detectable)
		fprintf(out, "  detectable  a leak of %s/h or more would show by now\n",
			rate_text(v->detectable_kb_h, a));
	fprintf(out, "  samples     %llu over %.0f s\n", (unsigned long long)j->series.n,
		j->series.last_s);
	print_faults(j, v, out);
	return ferror(out) ? -EIO : 0;
}

int judge_print_verdict(const struct judge *j, const struct verdict *v, const char *name, bool json,
			FILE *out)
{
	return json ? print_verdict_json(j, v, name, out) : print_verdict_text(j, v, name, out);
}

static void print_confusion(const struct judge_score *s, FILE *out)
{
	fprintf(out, "\n  expected \\ said");
	for (int k = 0; k < _VERDICT_KIND_MAX; k++)
		fprintf(out, " %9.9s", verdict_kind_names[k]);
	fprintf(out, "\n");
	for (int e = 0; e < _VERDICT_KIND_MAX; e++) {
		unsigned int sum = 0;

		for (int k = 0; k < _VERDICT_KIND_MAX; k++)
			sum += s->confusion[e][k];
		if (!sum)
			continue;
		fprintf(out, "  %-15s", e ? verdict_kind_names[e] : "no leak");
		for (int k = 0; k < _VERDICT_KIND_MAX; k++)
			fprintf(out, " %9u", s->confusion[e][k]);
		fprintf(out, "\n");
	}
}

static int print_score_text(struct judge_group *groups, size_t n, FILE *out)
{
	fprintf(out, "  %-12s %7s %9s %7s %7s %9s %12s %12s\n", "series", "number", "precision",
		"recall", "F1", "in range", "delay median", "delay p90");
	for (size_t i = 0; i < n; i++) {
		struct judge_score *s = &groups[i].score;
		char name[80];
		double median, p90;

		judge_score__delays(s, &median, &p90);
		fprintf(out, "  %-12s %7u %9.3f %7.3f %7.3f ",
			safe_text(name, sizeof(name), groups[i].name, strlen(groups[i].name)),
			s->n - s->n_undecidable, judge_score__precision(s), judge_score__recall(s),
			judge_score__f1(s));
		if (s->rated)
			fprintf(out, "%9.3f ", (double)s->covered / s->rated);
		else
			fprintf(out, "%9s ", "-");
		if (s->n_delays)
			fprintf(out, "%10.0f s %10.0f s\n", median, p90);
		else
			fprintf(out, "%12s %12s\n", "-", "-");
	}
	print_confusion(&groups[0].score, out);
	if (groups[0].score.n_undecidable)
		fprintf(out,
			"\n  %u more that no series alone decides (half a cycle, a cache still "
			"filling): %u called leak\n",
			groups[0].score.n_undecidable, groups[0].score.undecidable_leaks);
	return ferror(out) ? -EIO : 0;
}

static struct json_object *score_json(struct judge_group *g)
{
	struct json_object *o = json_object_new_object();
	struct judge_score *s = &g->score;
	double median, p90;

	put_text(o, "group", g->name);
	put_int(o, "series", s->n - s->n_undecidable);
	put_int(o, "true_positives", s->tp);
	put_int(o, "false_positives", s->fp);
	put_int(o, "false_negatives", s->fn);
	put_int(o, "true_negatives", s->tn);
	put_ratio(o, "precision", judge_score__precision(s));
	put_ratio(o, "recall", judge_score__recall(s));
	put_ratio(o, "f1", judge_score__f1(s));
	if (s->rated)
		put_ratio(o, "rate_in_interval", (double)s->covered / s->rated);
	judge_score__delays(s, &median, &p90);
	if (s->n_delays) {
		put_double(o, "delay_median_s", median);
		put_double(o, "delay_p90_s", p90);
	}
	put_int(o, "undecidable", s->n_undecidable);
	put_int(o, "undecidable_called_leak", s->undecidable_leaks);
	return o;
}

static struct json_object *confusion_json(const struct judge_score *s)
{
	struct json_object *o = json_object_new_object();

	for (int e = 0; e < _VERDICT_KIND_MAX; e++) {
		struct json_object *row = json_object_new_object();

		for (int k = 0; k < _VERDICT_KIND_MAX; k++)
			if (s->confusion[e][k])
				put_int(row, verdict_kind_names[k], s->confusion[e][k]);
		if (json_object_object_length(row))
			json_object_object_add(o, e ? verdict_kind_names[e] : "no_leak", row);
		else
			json_object_put(row);
	}
	return o;
}

int judge_print_score(struct judge_group *groups, size_t n, bool json, FILE *out)
{
	struct json_object *root, *list;

	if (!json)
		return print_score_text(groups, n, out);
	root = json_object_new_object();
	list = json_object_new_array();
	put_text(root, "schema", "memtrace.judge/1");
	for (size_t i = 0; i < n; i++)
		json_object_array_add(list, score_json(&groups[i]));
	json_object_object_add(root, "groups", list);
	json_object_object_add(root, "confusion", confusion_json(&groups[0].score));
	return print_json(root, out);
}
