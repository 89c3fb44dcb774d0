/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/zoneinfo.h"

#include <errno.h>

int zoneinfo_pcp_parse(struct cursor text, uint64_t *ret_pages)
{
	bool in_pagesets = false, seen = false;
	uint64_t sum = 0, pages;
	struct cursor line, word;

	while (!cursor_line(&text, &line)) {
		/* A last line without its newline is cut. */
		if (line.end == text.end || cursor_word(&line, &word))
			continue;
		if (cursor_is(word, "Node"))
			in_pagesets = false;
		else if (cursor_is(word, "pagesets"))
			in_pagesets = seen = true;
		else if (in_pagesets && cursor_is(word, "count:") && !cursor_u64(&line, &pages) &&
			 __builtin_add_overflow(sum, pages, &sum))
			return -EBADMSG;
	}
	if (!seen)
		return -EBADMSG;
	*ret_pages = sum;
	return 0;
}
