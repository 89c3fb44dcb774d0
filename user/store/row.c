/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "store/row.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"

/* A value on its way between a struct member and SQLite. */
struct cell {
	enum {
		CELL_NULL,
		CELL_INT,
		CELL_BYTES,
	} type;
	int64_t i;
	const char *s;
	size_t len;
};

static void sum_bytes(struct row_sum *sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		sum->h = (sum->h ^ p[i]) * 0x100000001b3ULL; /* FNV-1a's prime */
}

static void sum_cell(struct row_sum *sum, const struct cell *c)
{
	unsigned char type = (unsigned char)c->type;
	uint64_t number = c->type == CELL_INT ? (uint64_t)c->i : c->len;

	sum_bytes(sum, &type, 1);
	for (int shift = 0; shift < 64 && c->type != CELL_NULL; shift += 8)
		sum_bytes(sum, &(unsigned char){(unsigned char)(number >> shift)}, 1);
	if (c->type == CELL_BYTES)
		sum_bytes(sum, c->s, c->len);
}

/* --- structs to cells --- */

static uint32_t load_u32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t load_u64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static struct cell get_u32(const struct column *c, const void *p)
{
	(void)c;
	return (struct cell){.type = CELL_INT, .i = load_u32(p)};
}

static struct cell get_u64(const struct column *c, const void *p)
{
	(void)c;
	return (struct cell){.type = CELL_INT, .i = (int64_t)load_u64(p)};
}

static struct cell get_bool(const struct column *c, const void *p)
{
	(void)c;
	return (struct cell){.type = CELL_INT, .i = *(const bool *)p};
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static struct cell get_letter(const struct column *c, const void *p)
{
	(void)c;
	if (!is_letter(*(const char *)p))
		return (struct cell){.type = CELL_NULL};
	return (struct cell){.type = CELL_BYTES, .s = p, .len = 1};
}

static struct cell get_chars(const struct column *c, const void *p)
{
	return (struct cell){.type = CELL_BYTES, .s = p, .len = strnlen(p, c->size - 1)};
}

static struct cell get_path(const struct column *c, const void *p)
{
	const char *s;

	memcpy(&s, p, sizeof(s));
	if (!s)
		return (struct cell){.type = CELL_NULL};
	return (struct cell){.type = CELL_BYTES, .s = s, .len = strnlen(s, c->size - 1)};
}

/* --- cells to structs --- */

static int set_u32(const struct column *c, void *p, const struct cell *v)
{
	uint32_t n = (uint32_t)v->i;

	(void)c;
	if (v->type != CELL_INT || v->i < 0 || v->i > UINT32_MAX)
		return -EBADMSG;
	memcpy(p, &n, sizeof(n));
	return 0;
}

static int set_u64(const struct column *c, void *p, const struct cell *v)
{
	(void)c;
	if (v->type != CELL_INT)
		return -EBADMSG;
	memcpy(p, &v->i, sizeof(v->i));
	return 0;
}

static int set_bool(const struct column *c, void *p, const struct cell *v)
{
	(void)c;
	if (v->type != CELL_INT || (v->i != 0 && v->i != 1))
		return -EBADMSG;
	*(bool *)p = v->i;
	return 0;
}

static int set_enum(const struct column *c, void *p, const struct cell *v)
{
	return v->type == CELL_INT && v->i >= c->size ? -EBADMSG : set_u32(c, p, v);
}

static int set_letter(const struct column *c, void *p, const struct cell *v)
{
	(void)c;
	if (v->type == CELL_NULL)
		return 0;
	if (v->type != CELL_BYTES || v->len != 1 || !is_letter(*v->s))
		return -EBADMSG;
	*(char *)p = *v->s;
	return 0;
}

/* The struct was zeroed: what follows the string is NUL. */
static int set_chars(const struct column *c, void *p, const struct cell *v)
{
	if (v->type != CELL_BYTES || v->len >= c->size || memchr(v->s, '\0', v->len))
		return -EBADMSG;
	memcpy(p, v->s, v->len);
	return 0;
}

static int set_path(const struct column *c, void *p, const struct cell *v)
{
	char *copy;

	if (v->type == CELL_NULL)
		return 0;
	if (v->type != CELL_BYTES || v->len >= c->size || memchr(v->s, '\0', v->len))
		return -EBADMSG;
	copy = strndup(v->s, v->len);
	if (!copy)
		return -ENOMEM;
	memcpy(p, &copy, sizeof(copy));
	return 0;
}

_Static_assert(sizeof(enum owner_kind) == sizeof(uint32_t), "enums are read as uint32_t");

static const struct {
	struct cell (*get)(const struct column *c, const void *p);
	int (*set)(const struct column *c, void *p, const struct cell *v);
} kinds[_COLUMN_KIND_MAX] = {
	[COLUMN_U32] = {get_u32, set_u32},	 [COLUMN_U64] = {get_u64, set_u64},
	[COLUMN_I64] = {get_u64, set_u64},	 [COLUMN_BOOL] = {get_bool, set_bool},
	[COLUMN_ENUM] = {get_u32, set_enum},	 [COLUMN_LETTER] = {get_letter, set_letter},
	[COLUMN_CHARS] = {get_chars, set_chars}, [COLUMN_NAME] = {get_chars, set_chars},
	[COLUMN_PATH] = {get_path, set_path},
};

/* --- known or not --- */

static bool is_known(const struct column *c, const void *row)
{
	const char *flag = (const char *)row + c->flag;

	if (c->when == WHEN_BIT)
		return load_u32(flag) & c->bit;
	return c->when == WHEN_ALWAYS || *(const bool *)flag;
}

static void set_known(const struct column *c, void *row)
{
	char *flag = (char *)row + c->flag;
	uint32_t bits;

	if (c->when == WHEN_BOOL)
		*(bool *)flag = true;
	if (c->when != WHEN_BIT)
		return;
	bits = load_u32(flag) | c->bit;
	memcpy(flag, &bits, sizeof(bits));
}

static struct cell get_cell(const struct column *c, const void *row)
{
	if (!is_known(c, row))
		return (struct cell){.type = CELL_NULL};
	return kinds[c->kind].get(c, (const char *)row + c->offset);
}

/* --- SQLite --- */

#define UTF8_CHECK_SIZE 4096 /* the longest COLUMN_PATH */

/* TEXT must be UTF-8 for whoever reads the file with other tools. */
static bool is_utf8(const char *s, size_t len)
{
	char copy[UTF8_CHECK_SIZE + 8];

	if (len >= UTF8_CHECK_SIZE)
		return false;
	safe_utf8(copy, sizeof(copy), s, len);
	return strlen(copy) == len && !memcmp(copy, s, len);
}

static int bind_cell(sqlite3_stmt *st, int i, const struct cell *c)
{
	if (c->type == CELL_NULL)
		return sqlite3_bind_null(st, i);
	if (c->type == CELL_INT)
		return sqlite3_bind_int64(st, i, c->i);
	if (is_utf8(c->s, c->len))
		return sqlite3_bind_text(st, i, c->s, (int)c->len, SQLITE_STATIC);
	return sqlite3_bind_blob(st, i, c->s, (int)c->len, SQLITE_STATIC);
}

int row__bind(sqlite3_stmt *st, int first, const struct table *t, const void *row,
	      struct row_sum *sum)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		struct cell cell = get_cell(&t->columns[i], row);

		sum_cell(sum, &cell);
		if (bind_cell(st, first + (int)i, &cell) != SQLITE_OK)
			return -ENOMEM;
	}
	return 0;
}

int row__intern(sqlite3_stmt *st, const struct table *t, const void *row)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		struct cell cell;
		int rc;

		if (!column_is_interned(&t->columns[i]))
			continue;
		cell = get_cell(&t->columns[i], row);
		if (cell.type == CELL_NULL)
			continue;
		rc = bind_cell(st, 1, &cell);
		if (rc == SQLITE_OK)
			sqlite3_step(st);
		if (rc == SQLITE_OK)
			rc = sqlite3_reset(st); /* the error of the step, if any */
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}

static int cell_from(sqlite3_stmt *st, int i, struct cell *ret)
{
	const char *s = NULL;

	switch (sqlite3_column_type(st, i)) {
	case SQLITE_NULL:
		*ret = (struct cell){.type = CELL_NULL};
		return 0;
	case SQLITE_INTEGER:
		*ret = (struct cell){.type = CELL_INT, .i = sqlite3_column_int64(st, i)};
		return 0;
	case SQLITE_TEXT:
		s = (const char *)sqlite3_column_text(st, i);
		break;
	case SQLITE_BLOB:
		/* NULL for an empty one, but none is written */
		s = sqlite3_column_blob(st, i);
		break;
	}
	if (!s)
		return sqlite3_errcode(sqlite3_db_handle(st)) == SQLITE_NOMEM ? -ENOMEM : -EBADMSG;
	*ret = (struct cell){.type = CELL_BYTES, .s = s};
	ret->len = (size_t)sqlite3_column_bytes(st, i);
	return 0;
}

static int read_column(const struct column *c, void *row, const struct cell *v)
{
	if (c->when != WHEN_ALWAYS && v->type == CELL_NULL)
		return 0;
	set_known(c, row);
	return kinds[c->kind].set(c, (char *)row + c->offset, v);
}

/* Columns that share one flag are NULL together or not at all. */
static bool is_consistent(const struct table *t, const void *row, sqlite3_stmt *st, int first)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct column *c = &t->columns[i];

		if (c->when == WHEN_BOOL && is_known(c, row) &&
		    sqlite3_column_type(st, first + (int)i) == SQLITE_NULL)
			return false;
	}
	return true;
}

int row__read(sqlite3_stmt *st, int first, const struct table *t, void *row, struct row_sum *sum,
	      size_t *text_bytes)
{
	memset(row, 0, t->row_size);
	for (size_t i = 0; i < t->n_columns; i++) {
		struct cell cell = {0};
		int err = cell_from(st, first + (int)i, &cell);

		if (!err)
			err = read_column(&t->columns[i], row, &cell);
		if (err) {
			row__clear(t, row);
			return err;
		}
		if (t->columns[i].kind == COLUMN_PATH)
			*text_bytes += cell.len;
		sum_cell(sum, &cell);
	}
	if (is_consistent(t, row, st, first))
		return 0;
	row__clear(t, row);
	return -EBADMSG;
}

void row__clear(const struct table *t, void *row)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		char *s;

		if (t->columns[i].kind != COLUMN_PATH)
			continue;
		memcpy(&s, (char *)row + t->columns[i].offset, sizeof(s));
		free(s);
	}
	memset(row, 0, t->row_size);
}
