/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/zram.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

int zram_mm_stat_parse(struct cursor text, struct zram_device *ret)
{
	struct zram_device d = *ret;
	uint64_t compacted;
	struct cursor line;

	if (cursor_line(&text, &line) || cursor_u64(&line, &d.original) ||
	    cursor_u64(&line, &d.compressed) || cursor_u64(&line, &d.used) ||
	    cursor_u64(&line, &d.limit) || cursor_u64(&line, &d.used_max) ||
	    cursor_u64(&line, &d.same_pages) || cursor_u64(&line, &compacted))
		return -EBADMSG;
	d.has_huge = !cursor_u64(&line, &d.huge_pages);
	*ret = d;
	return 0;
}

/* A device that is not set up has disk size 0 and counts for nothing. */
static int read_device(int block_fd, const char *name, struct system_sample *s)
{
	struct zram_device d = {0};
	char path[128], text[512];
	ssize_t len;
	int err;

	if (parse_u32(name + strlen("zram"), &d.index))
		return 0;
	snprintf(path, sizeof(path), "%s/disksize", name);
	err = read_u64_at(block_fd, path, &d.disk_size);
	if (err || !d.disk_size)
		return err == -ENOENT ? 0 : err;
	snprintf(path, sizeof(path), "%s/mm_stat", name);
	len = read_file_at(block_fd, path, text, sizeof(text));
	err = len < 0 ? (int)len : zram_mm_stat_parse((struct cursor){text, text + len}, &d);
	return err ? err : vec_push(&s->zrams, d);
}

static int compare_devices(const void *a, const void *b)
{
	const struct zram_device *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

int zram_read(int root_fd, struct system_sample *s)
{
	_cleanup_closedir_ DIR *dir = NULL;
	bool any = false;
	struct dirent *e;
	int failed = 0, err = open_dir_at(root_fd, "sys/block", &dir);

	if (err)
		return err;
	while ((e = readdir(dir))) {
		if (strncmp(e->d_name, "zram", 4))
			continue;
		any = true;
		err = read_device(dirfd(dir), e->d_name, s);
		if (err)
			failed = err;
	}
	if (s->zrams.n)
		qsort(s->zrams.v, s->zrams.n, sizeof(*s->zrams.v), compare_devices);
	return failed ? failed : any ? 0 : -ENOENT;
}

static int add_counter(int dir_fd, const char *name, struct counters *c)
{
	struct counter found;
	size_t len = strlen(name);

	if (len >= sizeof(found.name) || read_u64_at(dir_fd, name, &found.value))
		return 0;
	memcpy(found.name, name, len + 1);
	return vec_push(c, found);
}

int zswap_read(int root_fd, struct counters *c)
{
	_cleanup_closedir_ DIR *dir = NULL;
	struct counter enabled = {.name = "enabled"};
	char text[16];
	ssize_t len =
		read_file_at(root_fd, "sys/module/zswap/parameters/enabled", text, sizeof(text));
	struct dirent *e;

	if (len < 0)
		return (int)len;
	enabled.value = *text == 'Y' || *text == '1';
	if (vec_push(c, enabled))
		return -ENOMEM;
	if (open_dir_at(root_fd, "sys/kernel/debug/zswap", &dir))
		return 0;
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.' && add_counter(dirfd(dir), e->d_name, c))
			return -ENOMEM;
	return 0;
}
