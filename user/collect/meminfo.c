/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/meminfo.h"

#include <errno.h>
#include <string.h>

#include "collect/table_read.h"

#define TEXT_MAX 16384 /* ten times what any kernel writes */

/* "Name:   number [kB]"; 0 or -EBADMSG. */
static int parse_line(struct cursor line, struct meminfo_line *ret)
{
	const char *colon = memchr(line.p, ':', (size_t)(line.end - line.p));
	size_t len = colon ? (size_t)(colon - line.p) : 0;
	struct meminfo_line m = {.is_count = true};
	struct cursor unit;

	if (!len || len >= sizeof(m.name) || memchr(line.p, '\0', len))
		return -EBADMSG;
	memcpy(m.name, line.p, len);
	line.p = colon + 1;
	if (cursor_u64(&line, &m.bytes))
		return -EBADMSG;
	if (!cursor_word(&line, &unit)) {
		if (!cursor_is(unit, "kB") || __builtin_mul_overflow(m.bytes, 1024, &m.bytes) ||
		    !cursor_word(&line, &unit))
			return -EBADMSG;
		m.is_count = false;
	}
	*ret = m;
	return 0;
}

int meminfo_parse(struct cursor text, struct tick *t)
{
	struct meminfo_line m;
	struct cursor line;

	while (!cursor_line(&text, &line))
		if (line.end < text.end && !parse_line(line, &m) && vec_push(&t->meminfo, m))
			return -ENOMEM;
	return 0;
}

static int parse(struct cursor text, void *t)
{
	return meminfo_parse(text, t);
}

int meminfo_read(int root_fd, struct tick *t)
{
	return table_read(root_fd, "proc/meminfo", TEXT_MAX, parse, t, &t->meminfo.n);
}
