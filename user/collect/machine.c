/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/machine.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/file_nr.h"
#include "collect/vmstat.h"
#include "collect/zoneinfo.h"
#include "model/machine.h"

/* 25 lines for each CPU and zone. */
#define ZONEINFO_MAX (64u * 1024 * 1024)

static int add(struct tick *t, const char *name, uint64_t n, bool is_count)
{
	struct meminfo_line line = {.bytes = n, .is_count = is_count};

	strncpy(line.name, name, sizeof(line.name) - 1);
	return vec_push(&t->machine, line);
}

static int add_pages(struct tick *t, const char *name, uint64_t pages, uint64_t page_size)
{
	uint64_t bytes;

	return __builtin_mul_overflow(pages, page_size, &bytes) ? 0 : add(t, name, bytes, false);
}

static int add_free_pcp(int root_fd, uint64_t page_size, struct tick *t)
{
	_cleanup_free_ char *text = NULL;
	uint64_t pages;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "proc/zoneinfo", &text, &cap, ZONEINFO_MAX);

	if (len < 0 || zoneinfo_pcp_parse((struct cursor){text, text + len}, &pages))
		return len == -ENOMEM ? -ENOMEM : 0;
	return add_pages(t, MACHINE_FREE_PCP, pages, page_size);
}

static int add_zsmalloc(int root_fd, uint64_t page_size, struct tick *t)
{
	struct counters vmstat = {0};
	char zpool[64];
	uint64_t pages;
	int err = vmstat_read(root_fd, &vmstat) == -ENOMEM ? -ENOMEM : 0;

	if (!err && !counters__find(&vmstat, "nr_zspages", &pages))
		err = add_pages(t, MACHINE_ZSMALLOC, pages, page_size);
	vec_free(&vmstat);
	/* Gone with the other allocators in 6.18: then zsmalloc is the only one. */
	if (!err &&
	    read_file_at(root_fd, "sys/module/zswap/parameters/zpool", zpool, sizeof(zpool)) > 0 &&
	    strncmp(zpool, "zsmalloc", strlen("zsmalloc")))
		err = add(t, MACHINE_ZSWAP_APART, 1, true);
	return err;
}

/* "size 4 1234567" among name, type, data of each line. */
static int add_arc(int root_fd, struct tick *t)
{
	char text[32 * 1024];
	ssize_t len = read_file_at(root_fd, "proc/spl/kstat/zfs/arcstats", text, sizeof(text));
	struct cursor all = {text, text + (len > 0 ? len : 0)}, line, name;
	uint64_t type, bytes;

	while (!cursor_line(&all, &line))
		if (line.end < all.end && !cursor_word(&line, &name) && cursor_is(name, "size") &&
		    !cursor_u64(&line, &type) && !cursor_u64(&line, &bytes))
			return add(t, MACHINE_ARC, bytes, false);
	return 0;
}

static int add_files(int root_fd, struct tick *t)
{
	struct file_table files;
	int err;

	if (file_nr_read(root_fd, &files))
		return 0;
	err = add(t, MACHINE_FILES, files.used, true);
	return err ? err : add(t, MACHINE_FILES_MAX, files.max, true);
}

/* nr_dentry nr_unused age_limit want_pages nr_negative dummy: the fifth since 5.0, af0c9af1b3f6 */
static int add_dentries(int root_fd, struct tick *t)
{
	char text[256];
	ssize_t len = read_file_at(root_fd, "proc/sys/fs/dentry-state", text, sizeof(text));
	struct cursor all = {text, text + (len > 0 ? len : 0)}, line;
	uint64_t n;

	if (cursor_line(&all, &line))
		return 0;
	for (int i = 0; i < 5; i++)
		if (cursor_u64(&line, &n))
			return 0;
	return add(t, MACHINE_NEGATIVE_DENTRIES, n, true);
}

int machine_read(int root_fd, uint64_t page_size, struct tick *t)
{
	int err = add_free_pcp(root_fd, page_size, t);

	if (!err)
		err = add_zsmalloc(root_fd, page_size, t);
	if (!err)
		err = add_files(root_fd, t);
	if (!err)
		err = add_dentries(root_fd, t);
	return err ? err : add_arc(root_fd, t);
}
