/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/psi.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define TEXT_MAX 1024

/* "7.33" in hundredths. The kernel writes two decimals. */
static int parse_hundredths(struct cursor c, uint32_t *ret)
{
	const char *dot = memchr(c.p, '.', (size_t)(c.end - c.p));
	struct cursor whole = {c.p, dot}, fraction = {dot ? dot + 1 : NULL, c.end};
	uint64_t w, f;

	if (!dot || fraction.end - fraction.p != 2 || cursor_u64(&whole, &w) ||
	    whole.p != whole.end || cursor_u64(&fraction, &f) || fraction.p != fraction.end ||
	    w > 100)
		return -EINVAL;
	*ret = (uint32_t)(w * 100 + f);
	return 0;
}

static int parse_field(struct cursor word, struct psi_line *l, unsigned int *seen)
{
	static const char *const names[] = {"avg10", "avg60", "avg300", "total"};
	uint32_t *const averages[] = {&l->avg10, &l->avg60, &l->avg300};
	const char *equals = memchr(word.p, '=', (size_t)(word.end - word.p));
	struct cursor value;

	if (!equals)
		return 0;
	value = (struct cursor){equals + 1, word.end};
	for (unsigned int i = 0; i < 4; i++) {
		if (!cursor_is((struct cursor){word.p, equals}, names[i]))
			continue;
		*seen |= 1u << i;
		return i < 3 ? parse_hundredths(value, averages[i])
			     : cursor_u64(&value, &l->total_us);
	}
	return 0;
}

static int parse_line(struct cursor line, struct psi_line *ret)
{
	struct psi_line l = {.known = true};
	unsigned int seen = 0;
	struct cursor word;

	while (!cursor_word(&line, &word))
		if (parse_field(word, &l, &seen))
			return -EBADMSG;
	if (seen != 0xf)
		return -EBADMSG;
	*ret = l;
	return 0;
}

int psi_parse(struct cursor text, struct psi *ret)
{
	struct psi p = {0};
	struct cursor line, word;

	while (!cursor_line(&text, &line)) {
		if (line.end == text.end || cursor_word(&line, &word))
			continue;
		if (cursor_is(word, "some"))
			parse_line(line, &p.some);
		else if (cursor_is(word, "full"))
			parse_line(line, &p.full);
	}
	if (!p.some.known && !p.full.known)
		return -EBADMSG;
	*ret = p;
	return 0;
}

int psi_read_at(int dir_fd, const char *path, struct psi *ret)
{
	char text[TEXT_MAX];
	ssize_t len = read_file_at(dir_fd, path, text, sizeof(text));

	return len < 0 ? (int)len : psi_parse((struct cursor){text, text + len}, ret);
}

int psi_read(int root_fd, struct psi ret[_PSI_RESOURCE_MAX])
{
	struct psi found[_PSI_RESOURCE_MAX] = {0};
	int err = 0;

	for (int i = 0; i < _PSI_RESOURCE_MAX; i++) {
		char path[64];
		int failed;

		snprintf(path, sizeof(path), "proc/pressure/%s", psi_resource_names[i]);
		failed = psi_read_at(root_fd, path, &found[i]);
		if (i == PSI_MEMORY)
			err = failed;
	}
	if (!err)
		memcpy(ret, found, sizeof(found));
	return err;
}
