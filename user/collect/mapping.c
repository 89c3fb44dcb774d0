/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "collect/pid.h"
#include "collect/proc_maps.h"

/* Longer than any line: a path of PATH_MAX, each byte escaped in octal. */
#define BLOCK_SIZE (32 * 1024)

static const char deleted[] = " (deleted)";

/* --- a mapping's line --- */

static void set_name(struct cursor text, struct mapping_line *m)
{
	size_t tail = sizeof(deleted) - 1;

	m->is_deleted = (size_t)(text.end - text.p) > tail && *text.p == '/' &&
			!memcmp(text.end - tail, deleted, tail);
	if (m->is_deleted)
		text.end -= tail;
	cursor_unescape(text, m->name, sizeof(m->name));
}

int mapping_line_parse(struct cursor line, struct mapping_line *ret)
{
	struct mapping_line m = {0};
	struct map_line raw;

	if (proc_maps_line(line, &raw))
		return -EBADMSG;
	m.start = raw.start;
	m.end = raw.end;
	m.is_shared = raw.shared;
	m.dev = makedev((unsigned int)(raw.dev >> 32), (unsigned int)raw.dev);
	m.inode = raw.inode;
	set_name(raw.path, &m);
	*ret = m;
	return 0;
}

/* Beginnings of names, the first that fits. */
static const struct {
	const char *prefix;
	enum mapping_class class;
} classes[] = {
	{"[heap]", MAPPING_HEAP},
	{"[stack", MAPPING_STACK}, /* "[stack:TID]" of kernels before 4.5, too */
	{"[anon_shmem:", MAPPING_SHM},
	{"[anon", MAPPING_ANON},
	{"[", MAPPING_OTHER},
	{"/memfd:", MAPPING_SHM},
	{"/SYSV", MAPPING_SHM},
	{"/dev/shm/", MAPPING_SHM},
	{"/dev/zero", MAPPING_SHM}, /* MAP_SHARED|MAP_ANONYMOUS; private ones are anonymous */
	{"/dev/", MAPPING_DEVICE},
	{"anon_inode:", MAPPING_DEVICE},
	{"socket:", MAPPING_DEVICE},
	{"/", MAPPING_FILE},
	{"", MAPPING_ANON},
};

enum mapping_class mapping_class_of(const struct mapping_line *m)
{
	size_t i = 0;

	while (strncmp(m->name, classes[i].prefix, strlen(classes[i].prefix)))
		i++;
	if (classes[i].class == MAPPING_SHM && !m->is_shared && !strncmp(m->name, "/dev/zero", 9))
		return MAPPING_ANON;
	return classes[i].class;
}

/* --- smaps --- */

#define FIELD(text, member)                                                                        \
	{                                                                                          \
		text, offsetof(struct mapping_sample, member)                                      \
	}
static const struct {
	const char *name;
	size_t offset;
} fields[] = {
	FIELD("Size:", size),
	FIELD("Rss:", rss),
	FIELD("Pss:", pss),
	FIELD("Private_Clean:", private_clean),
	FIELD("Private_Dirty:", private_dirty),
	FIELD("Shared_Clean:", shared_clean),
	FIELD("Shared_Dirty:", shared_dirty),
	FIELD("Swap:", swap),
	FIELD("SwapPss:", swap_pss),
	FIELD("AnonHugePages:", huge), /* these three together */
	FIELD("ShmemPmdMapped:", huge),
	FIELD("FilePmdMapped:", huge),
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static void add(uint64_t *sum, uint64_t n)
{
	if (__builtin_add_overflow(*sum, n, sum))
		*sum = UINT64_MAX;
}

static void add_member(struct mapping_sample *m, size_t offset, uint64_t n)
{
	uint64_t value;

	memcpy(&value, (char *)m + offset, sizeof(value));
	add(&value, n);
	memcpy((char *)m + offset, &value, sizeof(value));
}

void smaps_scan__end(struct smaps_scan *s)
{
	struct mapping_sample *m = &s->class[mapping_class_of(&s->at)];

	if (s->has_mapping && s->held > m->largest) {
		m->largest = s->held;
		snprintf(m->name, sizeof(m->name), "%.*s", (int)sizeof(m->name) - 1, s->at.name);
	}
	s->has_mapping = false;
	s->held = 0;
	s->seen = 0;
}

static void begin_mapping(struct smaps_scan *s, const struct mapping_line *line)
{
	smaps_scan__end(s);
	s->at = *line;
	s->has_mapping = true;
	s->class[mapping_class_of(line)].n++;
}

/* "Rss:                 84 kB". The first of several of one name counts. */
static void take_field(struct smaps_scan *s, size_t i, struct cursor line)
{
	struct cursor unit;
	uint64_t value;

	if (!s->has_mapping || s->seen & 1ull << i)
		return;
	if (cursor_u64(&line, &value) || cursor_word(&line, &unit) || !cursor_is(unit, "kB") ||
	    __builtin_mul_overflow(value, 1024, &value)) {
		s->n_bad++;
		return;
	}
	s->seen |= 1ull << i;
	add_member(&s->class[mapping_class_of(&s->at)], fields[i].offset, value);
	if (fields[i].offset == offsetof(struct mapping_sample, rss) ||
	    fields[i].offset == offsetof(struct mapping_sample, swap))
		add(&s->held, value);
}

void smaps_scan__line(struct smaps_scan *s, struct cursor line)
{
	struct mapping_line mapping;
	struct cursor rest = line, name;

	if (cursor_word(&rest, &name))
		return;
	for (size_t i = 0; i < N_FIELDS; i++)
		if (cursor_is(name, fields[i].name)) {
			take_field(s, i, rest);
			return;
		}
	if (name.end[-1] == ':')
		return; /* a field that is of no interest here, or of a later kernel */
	if (mapping_line_parse(line, &mapping))
		s->n_bad++;
	else
		begin_mapping(s, &mapping);
}

/* --- files --- */

static int check_start(int root_fd, struct proc_id id)
{
	struct pid_stat stat;
	int err = pid_stat_read(root_fd, id.pid, &stat);

	return err ? err : stat.start_ticks == id.start_ticks ? 0 : -ESRCH;
}

struct line_reader {
	int (*line)(void *arg, struct cursor line);
	void *arg;
};

/* Hands out the whole lines of the block, moves what is left to its start. */
static int give_lines(const struct line_reader *r, char *block, size_t *len)
{
	char *at = block, *end = block + *len, *newline;
	int err = 0;

	while (!err && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		err = r->line(r->arg, (struct cursor){at, newline});
		at = newline + 1;
	}
	*len = (size_t)(end - at);
	memmove(block, at, *len);
	return err;
}

static int read_lines(int root_fd, uint32_t pid, const char *name, const struct line_reader *r)
{
	_cleanup_free_ char *block = malloc(BLOCK_SIZE);
	_cleanup_close_ int fd = -1;
	size_t len = 0;
	char path[64];
	int err = 0;

	if (!block)
		return -ENOMEM;
	snprintf(path, sizeof(path), "proc/%u/%s", pid, name);
	fd = openat(root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	while (!err) {
		ssize_t n = read(fd, block + len, BLOCK_SIZE - len);

		if (n < 0)
			return -errno;
		if (!n)
			break; /* a last line without its newline was cut */
		len += (size_t)n;
		err = give_lines(r, block, &len);
		if (!err && len == BLOCK_SIZE)
			err = -EBADMSG;
	}
	return err;
}

/* A file that is not there: gone with its process, or no such file on this kernel. */
static int read_of(int root_fd, struct proc_id id, const char *name, const struct line_reader *r)
{
	int err = check_start(root_fd, id), start_err;

	if (err)
		return err;
	err = read_lines(root_fd, id.pid, name, r);
	start_err = check_start(root_fd, id);
	return start_err ? start_err : err;
}

static int scan_line(void *arg, struct cursor line)
{
	smaps_scan__line(arg, line);
	return 0;
}

int smaps_classes_read(int root_fd, struct proc_id id, struct smaps_scan *ret)
{
	struct smaps_scan scan = {0};
	const struct line_reader reader = {scan_line, &scan};
	int err = read_of(root_fd, id, "smaps", &reader);

	if (err)
		return err;
	smaps_scan__end(&scan);
	if (scan.n_bad)
		return -EBADMSG;
	for (int i = 0; i < _MAPPING_CLASS_MAX; i++) {
		scan.class[i].id = id;
		scan.class[i].class = (enum mapping_class)i;
	}
	*ret = scan;
	return 0;
}

struct each_arg {
	int (*each)(void *arg, const struct mapping_line *m);
	void *arg;
};

static int each_line(void *arg, struct cursor line)
{
	const struct each_arg *a = arg;
	struct mapping_line m;

	return mapping_line_parse(line, &m) ? -EBADMSG : a->each(a->arg, &m);
}

int maps_each(int root_fd, struct proc_id id, int (*each)(void *arg, const struct mapping_line *m),
	      void *arg)
{
	struct each_arg a = {each, arg};

	return read_of(root_fd, id, "maps", &(struct line_reader){each_line, &a});
}
