/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/vmallocinfo.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (64u * 1024 * 1024) /* 90 bytes each; some 100,000 areas on large machines */

/* Which of the functions below took the stack depends on what was inlined into what. */
static const char *const stack_callers[] = {
	"kernel_clone", "_do_fork", "copy_process", "dup_task_struct", "alloc_thread_stack_node",
};

static struct vmalloc_caller *find(struct vmalloc_callers *c, const char *name)
{
	vec_for_each(v, c)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

static int add(struct vmalloc_callers *c, const char *name, uint64_t pages)
{
	struct vmalloc_caller *old = find(c, name), caller = {.pages = pages, .areas = 1};

	if (old) {
		old->areas++;
		return __builtin_add_overflow(old->pages, pages, &old->pages) ? -EBADMSG : 0;
	}
	memcpy(caller.name, name, strnlen(name, sizeof(caller.name) - 1));
	for (size_t i = 0; i < sizeof(stack_callers) / sizeof(stack_callers[0]); i++)
		caller.is_stack |= !strcmp(name, stack_callers[i]);
	return vec_push(c, caller);
}

/* ADDRESS-ADDRESS SIZE CALLER+OFFSET/LENGTH [MODULE] [pages=N] FLAG…; 0 or -EBADMSG. */
static int parse_line(struct cursor line, char name[static 64], uint64_t *ret_pages)
{
	struct cursor word;
	const char *plus;
	uint64_t size;

	if (cursor_word(&line, &word) || cursor_u64(&line, &size) || cursor_word(&line, &word))
		return -EBADMSG;
	plus = memchr(word.p, '+', (size_t)(word.end - word.p));
	if (plus)
		word.end = plus;
	if (!cursor_copy(word, name, 64))
		return -EBADMSG;
	while (!cursor_word(&line, &word)) {
		static const char tag[] = "pages=";
		struct cursor n = {word.p + sizeof(tag) - 1, word.end};

		if (word.end - word.p > (ptrdiff_t)sizeof(tag) - 1 &&
		    !memcmp(word.p, tag, sizeof(tag) - 1))
			return cursor_u64(&n, ret_pages);
	}
	return -EBADMSG;
}

int vmallocinfo_parse(struct cursor text, struct vmalloc_callers *c)
{
	struct cursor line;

	while (!cursor_line(&text, &line)) {
		uint64_t pages;
		char name[64];

		if (line.end < text.end && !parse_line(line, name, &pages) &&
		    add(c, name, pages) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

int vmallocinfo_read(int root_fd, struct vmalloc_callers *c)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0, n_before = c->n;
	ssize_t len = read_file_grow(root_fd, "proc/vmallocinfo", &text, &cap, TEXT_MAX);
	int err;

	if (len < 0)
		return (int)len;
	err = vmallocinfo_parse((struct cursor){text, text + len}, c);
	return !err && c->n == n_before ? -EBADMSG : err;
}
