/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/schema.h"
#include "store/session.h"

struct copy {
	int dirfd;
	const char *name;
	const struct session_filter *filter;
	struct session *to;
};

/* A string of its own length may not hold what it becomes: it gets room to grow. */
static int filter_path(const struct session_filter *f, char **s, size_t size)
{
	char *longer;

	if (!*s)
		return 0;
	longer = calloc(1, size + 1);
	if (!longer)
		return -ENOMEM;
	strncpy(longer, *s, size);
	f->text(f->arg, longer, size);
	free(*s);
	*s = longer;
	return 0;
}

static int filter_row(const struct session_filter *f, const struct table *t, char *row)
{
	int err = 0;

	for (size_t i = 0; !err && i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];

		if (c->kind == COLUMN_CHARS || c->kind == COLUMN_NAME)
			f->text(f->arg, row + c->offset, c->size);
		else if (c->kind == COLUMN_PATH)
			err = filter_path(f, (char **)(row + c->offset), c->size);
	}
	return err;
}

static int take_info(void *arg, const struct run_info *info)
{
	struct copy *c = arg;
	struct run_info own = *info;
	int err = filter_row(c->filter, &run_table, (char *)&own);

	return err ? err : session__create(c->dirfd, c->name, &own, 0, &c->to);
}

/* The tick is the reader's own, which clears it afterwards: its rows may be changed in place. */
static int take_tick(void *arg, const struct tick *t)
{
	struct copy *c = arg;
	int err = 0;

	for (int table = 0; table < N_ROW_TABLES; table++) {
		const struct table *tab = &row_tables[table];

		for (size_t i = 0; !err && i < schema__n_rows(tab, t); i++)
			err = filter_row(c->filter, tab, (char *)schema__row(tab, t, i));
	}
	return err ? err : session__write(c->to, t);
}

int session__copy(const char *path, int dirfd, const char *name, const struct session_filter *f)
{
	struct copy c = {dirfd, name, f, NULL};
	const struct session_reader reader = {take_info, take_tick, &c};
	int err = session__replay(path, &reader);

	if (c.to && (!err || err == -EBADMSG))
		err = session__finish(c.to);
	session__close(c.to);
	return err;
}
