/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/slabinfo.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (4u * 1024 * 1024) /* 120 bytes a cache; a few hundred caches */

/* The numbers behind the name that we read, and those between that we skip. */
enum slab_column {
	COLUMN_ACTIVE_OBJECTS,
	COLUMN_OBJECTS,
	COLUMN_OBJECT_SIZE,
	COLUMN_OBJECTS_PER_SLAB,
	COLUMN_PAGES_PER_SLAB,
	_COLUMN_MAX,
};

/* "slabdata <active_slabs> <num_slabs> <sharedavail>", behind the tunables. */
static int parse_slabs(struct cursor line, uint64_t *ret)
{
	struct cursor word;
	uint64_t active;

	while (!cursor_word(&line, &word))
		if (cursor_is(word, "slabdata"))
			return cursor_u64(&line, &active) || cursor_u64(&line, ret) ? -EBADMSG : 0;
	return -EBADMSG;
}

static int parse_line(struct cursor line, struct slab_cache *ret)
{
	struct slab_cache c = {0};
	uint64_t v[_COLUMN_MAX];
	struct cursor word;

	if (cursor_word(&line, &word) || !cursor_copy(word, c.name, sizeof(c.name)))
		return -EBADMSG;
	for (int i = 0; i < _COLUMN_MAX; i++)
		if (cursor_u64(&line, &v[i]))
			return -EBADMSG;
	if (v[COLUMN_OBJECTS_PER_SLAB] > UINT32_MAX || v[COLUMN_PAGES_PER_SLAB] > UINT32_MAX ||
	    parse_slabs(line, &c.slabs))
		return -EBADMSG;
	c.active_objects = v[COLUMN_ACTIVE_OBJECTS];
	c.objects = v[COLUMN_OBJECTS];
	c.object_size = v[COLUMN_OBJECT_SIZE];
	c.objects_per_slab = (uint32_t)v[COLUMN_OBJECTS_PER_SLAB];
	c.pages_per_slab = (uint32_t)v[COLUMN_PAGES_PER_SLAB];
	*ret = c;
	return 0;
}

int slabinfo_parse(struct cursor text, struct system_sample *s)
{
	static const char version[] = "slabinfo - version: 2.";
	struct slab_cache c;
	struct cursor line;

	if (cursor_line(&text, &line) || (size_t)(line.end - line.p) < sizeof(version) - 1 ||
	    memcmp(line.p, version, sizeof(version) - 1))
		return -EBADMSG;
	while (!cursor_line(&text, &line))
		if (line.end < text.end && *line.p != '#' && !parse_line(line, &c) &&
		    vec_push(&s->slabs, c))
			return -ENOMEM;
	return 0;
}

int slabinfo_read(int root_fd, struct system_sample *s)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "proc/slabinfo", &text, &cap, TEXT_MAX);

	return len < 0 ? (int)len : slabinfo_parse((struct cursor){text, text + len}, s);
}
