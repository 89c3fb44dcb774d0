/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/metric_write.h"

#include <inttypes.h>
#include <string.h>

/* Longest name there is, made safe: 255 bytes of a file's name, four characters a byte. */
#define LABEL_SIZE 1024

void metric_family(struct metric_writer *w, const struct metric *m)
{
	fprintf(w->out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->type);
}

void metric_label(struct metric_writer *w, const char *name, const char *value, size_t size)
{
	char shown[LABEL_SIZE];
	const char *p = safe_text(shown, sizeof(shown), value, size);

	strbuf_addf(&w->labels, "%s%s=\"", w->labels.len ? "," : "", name);
	while (*p) {
		size_t len = strcspn(p, "\\\"");

		strbuf_add(&w->labels, p, len);
		p += len;
		if (*p)
			strbuf_addf(&w->labels, "\\%c", *p++);
	}
	strbuf_add(&w->labels, "\"", 1);
}

void metric_word(struct metric_writer *w, const char *name, const char *value)
{
	metric_label(w, name, value, strlen(value));
}

void metric_number(struct metric_writer *w, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	metric_word(w, name, text);
}

/* Name and labels, which are used up. */
static void begin_sample(struct metric_writer *w, const struct metric *m)
{
	w->failed |= w->labels.failed;
	if (w->labels.len)
		fprintf(w->out, "%s{%s}", m->name, w->labels.s);
	else
		fputs(m->name, w->out);
	w->labels.len = 0;
}

void metric_u64(struct metric_writer *w, const struct metric *m, uint64_t value)
{
	begin_sample(w, m);
	fprintf(w->out, " %" PRIu64 "\n", value);
}

void metric_i64(struct metric_writer *w, const struct metric *m, int64_t value)
{
	begin_sample(w, m);
	fprintf(w->out, " %" PRId64 "\n", value);
}

void metric_double(struct metric_writer *w, const struct metric *m, double value)
{
	begin_sample(w, m);
	fprintf(w->out, " %.6f\n", value);
}

void metric_single(struct metric_writer *w, const struct metric *m, uint64_t value)
{
	metric_family(w, m);
	metric_u64(w, m, value);
}

static int by_value(const void *a, const void *b)
{
	const struct metric_rank *x = a, *y = b;

	return (x->value < y->value) - (x->value > y->value);
}

struct seen {
	char **v; /* owned */
	size_t n, cap;
};

/* Whether the labels of the next sample are new; remembers them. */
static bool are_new(struct metric_writer *w, struct seen *seen)
{
	char *copy;

	vec_for_each(s, seen)
		if (!strcmp(*s, w->labels.s))
			return false;
	copy = strdup(w->labels.s);
	if (!copy || vec_push(seen, copy)) {
		free(copy);
		w->failed = true;
	}
	return true;
}

static void free_seen(struct seen *seen)
{
	vec_for_each(s, seen)
		free(*s);
	vec_free(seen);
}

static void show(struct metric_writer *w, const struct metric *m, const struct metric_ranks *l,
		 int64_t value)
{
	if (l->unit)
		metric_double(w, m, (double)value * l->unit);
	else
		metric_i64(w, m, value);
}

void metric_ranked(struct metric_writer *w, const struct metric *m, struct metric_ranks *l,
		   size_t top, void (*label)(struct metric_writer *w, const void *item))
{
	struct seen seen = {};
	int64_t rest = 0;
	size_t told = 0;

	if (!l->n)
		return;
	qsort(l->v, l->n, sizeof(*l->v), by_value);
	metric_family(w, m);
	label(w, NULL);
	w->failed |= w->labels.failed || !are_new(w, &seen);
	for (size_t i = 0; i < l->n && !w->failed; i++) {
		const struct metric_rank *r = &l->v[i];

		w->labels.len = 0;
		rest += r->shown;
		if (told == top || r->value <= 0)
			continue;
		label(w, r->item);
		w->failed |= w->labels.failed;
		if (w->failed || !are_new(w, &seen))
			continue;
		rest -= r->shown;
		show(w, m, l, r->shown);
		told++;
	}
	w->labels.len = 0;
	if (!l->no_rest) {
		label(w, NULL);
		show(w, m, l, rest);
	}
	free_seen(&seen);
	l->n = 0;
}
