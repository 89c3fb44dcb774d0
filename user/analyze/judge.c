/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/judge.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIELD_MAX 64	    /* no number needs more */
#define VALUE_MAX_KB 9.3e18 /* 2^63 */
#define TIME_MAX_S 1e12

struct field {
	const char *s;
	size_t len;
};

static struct field trimmed(const char *s, size_t len)
{
	while (len && (isspace((unsigned char)s[0]) || s[0] == '"')) {
		s++;
		len--;
	}
	while (len && (isspace((unsigned char)s[len - 1]) || s[len - 1] == '"'))
		len--;
	return (struct field){s, len};
}

static bool is_separator(char c)
{
	return c == ',' || c == ';' || c == '\t';
}

/* How sar, Prometheus, pandas and spreadsheets write "no value". */
static bool is_missing(struct field f)
{
	static const char *const words[] = {"nan", "+nan", "-nan", "null",
					    "na",  "n/a",  "none", "-"};

	if (!f.len)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (f.len == strlen(words[i]) && !strncasecmp(f.s, words[i], f.len))
			return true;
	return false;
}

static int to_number(struct field f, double *ret)
{
	char text[FIELD_MAX], *end;
	double v;

	if (!f.len || f.len >= sizeof(text))
		return -EINVAL;
	for (size_t i = 0; i < f.len; i++)
		if (!strchr("0123456789.eE+-", f.s[i]) || !f.s[i])
			return -EINVAL; /* no hex, no inf */
	memcpy(text, f.s, f.len);
	text[f.len] = '\0';
	v = strtod(text, &end);
	if (*end || end == text)
		return -EINVAL;
	*ret = v;
	return 0;
}

/* Untrusted bytes in an error message: printable ASCII, cut. */
static const char *quoted(struct field f, char buf[static 32])
{
	size_t n = f.len < 24 ? f.len : 24;

	for (size_t i = 0; i < n; i++)
		buf[i] = isprint((unsigned char)f.s[i]) ? f.s[i] : '?';
	snprintf(buf + n, 32 - n, "%s", f.len > n ? "..." : "");
	return buf;
}

static int refuse(const struct judge *j, char *err, const char *what, struct field f)
{
	char buf[32];

	snprintf(err, JUDGE_ERROR_SIZE, "line %llu: %s '%s'", (unsigned long long)j->lines, what,
		 quoted(f, buf));
	return -EINVAL;
}

static void feed(struct judge *j, double t, double v)
{
	struct verdict look;

	if (j->series.n && t == j->series.t0 + j->series.last_s)
		j->n_duplicate++;
	if (!series__add(&j->series, t, v) || !j->follow || !series__due(&j->series))
		return;
	j->series.n_judged = j->series.n;
	verdict__judge(&j->series, &j->ctx, &look);
	if (alarm__look(&j->series, &look) && j->series.alarm.on)
		j->alarm_s = j->series.last_s;
}

static int values(struct judge *j, struct field t_text, struct field v_text, char *err)
{
	double t, v;

	if (to_number(t_text, &t) < 0) {
		if (!j->seen_data && !is_missing(t_text)) { /* the header */
			j->seen_data = true;
			return 0;
		}
		return refuse(j, err, "no time in seconds:", t_text);
	}
	j->seen_data = true;
	if (num_abs(t) > TIME_MAX_S)
		return refuse(j, err, "time out of range:", t_text);
	if (is_missing(v_text)) {
		j->n_missing++;
		return 0;
	}
	if (to_number(v_text, &v) < 0)
		return refuse(j, err, "no value in KiB:", v_text);
	if (v < 0)
		return refuse(j, err, "a value below zero:", v_text);
	if (v > VALUE_MAX_KB)
		return refuse(j, err, "value out of range:", v_text);
	feed(j, t, v);
	return 0;
}

int judge__line(struct judge *j, const char *line, size_t len, char err[static JUDGE_ERROR_SIZE])
{
	struct field whole;
	size_t sep, end;

	j->lines++;
	if (j->lines == 1 && len >= 3 && !memcmp(line, "\xef\xbb\xbf", 3)) {
		line += 3; /* byte order mark: spreadsheets write it */
		len -= 3;
	}
	whole = trimmed(line, len);
	if (!whole.len || whole.s[0] == '#')
		return 0;
	for (sep = 0; sep < len && !is_separator(line[sep]);)
		sep++;
	if (sep == len)
		return refuse(j, err, "expected t_seconds,value_kb, got", whole);
	for (end = sep + 1; end < len && !is_separator(line[end]);)
		end++;
	return values(j, trimmed(line, sep), trimmed(line + sep + 1, end - sep - 1), err);
}

void judge__verdict(const struct judge *j, struct verdict *ret)
{
	verdict__judge(&j->series, &j->ctx, ret);
}

int verdict_kind_from_name(const char *name, enum verdict_kind *ret)
{
	for (int k = 0; k < _VERDICT_KIND_MAX; k++)
		if (!strcasecmp(name, verdict_kind_names[k])) {
			*ret = (enum verdict_kind)k;
			return 0;
		}
	if (strcasecmp(name, "shrink"))
		return -EINVAL;
	*ret = VERDICT_SHRINKING;
	return 0;
}

int judge_label_from_name(const char *name, struct judge_label *ret)
{
	bool leak = false, denied = false, known = false;
	char word[32];

	*ret = (struct judge_label){.is_decidable = true};
	while (*name) {
		size_t n = 0;
		enum verdict_kind kind;

		while (*name && !isalpha((unsigned char)*name))
			name++;
		for (; isalpha((unsigned char)*name); name++)
			if (n + 1 < sizeof(word))
				word[n++] = *name;
		word[n] = '\0';
		if (!strcasecmp(word, "leak") || !strcasecmp(word, "leaks"))
			leak = known = true;
		else if (!strcasecmp(word, "noleak"))
			denied = known = true;
		else if (!strcasecmp(word, "no") || !strcasecmp(word, "not"))
			denied = true;
		else if (!verdict_kind_from_name(word, &kind)) {
			ret->kind = kind;
			known = true;
		}
	}
	if (!known)
		return -EINVAL;
	ret->is_leak = leak && !denied;
	if (ret->is_leak)
		ret->kind = VERDICT_LEAK;
	return 0;
}

void judge_score__add(struct judge_score *s, const struct judge_label *label, const struct judge *j,
		      const struct verdict *v)
{
	bool said = v->kind == VERDICT_LEAK;

	s->n++;
	if (!label->is_decidable) {
		s->n_undecidable++;
		s->undecidable_leaks += said;
		return;
	}
	s->tp += label->is_leak && said;
	s->fn += label->is_leak && !said;
	s->fp += !label->is_leak && said;
	s->tn += !label->is_leak && !said;
	s->confusion[label->kind][v->kind]++;
	if (!label->is_leak || !said)
		return;
	if (label->has_rate) {
		s->rated++;
		s->covered += v->rate_low_kb_h <= label->rate_kb_h &&
			      label->rate_kb_h <= v->rate_high_kb_h;
	}
	if (j->series.alarm.on && s->n_delays < JUDGE_DELAYS_MAX)
		s->delay_s[s->n_delays++] = num_max(0, j->alarm_s - label->onset_s);
}

double judge_score__precision(const struct judge_score *s)
{
	return s->tp + s->fp ? (double)s->tp / (s->tp + s->fp) : 0;
}

double judge_score__recall(const struct judge_score *s)
{
	return s->tp + s->fn ? (double)s->tp / (s->tp + s->fn) : 0;
}

double judge_score__f1(const struct judge_score *s)
{
	double p = judge_score__precision(s), r = judge_score__recall(s);

	return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

void judge_score__delays(struct judge_score *s, double *ret_median, double *ret_p90)
{
	*ret_median = *ret_p90 = 0;
	if (!s->n_delays)
		return;
	*ret_median = num_median(s->delay_s, s->n_delays);
	*ret_p90 = num_select(s->delay_s, s->n_delays, s->n_delays * 9 / 10);
}
