/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/text_symbols.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/line_file.h"

#define KALLSYMS_MAX_BYTES (128ULL << 20)
#define PERF_MAP_MAX_BYTES (64ULL << 20)
/* No kernel function is as long: what lies further behind a symbol is not of it. */
#define KERNEL_FUNCTION_MAX (1ULL << 20)

struct search {
	struct text_symbol *v;
	size_t n;
	uint64_t n_shown; /* addresses that are not 0 */
};

static int compare(const void *a, const void *b)
{
	uint64_t x = ((const struct text_symbol *)a)->addr;
	uint64_t y = ((const struct text_symbol *)b)->addr;

	return x < y ? -1 : x > y;
}

/* The first address that is not below this one. */
static size_t first_from(const struct search *s, uint64_t addr)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->v[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static char *copy_of(struct cursor c)
{
	return c.p < c.end ? strndup(c.p, (size_t)(c.end - c.p)) : NULL;
}

/* Of symbols at one address, one that is exported, and one that is code. */
static int rank_of(struct cursor type)
{
	return cursor_is(type, "T") ? 2 : cursor_is(type, "t") || cursor_is(type, "W") ? 1 : 0;
}

/* "ffffffff81000000 T _text", "ffffffffc0001000 t func\t[module]" */
static void kernel_line(void *arg, struct cursor line)
{
	struct search *s = arg;
	struct cursor type, name, module = {0};
	struct text_symbol *t;
	uint64_t start;
	size_t i;
	int rank;

	if (cursor_hex(&line, &start) || cursor_word(&line, &type) || cursor_word(&line, &name))
		return;
	s->n_shown += start != 0;
	i = first_from(s, start);
	if (!start || i == s->n)
		return;
	t = &s->v[i];
	rank = rank_of(type);
	if (start < t->start || (start == t->start && rank <= t->rank))
		return;
	if (!cursor_word(&line, &module) && module.end - module.p > 2 && *module.p == '[')
		module = (struct cursor){module.p + 1, module.end - 1};
	t->start = start;
	t->rank = rank;
	free(t->name);
	free(t->module);
	t->name = rank ? copy_of(name) : NULL;
	t->module = rank ? copy_of(module) : NULL;
}

/* Each symbol was noted at the first address behind it: it is as well the one
 * before the next addresses, until a nearer one. */
static int carry_on(struct search *s)
{
	const struct text_symbol *last = NULL;

	for (size_t i = 0; i < s->n; i++) {
		struct text_symbol *t = &s->v[i];

		if (t->start || !last) {
			last = t;
			continue;
		}
		t->start = last->start;
		t->name = last->name ? strdup(last->name) : NULL;
		t->module = last->module ? strdup(last->module) : NULL;
		if ((last->name && !t->name) || (last->module && !t->module))
			return -ENOMEM;
	}
	return 0;
}

static void drop_guesses(struct search *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct text_symbol *t = &s->v[i];

		if (t->name && (t->addr - t->start > KERNEL_FUNCTION_MAX ||
				!strcmp(t->name, "_etext") || !strcmp(t->name, "_einittext"))) {
			free(t->name);
			free(t->module);
			t->name = t->module = NULL;
		}
	}
}

int kernel_symbols_find(int fd, struct text_symbol *v, size_t n)
{
	struct search s = {.v = v, .n = n};
	int err;

	if (n)
		qsort(v, n, sizeof(*v), compare);
	err = line_file_read(fd, KALLSYMS_MAX_BYTES, kernel_line, &s);
	if (err)
		return err;
	if (!s.n_shown)
		return -EPERM;
	err = carry_on(&s);
	drop_guesses(&s);
	return err;
}

/* "7f0012340000 1a0 Lcom/example/Main;::run": the name may have blanks. */
static void perf_map_line(void *arg, struct cursor line)
{
	struct search *s = arg;
	uint64_t start, size, end;

	if (cursor_hex(&line, &start) || cursor_hex(&line, &size) || !size ||
	    __builtin_add_overflow(start, size, &end))
		return;
	while (line.p < line.end && (*line.p == ' ' || *line.p == '\t'))
		line.p++;
	for (size_t i = first_from(s, start); i < s->n && s->v[i].addr < end; i++) {
		free(s->v[i].name);
		s->v[i].name = copy_of(line);
		s->v[i].start = start;
	}
}

int perf_map_find(int fd, struct text_symbol *v, size_t n)
{
	struct search s = {.v = v, .n = n};

	if (n)
		qsort(v, n, sizeof(*v), compare);
	return line_file_read(fd, PERF_MAP_MAX_BYTES, perf_map_line, &s);
}
