/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/allocinfo.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (64u * 1024 * 1024) /* allocinfo: 90 bytes a site, some 6,000 sites */

/* Frames above these say who asked. */
static const char *const allocator_frames[] = {
	"get_page_from_freelist", "__alloc_pages",   "alloc_pages",	 "__set_page_owner",
	"post_alloc_hook",	  "prep_new_page",   "__get_free_pages", "__alloc_frozen_pages",
	"alloc_frozen_pages",	  "get_free_pages",  "folio_alloc",	 "__folio_alloc",
	"alloc_page_interleave",  "vma_alloc_folio", "save_stack",	 "__kmalloc",
	"kmemleak_alloc",	  "kmalloc",	     "kmem_cache_alloc", "new_slab",
	"allocate_slab",	  "___slab_alloc",   "__slab_alloc",	 "register_",
};

static int compare_sites(const void *a, const void *b)
{
	const struct alloc_site *x = a, *y = b;

	return (x->bytes < y->bytes) - (x->bytes > y->bytes);
}

static void keep_top(struct alloc_sites *s, size_t top)
{
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), compare_sites);
	if (s->n > top)
		s->n = top;
}

static void append(struct alloc_site *site, size_t *len, const char *before, struct cursor word)
{
	size_t room = sizeof(site->name) - *len;
	int n = snprintf(site->name + *len, room, "%s%.*s", *len ? before : "",
			 (int)(word.end - word.p), word.p);

	*len = n < 0 ? *len : (size_t)n < room ? *len + (size_t)n : sizeof(site->name) - 1;
}

/* BYTES CALLS FILE:LINE [module:NAME] func:FUNCTION [accurate:no] */
static int parse_site(struct cursor line, struct alloc_site *ret)
{
	static const char func[] = "func:";
	struct alloc_site s = {0};
	struct cursor word;
	size_t len = 0;

	if (cursor_u64(&line, &s.bytes) || cursor_u64(&line, &s.count) || cursor_word(&line, &word))
		return -EBADMSG;
	append(&s, &len, " ", word);
	while (!cursor_word(&line, &word)) {
		if (word.end - word.p > (ptrdiff_t)sizeof(func) - 1 &&
		    !memcmp(word.p, func, sizeof(func) - 1))
			word.p += sizeof(func) - 1;
		append(&s, &len, " ", word);
	}
	*ret = s;
	return 0;
}

int allocinfo_parse(struct cursor text, struct alloc_sites *s)
{
	static const char heading[] = "allocinfo - version:";
	struct alloc_site site;
	struct cursor line;

	if (cursor_line(&text, &line) || line.end - line.p < (ptrdiff_t)sizeof(heading) - 1 ||
	    memcmp(line.p, heading, sizeof(heading) - 1))
		return -EBADMSG;
	while (!cursor_line(&text, &line))
		if (line.end < text.end && !parse_site(line, &site) && site.bytes &&
		    vec_push(s, site))
			return -ENOMEM;
	return 0;
}

int allocinfo_read(int root_fd, size_t top, struct alloc_sites *s)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "proc/allocinfo", &text, &cap, TEXT_MAX);
	int err = len < 0 ? (int)len : allocinfo_parse((struct cursor){text, text + len}, s);

	keep_top(s, top);
	return err;
}

static bool is_allocator(struct cursor word)
{
	for (size_t i = 0; i < sizeof(allocator_frames) / sizeof(allocator_frames[0]); i++) {
		size_t len = strlen(allocator_frames[i]);

		if ((size_t)(word.end - word.p) >= len && !memcmp(word.p, allocator_frames[i], len))
			return true;
	}
	return false;
}

void alloc_site_frame(struct cursor word, struct alloc_site *site, struct alloc_frames *f)
{
	const char *plus = memchr(word.p, '+', (size_t)(word.end - word.p));

	if (!plus || plus == word.p || f->n >= 3 || (!f->n && is_allocator(word)))
		return;
	word.end = plus;
	append(site, &f->len, " < ", word);
	f->n++;
}

int page_stacks_parse(struct cursor text, uint64_t page_size, struct alloc_sites *s)
{
	struct alloc_site site = {0};
	struct alloc_frames frames = {0};
	struct cursor line, word;

	while (!cursor_line(&text, &line)) {
		if (line.end == text.end || cursor_word(&line, &word))
			continue;
		if (!cursor_is(word, "nr_base_pages:") && !cursor_is(word, "stack_count:")) {
			alloc_site_frame(word, &site, &frames);
			continue;
		}
		if (!cursor_u64(&line, &site.count) && site.count && frames.n &&
		    !__builtin_mul_overflow(site.count, page_size, &site.bytes) &&
		    vec_push(s, site))
			return -ENOMEM;
		site = (struct alloc_site){0};
		frames = (struct alloc_frames){0};
	}
	return 0;
}

int page_stacks_read(int root_fd, uint64_t page_size, size_t top, struct alloc_sites *s)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t n = read_file_grow(root_fd, "sys/kernel/debug/page_owner_stacks/show_stacks", &text,
				   &cap, TEXT_MAX);
	int err = n < 0 ? (int)n : page_stacks_parse((struct cursor){text, text + n}, page_size, s);

	keep_top(s, top);
	return err;
}
