/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/swaps.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (64u * 1024) /* 30 devices at most, paths of up to 4 KiB: more is no swaps */

static int parse_priority(struct cursor *line, int32_t *ret)
{
	struct cursor word;
	bool negative;
	uint64_t n;

	if (cursor_word(line, &word))
		return -EBADMSG;
	negative = *word.p == '-';
	word.p += negative;
	if (cursor_u64(&word, &n) || n > INT32_MAX)
		return -EBADMSG;
	*ret = negative ? -(int32_t)n : (int32_t)n;
	return 0;
}

/* Filename Type Size Used Priority; sizes in KiB. */
static int parse_line(struct cursor line, struct swap_device *ret)
{
	struct swap_device d = {0};
	struct cursor path, type;

	if (cursor_word(&line, &path) || memchr(path.p, '\0', (size_t)(path.end - path.p)) ||
	    cursor_word(&line, &type) || cursor_u64(&line, &d.size) || cursor_u64(&line, &d.used) ||
	    parse_priority(&line, &d.priority) || __builtin_mul_overflow(d.size, 1024, &d.size) ||
	    __builtin_mul_overflow(d.used, 1024, &d.used))
		return -EBADMSG;
	cursor_unescape(path, d.path, sizeof(d.path));
	d.is_file = cursor_is(type, "file");
	*ret = d;
	return 0;
}

int swaps_parse(struct cursor text, struct system_sample *s)
{
	struct cursor line, word;
	struct swap_device d;

	if (cursor_line(&text, &line) || cursor_word(&line, &word) || !cursor_is(word, "Filename"))
		return -EBADMSG;
	while (!cursor_line(&text, &line))
		if (line.end < text.end && !parse_line(line, &d) && vec_push(&s->swaps, d))
			return -ENOMEM;
	return 0;
}

int swaps_read(int root_fd, struct system_sample *s)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "proc/swaps", &text, &cap, TEXT_MAX);

	return len < 0 ? (int)len : swaps_parse((struct cursor){text, text + len}, s);
}
