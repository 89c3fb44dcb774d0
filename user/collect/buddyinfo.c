/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/buddyinfo.h"

#include <string.h>

#include "collect/table_read.h"

#define TEXT_MAX (1024u * 1024) /* 64 nodes of 5 zones of 6 types: 250 KiB */

struct zone_name {
	uint32_t node;
	char zone[16];
};

/* "3," or "Normal": without the comma that may follow. */
static struct cursor without_comma(struct cursor word)
{
	if (word.p < word.end && word.end[-1] == ',')
		word.end--;
	return word;
}

/* "Node 0, zone   Normal"; pagetypeinfo has a comma behind. */
static int parse_zone(struct cursor *line, struct zone_name *ret)
{
	struct zone_name z;
	struct cursor word;
	uint64_t node;

	if (cursor_word(line, &word) || !cursor_is(word, "Node") || cursor_word(line, &word))
		return -EBADMSG;
	word = without_comma(word);
	if (cursor_u64(&word, &node) || node > UINT32_MAX || cursor_word(line, &word) ||
	    !cursor_is(word, "zone") || cursor_word(line, &word))
		return -EBADMSG;
	word = without_comma(word);
	if (word.p == word.end || !cursor_copy(word, z.zone, sizeof(z.zone)))
		return -EBADMSG;
	z.node = (uint32_t)node;
	*ret = z;
	return 0;
}

static int parse_buddy_line(struct cursor line, struct buddy_zone *ret)
{
	struct buddy_zone z = {0};
	struct zone_name name;
	uint64_t n;
	int err;

	if (parse_zone(&line, &name))
		return -EBADMSG;
	while (!(err = cursor_u64(&line, &n))) {
		if (z.n_orders == BUDDY_ORDERS_MAX)
			return -EBADMSG;
		z.free[z.n_orders++] = n;
	}
	if (err != -ENODATA || !z.n_orders)
		return -EBADMSG;
	z.node = name.node;
	memcpy(z.zone, name.zone, sizeof(z.zone));
	*ret = z;
	return 0;
}

int buddyinfo_parse(struct cursor text, struct system_sample *s)
{
	struct buddy_zone z;
	struct cursor line;

	while (!cursor_line(&text, &line))
		if (line.end < text.end && !parse_buddy_line(line, &z) && vec_push(&s->zones, z))
			return -ENOMEM;
	return 0;
}

static int parse_zones(struct cursor text, void *s)
{
	return buddyinfo_parse(text, s);
}

int buddyinfo_read(int root_fd, struct system_sample *s)
{
	return table_read(root_fd, "proc/buddyinfo", TEXT_MAX, parse_zones, s, &s->zones.n);
}

/* A count, or ">100000" where the kernel did not count to the end (5.5 on). */
static int parse_count(struct cursor word, uint64_t *ret, bool *ret_capped)
{
	bool capped = word.p < word.end && *word.p == '>';

	word.p += capped;
	if (cursor_u64(&word, ret))
		return -EBADMSG;
	*ret_capped = capped;
	return 0;
}

/* "Node 0, zone Normal, type Movable 61076 30265 …" */
static int parse_type_line(struct cursor line, struct page_type *ret)
{
	struct page_type t = {0};
	struct zone_name name;
	struct cursor word;

	if (parse_zone(&line, &name) || cursor_word(&line, &word) || !cursor_is(word, "type") ||
	    cursor_word(&line, &word) || !cursor_copy(word, t.type, sizeof(t.type)))
		return -EBADMSG;
	while (!cursor_word(&line, &word)) {
		bool capped;

		if (t.n_orders == BUDDY_ORDERS_MAX ||
		    parse_count(word, &t.free[t.n_orders], &capped))
			return -EBADMSG;
		t.capped |= (uint32_t)capped << t.n_orders++;
	}
	if (!t.n_orders)
		return -EBADMSG;
	t.node = name.node;
	memcpy(t.zone, name.zone, sizeof(t.zone));
	*ret = t;
	return 0;
}

static struct page_type *find_type(struct system_sample *s, const struct zone_name *z,
				   struct cursor type)
{
	vec_for_each(t, &s->page_types)
		if (t->node == z->node && !strcmp(t->zone, z->zone) && cursor_is(type, t->type))
			return t;
	return NULL;
}

/* "Node 0, zone Normal 163 1581 112": columns as `heading` names them. */
static void parse_blocks_line(struct cursor line, struct cursor heading, struct system_sample *s)
{
	struct zone_name name;
	struct cursor type;
	uint64_t n;

	if (parse_zone(&line, &name))
		return;
	while (!cursor_word(&heading, &type) && !cursor_u64(&line, &n)) {
		struct page_type *t = find_type(s, &name, type);

		if (t) {
			t->blocks = n;
			t->has_blocks = true;
		}
	}
}

/* What follows the words of `prefix` in the line. */
static bool skip_words(struct cursor *line, struct cursor prefix)
{
	struct cursor rest = *line, want, word;

	while (!cursor_word(&prefix, &want)) {
		size_t len = (size_t)(want.end - want.p);

		if (cursor_word(&rest, &word) || (size_t)(word.end - word.p) != len ||
		    memcmp(word.p, want.p, len))
			return false;
	}
	*line = rest;
	return true;
}

int pagetypeinfo_parse(struct cursor text, struct system_sample *s)
{
	static const char blocks[] = "Number of blocks type";
	const struct cursor prefix = {blocks, blocks + sizeof(blocks) - 1};
	struct cursor line, heading = {NULL, NULL};
	struct page_type t;

	while (!cursor_line(&text, &line)) {
		if (line.end == text.end)
			break;
		if (!heading.p && skip_words(&line, prefix))
			heading = line;
		else if (heading.p)
			parse_blocks_line(line, heading, s);
		else if (!parse_type_line(line, &t) && vec_push(&s->page_types, t))
			return -ENOMEM;
	}
	return 0;
}

static int parse_types(struct cursor text, void *s)
{
	return pagetypeinfo_parse(text, s);
}

int pagetypeinfo_read(int root_fd, struct system_sample *s)
{
	return table_read(root_fd, "proc/pagetypeinfo", TEXT_MAX, parse_types, s, &s->page_types.n);
}
