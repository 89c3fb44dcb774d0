/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kmemleak.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (64u * 1024 * 1024)
#define PLACE "sys/kernel/debug/kmemleak"

static int add(struct alloc_sites *s, const struct alloc_site *site)
{
	if (!site->count)
		return 0;
	vec_for_each(old, s)
		if (!strcmp(old->name, site->name)) {
			old->count++;
			return __builtin_add_overflow(old->bytes, site->bytes, &old->bytes)
				       ? -EBADMSG
				       : 0;
		}
	return vec_push(s, *site);
}

/* "unreferenced object 0xffff888003d5b000 (size 64):" */
static bool is_head(struct cursor line, uint64_t *ret_bytes)
{
	struct cursor word;
	char number[24];
	int n = 0;

	while (!cursor_word(&line, &word)) {
		if (!n && !cursor_is(word, "unreferenced"))
			return false;
		if (++n != 5)
			continue;
		if (word.end - word.p < 3 || (size_t)(word.end - word.p) > sizeof(number))
			return false;
		word.end -= 2;
		return cursor_copy(word, number, sizeof(number)) && !parse_u64(number, ret_bytes);
	}
	return false;
}

/* "    [<000000004a>] function+0x12/0x80", and without the address from 6.2 on. */
static void take_frame(struct cursor line, struct alloc_site *site, struct alloc_frames *f)
{
	struct cursor word;

	if (cursor_word(&line, &word) || (*word.p == '[' && cursor_word(&line, &word)))
		return;
	alloc_site_frame(word, site, f);
}

int kmemleak_parse(struct cursor text, struct alloc_sites *s)
{
	struct alloc_site site = {0};
	struct alloc_frames frames = {0};
	struct cursor line;
	uint64_t bytes;

	while (!cursor_line(&text, &line)) {
		if (line.end == text.end)
			break;
		if (!is_head(line, &bytes)) {
			take_frame(line, &site, &frames);
			continue;
		}
		if (add(s, &site) == -ENOMEM)
			return -ENOMEM;
		site = (struct alloc_site){.bytes = bytes, .count = 1};
		frames = (struct alloc_frames){0};
	}
	return add(s, &site) == -ENOMEM ? -ENOMEM : 0;
}

int kmemleak_read(int root_fd, struct alloc_sites *s)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, PLACE, &text, &cap, TEXT_MAX);

	return len < 0 ? (int)len : kmemleak_parse((struct cursor){text, text + len}, s);
}

int kmemleak_scan(int root_fd)
{
	_cleanup_close_ int fd = openat(root_fd, PLACE, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, "scan", 4) < 0 ? -errno : 0;
}
