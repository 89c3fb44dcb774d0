/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/proc_maps.h"

#include <errno.h>

/* "start-end rwxp offset major:minor inode path" */
int proc_maps_line(struct cursor line, struct map_line *m)
{
	uint64_t major, minor;
	struct cursor prot;

	if (cursor_hex_until(&line, '-', &m->start) || cursor_hex_until(&line, ' ', &m->end) ||
	    cursor_word(&line, &prot) || prot.end - prot.p != 4)
		return -EINVAL;
	m->exec = prot.p[2] == 'x';
	m->shared = prot.p[3] == 's';
	line.p += line.p < line.end;
	if (cursor_hex_until(&line, ' ', &m->offset) || cursor_hex_until(&line, ':', &major) ||
	    cursor_hex_until(&line, ' ', &minor) || cursor_u64(&line, &m->inode) ||
	    major > UINT32_MAX || minor > UINT32_MAX)
		return -EINVAL;
	m->dev = major << 32 | minor;
	while (line.p < line.end && *line.p == ' ')
		line.p++;
	m->path = line;
	return m->end > m->start ? 0 : -EINVAL;
}

int proc_maps_next(struct cursor *text, struct map_line *ret)
{
	struct cursor line;
	struct map_line m;

	while (cursor_line(text, &line) == 0)
		if (proc_maps_line(line, &m) == 0) {
			*ret = m;
			return 0;
		}
	return -ENODATA;
}
