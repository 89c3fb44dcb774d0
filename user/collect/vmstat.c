/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vmstat.h"

#include "collect/table_read.h"

#define TEXT_MAX (256u * 1024) /* about 6 KiB in 6.18 */

static int parse_line(struct cursor line, struct counter *ret)
{
	struct counter c;
	struct cursor word;

	if (cursor_word(&line, &word) || !cursor_copy(word, c.name, sizeof(c.name)) ||
	    cursor_u64(&line, &c.value) || !cursor_word(&line, &word))
		return -EBADMSG;
	*ret = c;
	return 0;
}

int counters_parse(struct cursor text, struct counters *c)
{
	struct counter found;
	struct cursor line;

	while (!cursor_line(&text, &line))
		if (line.end < text.end && !parse_line(line, &found) && vec_push(c, found))
			return -ENOMEM;
	return 0;
}

static int parse(struct cursor text, void *c)
{
	return counters_parse(text, c);
}

int vmstat_read(int root_fd, struct counters *c)
{
	return table_read(root_fd, "proc/vmstat", TEXT_MAX, parse, c, &c->n);
}
